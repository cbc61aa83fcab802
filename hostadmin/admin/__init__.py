"""The pages. ``install`` builds the Admin object and lists every view."""

from typing import Any

from flask import Flask, redirect
from flask.typing import ResponseReturnValue
from flask_admin import Admin, AdminIndexView, expose

from ..models import Group, Host, Inventory
from . import paste, saved_views
from .accounts import pages as accounts_pages
from .accounts import profile
from .bulk_edit import pages as bulk_edit_pages
from .groups import GroupAdmin
from .help import HelpPage
from .history import undo
from .history.pages import ChangesPage
from .hosts import export
from .hosts.model_view import HostAdmin
from .inventory_vars import InventoryAdmin
from .stats.hygiene import HygienePage
from .stats.pages import StatsPage


class HomePage(AdminIndexView):
    """The root of the site leads to the list of hosts."""

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


def install(app: Flask) -> None:
    index: AdminIndexView = HomePage(url="/", endpoint="home")
    # The static files of Flask-Admin are not used by any page and not served.
    admin = Admin(app, name="hostadmin", url="/", index_view=index)
    admin.add_view(HostAdmin(Host, name="Hosts", endpoint="hosts"))
    admin.add_view(StatsPage(name="Stats", endpoint="stats", url="/stats"))
    admin.add_view(HygienePage(name="Hygiene", endpoint="hygiene", url="/hygiene"))
    admin.add_view(GroupAdmin(Group, name="Groups", endpoint="groups", url="/groups"))
    admin.add_view(InventoryAdmin(Inventory, name="All hosts"))
    admin.add_view(ChangesPage(name="Changes", endpoint="changes", url="/changes"))
    admin.add_view(HelpPage(name="Help", endpoint="help", url="/help"))
    app.register_blueprint(profile.bp)
    app.register_blueprint(accounts_pages.bp)
    app.register_blueprint(bulk_edit_pages.bp)
    app.register_blueprint(export.bp)
    app.register_blueprint(undo.bp)
    paste.install(app)
    saved_views.install(app)
