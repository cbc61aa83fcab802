"""The one table of who may do what: every endpoint with its methods.

What has no line is refused, and the program does not start with such a route.
"""

import enum

from flask import Flask

from ..auth.identity import Identity
from ..validation.accounts import Role


class Permission(enum.Enum):
    """What somebody needs for a route."""

    # Nobody is even asked for: works without a database.
    OPEN = "open"
    # Part of logging in and out.
    LOGIN = "log in"
    # Any account or token: reads the inventory.
    READ = "read"
    # Any person: what is their own, such as the password.
    OWN = "own"
    # Editors and admins: changes the inventory.
    CHANGE = "change"
    # Admins, and only in person: accounts, and what belongs to others.
    ADMIN = "admin"


OPEN, LOGIN, READ = Permission.OPEN, Permission.LOGIN, Permission.READ
OWN, CHANGE, ADMIN = Permission.OWN, Permission.CHANGE, Permission.ADMIN
Lines = dict[str, dict[str, Permission]]


def model(endpoint: str) -> Lines:
    """Return the lines of what Flask-Admin generates for a model."""
    return {
        f"{endpoint}.index_view": {"GET": READ},
        f"{endpoint}.details_view": {"GET": READ},
        f"{endpoint}.create_view": {"GET": CHANGE, "POST": CHANGE},
        f"{endpoint}.duplicate_view": {"GET": CHANGE},
        f"{endpoint}.edit_view": {"GET": CHANGE, "POST": CHANGE},
        f"{endpoint}.delete_view": {"GET": CHANGE, "POST": CHANGE},
    }


