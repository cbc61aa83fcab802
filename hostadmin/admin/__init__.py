"""The pages. ``install`` builds the Admin object and lists every view."""

from flask import Flask
from flask_admin import Admin, AdminIndexView

from ..models import Group, Host, Inventory
from . import account, accounts, bulk, export, paste, undo, views
from .changes import ChangesPage
from .groups import GroupAdmin
from .help import HelpPage
from .home import HomePage
from .hosts import HostAdmin
from .hygiene import HygienePage
from .inventory import InventoryAdmin
from .stats import StatsPage


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
    app.register_blueprint(account.bp)
    app.register_blueprint(accounts.bp)
    app.register_blueprint(bulk.bp)
    app.register_blueprint(export.bp)
    app.register_blueprint(undo.bp)
    paste.install(app)
    views.install(app)
