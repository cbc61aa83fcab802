import pytest

from ..helpers.api import Program


@pytest.fixture
def program(app):
    """A program whose token may change the inventory."""
    return Program(app)


@pytest.fixture
def reader(app):
    """A program whose token only reads."""
    return Program(app, "viewer")
