"""The page that says what can be typed and pressed."""

from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from .examples import example_links
from .generated.urls import ViewUrl
from .query_filters import help_fields


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
