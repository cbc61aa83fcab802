"""What runs before every page: who asks, and may they? Refused unless a line allows."""

from flask import Flask

from .current_user import identity, may
from .guard import install as install_guard
from .policy import missing_lines

__all__ = ["assert_complete", "identity", "install", "may"]


def install(app: Flask) -> None:
    """Run before every request, and let templates ask what they may show."""
    install_guard(app)
    app.add_template_global(identity)
    app.add_template_global(may)


def assert_complete(app: Flask) -> None:
    """Refuse to start with a route that nobody decided about."""
    if missing := missing_lines(app):
        raise RuntimeError(f"No line in hostadmin/permissions/policy.py for: {missing}")
