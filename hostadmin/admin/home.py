"""The root of the site leads to the list of hosts."""

from typing import Any

from flask import redirect
from flask.typing import ResponseReturnValue
from flask_admin import AdminIndexView, expose


class HomePage(AdminIndexView):
    def create_blueprint(self, admin: Any) -> Any:
        """Leave the stock assets out: no page uses them, and they are years old."""
        blueprint = super().create_blueprint(admin)
        blueprint.static_folder = None
        return blueprint

    @expose("/")
    def index(self) -> ResponseReturnValue:
        return redirect(self.get_url("hosts.index_view"))

    def is_visible(self) -> bool:
        return False
