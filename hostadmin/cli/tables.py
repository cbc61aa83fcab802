"""Tables for people at a terminal."""

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table


def show_table(titles: Iterable[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(*titles, box=SIMPLE_HEAD, pad_edge=False)
    for column in table.columns[:2]:
        column.no_wrap = True
    for row in rows:
        table.add_row(*row)
    # A name such as [red] is a name, not a colour.
    Console(markup=False, highlight=False, emoji=False).print(table)
