"""The page that says what can be typed and pressed, and queries that teach it."""

from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from .generated.urls import QUERY, ViewUrl
from .query_filters import help_fields

# Shown in the empty bar, as links to try, and here.
PLACEHOLDER = "env:prod -owner:search web*"
EXAMPLES = (
    ("web*", "names starting with web"),
    ("env:prod,staging status:active", "active, in one of two environments"),
    ("env:prod -owner:search", "in prod, not owned by search"),
    (
        "(os:debian* or os:ubuntu*) port>1024",
        "Debian or Ubuntu, with a port above 1024",
    ),
    ("ip:10.0.0.0/8", "in a network"),
    ("owner is empty", "no owner"),
    ("updated>-7d", "changed in the last week"),
    ("confirmed<-90d", "not confirmed for 90 days"),
    ("group:web -status:retired", "in the group web or its child groups, not retired"),
    ("var.rack:B14", "with a variable"),
)


def example_links(url: ViewUrl) -> list[tuple[str, str, str]]:
    """Return queries to try: text, what it means, address."""
    return [(text, words, str(url.setting(QUERY, text))) for text, words in EXAMPLES]


class HelpPage(BaseView):
    @expose("/")
    def index(self) -> ResponseReturnValue:
        return str(
            self.render(
                "help.html",
                fields=help_fields(),
                examples=example_links(ViewUrl("hosts.index_view", ())),
            )
        )

    def is_visible(self) -> bool:
        return False
