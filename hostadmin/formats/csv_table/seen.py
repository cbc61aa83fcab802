"""What was seen of a table while it was read: for who asks what its columns are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .columns import Columns
    from .header import Header, Record

SHOWN_ROWS = 8


@dataclass
class TableSeen:
    """Filled as far as the reading comes, also where it ends with a question."""

    delimiter: str = ""
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)
    # The first rows of all, and those below the header.
    head: "Sequence[Record]" = ()
    header: "Header | None" = None
    samples: Sequence[Sequence[str]] = ()
    columns: "Columns | None" = None
    # Columns that could be the name, where more than one could.
    candidates: Sequence[int] = ()
