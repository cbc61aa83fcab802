"""``flask db downgrade``, which asks before it drops what nobody can make again."""

from typing import Any

import click
from flask_migrate.cli import downgrade

from ..db.schema import LOSE_DATA


def _note(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
    context.meta[LOSE_DATA] = value


LOSE = click.Option(
    ["--yes-lose-data"],
    is_flag=True,
    expose_value=False,
    callback=_note,
    help="Drop tables even if they have hosts, accounts, views or history.",
)


def install() -> None:
    """Give the command of Flask-Migrate the option, once."""
    if LOSE not in downgrade.params:
        downgrade.params.append(LOSE)
