"""Who acts on a page, as the history names them."""

from ..history import Act

# Until there are accounts, only people on this machine can connect.
ACTOR = "local user"


def web_act(message: str | None = None) -> Act:
    """Return the act of this request: who writes, through the web, and why."""
    return Act(ACTOR, "web", message)
