"""What is at hand in ``flask shell``; docs/orm.md uses it."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, func, or_, select, update

from ..db.session import db
from ..history import writing
from ..models import Group, Host


def shell_context() -> dict[str, Any]:
    return {
        "db": db,
        "sa": sa,
        "Host": Host,
        "Group": Group,
        "select": select,
        "func": func,
        "and_": and_,
        "or_": or_,
        "update": update,
        "writing": writing,
    }
