"""The page that says what can be typed and pressed, and queries that teach it."""

from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from .generated.urls import QUERY, ViewUrl
from .query_filters import help_fields

# Shown in the empty bar, as links to try, and here.
PLACEHOLDER = "env:prod -owner:search web*"
EXAMPLES = (
    ("web*", "names that begin with web"),
    ("env:prod,staging status:active", "active, in one of two environments"),
    ("env:prod -owner:search", "in prod, not owned by search"),
    ("(os:debian* or os:ubuntu*) port>1024", "one or the other, and a high port"),
    ("ip:10.0.0.0/8", "inside a network"),
    ("owner is empty", "nobody owns them"),
    ("updated>-7d", "changed in the last week"),
    ("confirmed<-90d", "not seen for three months"),
    ("group:web -status:retired", "in a group or in those inside of it"),
    ("var.rack:B14", "by a variable"),
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
