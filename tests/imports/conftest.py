"""What the tests of imports share."""

from collections.abc import Callable

import pytest

from hostadmin.db.session import db
from hostadmin.imports import importer


@pytest.fixture
def errors_of(session, plan_text) -> Callable[[str], list[str]]:
    """Return what a plan says is wrong; each module has a ``plan_text`` of its own."""

    def errors(text: str) -> list[str]:
        with plan_text(text) as plan:
            importer.make_plan(db.session(), plan)
            return [str(error) for error in plan.errors()]

    return errors