# HEAD is a GET; OPTIONS needs what the GET needs.
POLICY: Lines = {
    "static": {"GET": OPEN},
    "health.healthz": {"GET": OPEN},
    "health.readyz": {"GET": OPEN},
    "login.log_in": {"GET": LOGIN, "POST": LOGIN},
    "login.log_out": {"POST": LOGIN},
    "login.first_account": {"GET": LOGIN, "POST": LOGIN},
    "account.index": {"GET": OWN},
    "account.password": {"POST": OWN},
    "account.add_token": {"POST": OWN},
    "account.revoke_token": {"POST": OWN},
    "account.end_session": {"POST": OWN},
    "account.theme": {"POST": OWN},
    "accounts.index": {"GET": ADMIN},
    "accounts.new": {"GET": ADMIN, "POST": ADMIN},
    "accounts.show": {"GET": ADMIN},
    "accounts.role": {"POST": ADMIN},
    "accounts.state": {"POST": ADMIN},
    "accounts.password": {"POST": ADMIN},
    "accounts.revoke_token": {"POST": ADMIN},
    "backup.index": {"GET": ADMIN},
    "backup.download": {"POST": ADMIN},
    "home.index": {"GET": READ},
    "help.index": {"GET": READ},
    "jump.find": {"GET": READ},
    "api_page.index": {"GET": READ},
    **model("hosts"),
    **model("groups"),
    "groups.suggestions": {"GET": READ},
    **model("inventory"),
    "stats.index": {"GET": READ},
    "stats.table": {"GET": READ},
    "trend.index": {"GET": READ},
    "data_quality.index": {"GET": READ},
    "home.data_quality": {"GET": READ},
    # Which columns are shown: kept in the browser, not here.
    "hosts.columns_view": {"POST": OWN},
    "hosts.columns_panel": {"GET": READ},
    "hosts.export_panel": {"GET": READ},
    "hosts.examples_panel": {"GET": READ},
    "hosts.sort_panel": {"GET": READ},
    "hosts.confirm_view": {"POST": CHANGE},
    "hosts.field_view": {"GET": CHANGE},
    "hosts.facet_view": {"GET": READ},
    "hosts.facets_view": {"GET": READ},
    "hosts.complete_view": {"GET": READ},
    "export.download": {"GET": READ},
    "metrics.metrics": {"GET": READ},
    "changes.index": {"GET": READ},
    "changes.change": {"GET": READ},
    "changes.entry": {"GET": READ},
    "views.list_views": {"GET": OWN},
    "views.show": {"GET": READ},
    "views.new": {"GET": OWN, "POST": OWN},
    "views.edit": {"GET": OWN, "POST": OWN},
    "views.delete": {"GET": OWN, "POST": OWN},
    "views.choose_default": {"POST": OWN},
    # Only reads hosts; what it keeps is a number for a query.
    "paste.find": {"GET": OWN, "POST": OWN},
    "paste.add": {"GET": CHANGE, "POST": CHANGE},
    "bulk.bulk_page": {"GET": CHANGE, "POST": CHANGE},
    "bulk.turn": {"POST": CHANGE},
    "undo.undo_page": {"GET": CHANGE, "POST": CHANGE},
    # Only with a token: see current_user.find_identity.
    "api.openapi": {"GET": OPEN},
    "api.list_hosts": {"GET": READ},
    "api.show_host": {"GET": READ},
    "api.show_named_host": {"GET": READ},
    "api.add_one": {"POST": CHANGE},
    "api.change_one": {"PATCH": CHANGE},
    "api.delete_one": {"DELETE": CHANGE},
    "api.confirm_one": {"POST": CHANGE},
    "api.list_groups": {"GET": READ},
    "api.show_group": {"GET": READ},
    "api.show_named_group": {"GET": READ},
    "api.add_group": {"POST": CHANGE},
    "api.change_group": {"PATCH": CHANGE},
    "api.delete_group": {"DELETE": CHANGE},
    "api.show_inventory": {"GET": READ},
    "api.change_inventory_vars": {"PATCH": CHANGE},
    "api.count": {"GET": READ},
    "api.list_views": {"GET": READ},
    "api.show_view": {"GET": READ},
    "api.add_view": {"POST": CHANGE},
    "api.change_view": {"PATCH": CHANGE},
    "api.delete_view": {"DELETE": CHANGE},
    "api.follow": {"GET": READ},
    "api.show_change": {"GET": READ},
    "api.list_change_entries": {"GET": READ},
    "api.plan_change": {"POST": CHANGE},
    "api.plan_undo": {"POST": CHANGE},
    "api.plan_import": {"POST": CHANGE},
    # Each sees only what they uploaded themselves.
    "imports.index": {"GET": CHANGE, "POST": CHANGE},
    "imports.show": {"GET": CHANGE},
    "imports.file": {"GET": CHANGE, "POST": CHANGE},
    "imports.columns": {"GET": CHANGE, "POST": CHANGE},
    "imports.plan": {"GET": CHANGE, "POST": CHANGE},
    "imports.done": {"GET": CHANGE, "POST": CHANGE},
    "imports.delete_mapping": {"POST": CHANGE},
    "imports.errors": {"GET": CHANGE},
    "imports.cancel": {"POST": CHANGE},
}


def needed(endpoint: str | None, method: str) -> Permission | None:
    """Return what a route needs; None where no line says so, which means refused."""
    lines = POLICY.get(endpoint or "", {})
    if method == "OPTIONS":
        return lines.get("GET") or next(iter(lines.values()), None)
    return lines.get("GET" if method == "HEAD" else method)


def allows(permission: Permission | None, identity: Identity | None) -> bool:
    """Whether this identity has the permission."""
    if permission in (OPEN, LOGIN):
        return True
    if permission is None or identity is None:
        return False
    in_person = identity.session_id is not None
    if permission is READ:
        return True
    if permission is CHANGE:
        return identity.role.covers(Role.EDITOR) and not identity.read_only
    if permission is ADMIN:
        return in_person and identity.role is Role.ADMIN
    return in_person


def missing_lines(app: Flask) -> str:
    """Return the routes without a line, one after the other."""
    missing = [
        f"{rule.endpoint} {method}"
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})
        if needed(rule.endpoint, method) is None
    ]
    return ", ".join(missing)
