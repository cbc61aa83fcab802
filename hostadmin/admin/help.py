"""The page that says what can be typed and pressed."""

from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from .host_filters import help_fields


class HelpPage(BaseView):
    @expose("/")
    def index(self) -> ResponseReturnValue:
        return str(self.render("hostadmin/help.html", fields=help_fields()))

    def is_visible(self) -> bool:
        return False
