"""The options of ``flask hosts import`` that say how the file is to be read."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

import click

from ..db.session import db
from ..errors import InvalidValue
from ..formats.read_options import (
    ReadOptions,
    column_choices,
    read_delimiter,
    value_choices,
)
from ..imports import importer
from ..imports.mappings import with_named_mapping

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--format",
        type=click.Choice(importer.FORMATS),
        default="auto",
        show_default=True,
        help="Format of the file. auto detects it.",
    ),
    click.option(
        "--column",
        "columns",
        multiple=True,
        metavar="FIELD=HEADER",
        help="Import the column HEADER as FIELD or var.NAME; ignore leaves it out. "
        "Using hostname twice joins two columns.",
    ),
    click.option(
        "--value",
        "values",
        multiple=True,
        metavar="FIELD:TEXT=VALUE",
        help="Import TEXT in FIELD as VALUE, such as status:Running=active.",
    ),
    click.option(
        "--mapping",
        default="",
        metavar="NAME",
        help="Use the column mapping that was saved under this name in the browser.",
    ),
    click.option(
        "--encoding",
        default="",
        metavar="NAME",
        help="Encoding, such as cp1252 or gb18030.",
    ),
    click.option(
        "--delimiter",
        default="",
        metavar="CHAR",
        help="Character between the cells of a table.",
    ),
    click.option(
        "--header-row",
        type=click.IntRange(min=0),
        metavar="LINE",
        help="Line of the header. Use 0 if there is none; columns are then "
        "called 1, 2, 3 …",
    ),
    click.option("--sheet", default="", metavar="NAME", help="Sheet of a workbook."),
    click.option(
        "--keep-placeholders",
        is_flag=True,
        help="Keep N/A, NULL, - and similar; by default they count as empty.",
    ),
    click.option(
        "--all-hosts",
        is_flag=True,
        help="For nmap: include hosts that are down or have no name.",
    ),
    click.option(
        "--bare-names",
        is_flag=True,
        help="Import rows that have only a name as hosts, not as headings.",
    ),
)


def reading_options(command: Command) -> Command:
    """Let a command take the options of which ``read_options`` makes one object."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_options(
    *,
    columns: Iterable[str],
    values: Iterable[str],
    delimiter: str,
    mapping: str,
    **rest: Any,
) -> ReadOptions:
    """Return what was chosen. Raises ``click.UsageError``, and ``InvalidFile``."""
    try:
        options = ReadOptions(
            columns=column_choices(columns),
            values=value_choices(values),
            delimiter=read_delimiter(delimiter),
            **rest,
        )
    except InvalidValue as error:
        raise click.UsageError(str(error)) from None
    return _mapped(options, mapping) if mapping else options


def _mapped(options: ReadOptions, name: str) -> ReadOptions:
    columns, values = with_named_mapping(db.session(), name, options)
    db.session.rollback()
    return replace(options, columns=columns, values=values)
