"""What somebody chose for an import, as plain values that a row of a table keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ..errors import InvalidFile
from ..formats.csv_table.columns import is_place
from ..formats.read_options import IGNORE, VARIABLE, ReadOptions
from ..query.ast import EVERYTHING, Node
from ..query.parser import parse
from ..validation.rules import HOST_RULES
from ..validation.values import quoted
from .missing import ACTIONS, REPORT

_READ = frozenset(field.name for field in fields(ReadOptions))


@dataclass(frozen=True)
class Choices:
    """How a file is read, and what is done with what it states."""

    read: ReadOptions = field(default_factory=ReadOptions)
    replace: bool = False
    missing: str = REPORT
    # The hosts that the file is responsible for, as a query.
    within: str = ""
    message: str = ""
    # Names in the file of hosts that have another name here.
    same: Mapping[str, str] = field(default_factory=dict)
    # Whether somebody looked at what the columns were read as.
    is_confirmed: bool = False
    # What a program asked for in advance: to write the plan, also without bad rows.
    then_apply: bool = False
    skip_errors: bool = False

    @property
    def node(self) -> Node:
        """The query of ``within``. Raises ``QueryError``."""
        return parse(self.within) if self.within.strip() else EVERYTHING

    def reading(self, **changes: Any) -> "Choices":
        return replace(self, read=replace(self.read, **changes))

    def as_json(self) -> dict[str, Any]:
        found = {name: getattr(self.read, name) for name in _READ}
        found["columns"] = {
            name: list(heads) for name, heads in found["columns"].items()
        }
        found["values"] = {name: dict(of) for name, of in found["values"].items()}
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "read"}
        return found | own

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Choices":
        read = {name: value for name, value in kept.items() if name in _READ}
        heads = read.get("columns", {})
        read["columns"] = {name: tuple(names) for name, names in heads.items()}
        own = {
            f.name: kept[f.name]
            for f in fields(cls)
            if f.name != "read" and f.name in kept
        }
        return cls(read=ReadOptions(**read), **own)


def check_missing(action: str) -> str:
    """Return what becomes of missing hosts. Raises ``InvalidFile``."""
    if action not in ACTIONS:
        raise InvalidFile(
            f"{quoted(action)} is not an action for missing hosts. "
            f"Use one of: {', '.join(ACTIONS)}."
        )
    return action


def known_columns(
    columns: Mapping[str, tuple[str, ...]],
) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Return columns whose fields there are, and the names of those that are gone."""
    good = {
        name: heads
        for name, heads in columns.items()
        if name in HOST_RULES or name == IGNORE or name.startswith(VARIABLE)
    }
    return good, [name for name in columns if name not in good]


def reference(headers: tuple[str, ...], index: int) -> str:
    """Return how an option names a column: by its heading where that is enough."""
    heading = headers[index]
    if heading and headers.count(heading) == 1 and not is_place(heading):
        return heading
    return f"#{index + 1}"
