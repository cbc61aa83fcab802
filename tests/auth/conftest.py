"""Accounts with a password that is known."""

import pytest

from hostadmin import history
from hostadmin.auth import accounts, passwords

from ..helpers.logging_in import GOOD


@pytest.fixture
def ann(app):
    """The id of an editor with a password."""
    with app.app_context(), history.writing("tests"):
        hashed = passwords.hash_password(GOOD)
        accounts.add_account("root", hashed, "admin")
        return accounts.add_account("ann", hashed, "editor").id
