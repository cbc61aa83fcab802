"""Who acts on a page, as the history names them."""

from ..history import Act
from ..inventory.views import Viewer

# Until there are accounts, only people on this machine can connect.
ACTOR = "local user"


def web_act(message: str | None = None) -> Act:
    """Return the act of this request: who writes, through the web, and why."""
    return Act(ACTOR, "web", message)


def web_viewer() -> Viewer:
    """Return who looks at this page: whose views they see, and which they may keep."""
    return Viewer()
