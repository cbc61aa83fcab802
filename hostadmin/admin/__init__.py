"""The pages. ``install`` builds the Admin object and lists every view."""

from typing import Any

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import Admin, AdminIndexView, expose

from ..models import Group, Host, Inventory
from . import backups, jump, paste, saved_views
from .accounts import pages as accounts_pages
from .accounts import profile
from .api_page import ApiPage
from .bulk_edit import pages as bulk_edit_pages
from .groups import GroupAdmin
from .help import HelpPage
from .history import undo
from .history.pages import ChangesPage
from .hosts import export
from .hosts.model_view import HostAdmin
from .imports import pages as import_pages
from .inventory_vars import InventoryAdmin
from .stats.data_quality import DataQualityPage
from .stats.pages import StatsPage
from .stats.trend import TrendPage


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

    @expose("/hygiene/")
    def data_quality(self) -> ResponseReturnValue:
        """Keep bookmarks of the former address."""
        args = request.query_string.decode("ascii", "replace")
        return redirect(self.get_url("data_quality.index") + (args and f"?{args}"))

    def is_visible(self) -> bool:
        return False


def install(app: Flask) -> None:
    index: AdminIndexView = HomePage(url="/", endpoint="home")
    # The static files of Flask-Admin are not used by any page and not served.
    admin = Admin(app, name="hostadmin", url="/", index_view=index)
    admin.add_view(HostAdmin(Host, name="Hosts", endpoint="hosts"))
    admin.add_view(StatsPage(name="Stats", endpoint="stats", url="/stats"))
    admin.add_view(TrendPage(name="Trend", endpoint="trend", url="/stats/trend"))
    admin.add_view(
        DataQualityPage(
            name="Data quality", endpoint="data_quality", url="/data-quality"
        )
    )
    admin.add_view(GroupAdmin(Group, name="Groups", endpoint="groups", url="/groups"))
    import_pages.install(app, admin)
    admin.add_view(InventoryAdmin(Inventory, name="All hosts"))
    admin.add_view(ChangesPage(name="Changes", endpoint="changes", url="/changes"))
    admin.add_view(HelpPage(name="Help", endpoint="help", url="/help"))
    admin.add_view(ApiPage(name="API", endpoint="api_page", url="/api"))
    app.register_blueprint(profile.bp)
    app.register_blueprint(jump.bp)
    app.register_blueprint(accounts_pages.bp)
    app.register_blueprint(backups.bp)
    app.register_blueprint(bulk_edit_pages.bp)
    app.register_blueprint(export.bp)
    app.register_blueprint(undo.bp)
    paste.install(app)
    saved_views.install(app)
