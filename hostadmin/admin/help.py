"""The page that says what can be typed and pressed."""

from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from .examples import example_links
from .host_filters import help_fields
from .urls import ViewUrl


class HelpPage(BaseView):
    @expose("/")
    def index(self) -> ResponseReturnValue:
        return str(
            self.render(
                "hostadmin/help.html",
                fields=help_fields(),
                examples=example_links(ViewUrl("hosts.index_view", ())),
            )
        )

    def is_visible(self) -> bool:
        return False
