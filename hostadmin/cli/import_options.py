"""The options of ``flask hosts import`` that say how the file is to be read."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from ..errors import InvalidValue
from ..formats.read_options import ReadOptions, column_choices, value_choices
from ..imports import importer

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--format",
        type=click.Choice(importer.FORMATS),
        default="auto",
        show_default=True,
        help="auto looks at the content.",
    ),
    click.option(
        "--column",
        "columns",
        multiple=True,
        metavar="FIELD=HEADER",
        help="Read the column HEADER as FIELD, as var.NAME, or not at all (ignore). "
        "With hostname twice, both columns are joined.",
    ),
    click.option(
        "--value",
        "values",
        multiple=True,
        metavar="FIELD:TEXT=VALUE",
        help="Read TEXT in FIELD as VALUE, such as status:Running=active.",
    ),
    click.option(
        "--encoding", default="", metavar="NAME", help="Such as cp1252 or gb18030."
    ),
    click.option(
        "--delimiter", default="", metavar="SIGN", help="Between the cells of a table."
    ),
    click.option(
        "--header-row",
        type=click.IntRange(min=0),
        metavar="LINE",
        help="Where the header of a table is; 0: there is none, and columns are "
        "called 1, 2, 3 …",
    ),
    click.option("--sheet", default="", metavar="NAME", help="Sheet of a workbook."),
    click.option(
        "--keep-placeholders",
        is_flag=True,
        help="Keep N/A, NULL, - and the like, which are read as empty cells.",
    ),
    click.option(
        "--all-hosts",
        is_flag=True,
        help="Of a scan of nmap, also hosts that are down or have no name.",
    ),
    click.option(
        "--bare-names",
        is_flag=True,
        help="Rows with nothing but a name are hosts, not headings.",
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
    **rest: Any,
) -> ReadOptions:
    """Return what was chosen. Raises ``click.UsageError``."""
    try:
        return ReadOptions(
            columns=column_choices(columns),
            values=value_choices(values),
            delimiter=_delimiter(delimiter),
            **rest,
        )
    except InvalidValue as error:
        raise click.UsageError(str(error)) from None


def _delimiter(text: str) -> str:
    sign = {"tab": "\t", "\\t": "\t"}.get(text.lower(), text)
    if len(sign) > 1 or sign in ("\n", "\r", '"'):
        raise InvalidValue("--delimiter takes one sign, or tab.")
    return sign
