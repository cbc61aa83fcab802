"""Rows with nothing but a name: hosts about which no more is known, or headings."""

from collections.abc import Mapping, Sequence

from ...errors import FieldError
from ..read_options import ReadOptions
from ..rows import ROW, Row
from .columns import Columns
from .remarks import Remarks

# With so many columns, a row of one cell is no row of a table.
_WIDE = 3


class Headings:
    """Tells the headings of sections from hosts, by how names look in full rows."""

    def __init__(
        self, columns: Columns, samples: Sequence[Sequence[str]], options: ReadOptions
    ) -> None:
        self._width = sum(map(bool, columns.headers))
        named = columns.fields.get("hostname", (0,))[0]
        names = [
            cells[named].strip()
            for cells in samples
            if named < len(cells) and sum(map(bool, map(str.strip, cells))) > 1
        ]
        usual = {trait for name in names for trait in _traits(name)}
        # Where no row is full, there are only names.
        self._unusual = (
            _TRAITS - usual if names and not options.bare_names else frozenset()
        )

    def row(
        self,
        line: int,
        given: Mapping[str, object],
        cells: Sequence[str],
        remarks: Remarks,
    ) -> Row | None:
        """Return the row of a host that has nothing but a name."""
        name = str(given["hostname"]).strip()
        filled = sum(map(bool, map(str.strip, cells)))
        if filled > 1 or self._unusual.isdisjoint(_traits(name)):
            return Row(line, given)
        if self._width < _WIDE:
            return Row(line, given, (FieldError(ROW, _QUESTION),))
        remarks.add("heading", name)
        return None


_TRAITS = frozenset({"blank", "colon", "upper"})
_QUESTION = (
    "has only a name, which looks like a heading; remove the line, or read such "
    "rows as hosts with --bare-names."
)


def _traits(name: str) -> set[str]:
    found = set()
    if " " in name:
        found.add("blank")
    if name.endswith(":"):
        found.add("colon")
    if name[:1].isupper():
        found.add("upper")
    return found
