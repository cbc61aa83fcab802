"""What a query means, a second time: in plain Python over plain rows, by scanning."""

import ipaddress
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hostadmin.formats.csv_table.placeholders import PLACEHOLDERS
from hostadmin.query import ast
from hostadmin.query.ast import And, Node, Not, Or, Quoted, Term, Word
from hostadmin.query.fields import find_field
from hostadmin.validation.look_alikes import skeleton

_TEXTS = ("env", "os", "location", "role", "owner")


@dataclass
class Row:
    """A host as the reference sees it; ``groups`` holds all that it is in."""

    id: int
    fields: dict[str, Any]
    aliases: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)
    variables: dict[str, Any] = field(default_factory=dict)
    # What the checks find; no row can tell that by itself.
    found: set[str] = field(default_factory=set)
    # Numbers of the sets that the host is in.
    sets: set[str] = field(default_factory=set)
    # And of the changes that touched it.
    changes: set[str] = field(default_factory=set)


def holds(node: Node, row: Row) -> bool:
    if isinstance(node, And):
        return all(holds(part, row) for part in node.nodes)
    if isinstance(node, Or):
        return any(holds(part, row) for part in node.nodes)
    if isinstance(node, Not):
        return not holds(node.node, row)
    if isinstance(node, Word):
        return _word(node.value, row)
    return _term(node, row)


def _word(value: str, row: Row) -> bool:
    op = ast.EQUALS if _is_pattern(value) else ast.CONTAINS
    names = [row.fields["hostname"], *row.aliases]
    if any(_text(op, value, name, str.lower) for name in names):
        return True
    if re.fullmatch(r".+\..*\.", value) and not _is_pattern(value):
        # As DNS writes names.
        wanted = value.lower().rstrip(". ")
        if any(name.lower() == wanted for name in names):
            return True
    return any(_address(ast.EQUALS, value, one) for one in row.addresses)


def _term(term: Term, row: Row) -> bool:
    values = _values_of(term.field, row)
    if term.op == ast.EMPTY:
        return not values
    if term.field == "check":
        return not row.found.isdisjoint(term.values)
    if term.field == "set":
        return not row.sets.isdisjoint(term.values)
    if term.field == "change":
        return not row.changes.isdisjoint(term.values)
    if term.field == "group":
        return any(value in row.groups for value in term.values)
    match = {
        "ip": _address,
        "port": _number,
        "created": _time,
        "updated": _time,
        "confirmed": _time,
    }.get(term.field, _text)
    if term.field.startswith("var."):
        match = _variable
    return any(
        match(term.op, wanted, value) for wanted in term.values for value in values
    )


def _values_of(name: str, row: Row) -> list[Any]:
    if name == "alias":
        return row.aliases
    if name == "ip":
        return row.addresses
    if name == "group":
        return sorted(row.groups)
    if name.startswith("var."):
        found: Any = row.variables
        path = find_field(name).path
        whole = ".".join(path)
        for step in [whole] if whole in row.variables else path:
            found = found.get(step) if isinstance(found, dict) else None
        return [] if found in (None, "") else [found]
    value = row.fields.get(name)
    return [] if value is None else [value]


def _is_pattern(value: str) -> bool:
    return not isinstance(value, Quoted) and bool(re.search(r"[*?]", value))


def _text(
    op: str, wanted: str, value: str, fold: Callable[[str], str] = str.casefold
) -> bool:
    """Whether a text matches; names are folded less than others, as in DNS."""
    one, other = fold(str(wanted)), fold(value)
    if op == ast.EQUALS and _is_pattern(wanted):
        parts = re.split(r"([*?])", one)
        pattern = "".join({"*": ".*", "?": "."}.get(p, re.escape(p)) for p in parts)
        return re.fullmatch(pattern, other, re.DOTALL) is not None
    return {
        ast.EQUALS: one == other,
        ast.CONTAINS: one in other,
        ast.STARTS: other.startswith(one),
        ast.ENDS: other.endswith(one),
    }[op]


def _variable(op: str, wanted: str, value: Any) -> bool:
    text = value if isinstance(value, str) else json.dumps(value)
    if op == ast.EQUALS and not _is_pattern(wanted):
        return (
            text == wanted if not isinstance(wanted, Quoted) else value == str(wanted)
        )
    return _text(op, wanted, text)


def _address(op: str, wanted: str, text: str) -> bool:
    if op in (ast.CONTAINS, ast.STARTS, ast.ENDS):
        return _text(op, wanted, text)
    value = _number_of(text)
    try:
        low, high = _span_of(wanted)
    except ValueError:
        return False
    return _compare(op, value, low, high)


def _number_of(text: str) -> tuple[int, int]:
    address = ipaddress.ip_address(text)
    return address.version, int(address)


# Four-part and eight-part addresses of which only the beginning is shown.
_BEGUN4 = re.compile(r"(\d{1,3}\.){1,3}\*|\d{1,3}\.|\d{1,3}(\.\d{1,3}){1,2}\.?")
_BEGUN6 = re.compile(
    r"([0-9a-f]{1,4}:)+:?\*|(?=.*:)[0-9a-f]{4}(:[0-9a-f]{1,4}){0,6}:{0,2}",
    re.IGNORECASE,
)


def _span_of(wanted: str) -> tuple[Any, Any]:
    if wanted[:1] == "[" and wanted[-1:] == "]":
        wanted = wanted[1:-1]
    if ".." in wanted:
        low, high = wanted.split("..")
        return _number_of(low), _number_of(high)
    for pattern, sign, parts, last in (
        (_BEGUN4, ".", 4, "255"),
        (_BEGUN6, ":", 8, "ffff"),
    ):
        if pattern.fullmatch(wanted):
            written = wanted.rstrip("*").rstrip(sign).split(sign)
            missing = parts - len(written)
            low = sign.join([*written, *["0"] * missing])
            high = sign.join([*written, *[last] * missing])
            return _number_of(low), _number_of(high)
    network = ipaddress.ip_network(wanted)
    return _number_of(str(network[0])), _number_of(str(network[-1]))


def _number(op: str, wanted: str, value: int) -> bool:
    low, _, high = wanted.partition("..")
    return _compare(op, value, int(low), int(high or low))


def _time(op: str, wanted: str, value: datetime) -> bool:
    """Compare by text, year by year, month by month: no arithmetic that could err."""
    low, _, high = wanted.partition("..")
    text = value.isoformat()
    return _compare(op, text, low, (high or low) + "~")


def _compare(op: str, value: Any, low: Any, high: Any) -> bool:
    return {
        ast.EQUALS: low <= value <= high,
        ast.LESS: value < low,
        ast.AT_MOST: value <= high,
        ast.GREATER: value > high,
        ast.AT_LEAST: value >= low,
    }[op]


def note_findings(rows: list[Row], groups: Iterable[str]) -> None:
    """Compare every host with every other, by the names that they have now."""
    names = {name.lower() for name in groups}
    for one in rows:
        texts = [one.fields[name] or "" for name in _TEXTS]
        if {text.casefold() for text in (*texts, *one.groups)} & PLACEHOLDERS:
            one.found.add("placeholder")
        if one.fields["hostname"].lower() in names:
            one.found.add("group-is-name")
        for other in rows:
            if one.id != other.id:
                one.found |= _findings(one, other)


def _findings(one: Row, other: Row) -> set[str]:
    found = set()
    if set(one.addresses) & set(other.addresses):
        found.add("same-address")
    mine, theirs = ((row.fields["ip"], row.fields["port"]) for row in (one, other))
    if mine == theirs and mine[0] is not None:
        found.add("same-address-and-port")
    if _short(one) == _short(other):
        found.add("same-short-name")
    if skeleton(one.fields["hostname"]) == skeleton(other.fields["hostname"]):
        found.add("look-alike-name")
    if _is_alias_of(one, other) or _is_alias_of(other, one):
        found.add("alias-is-name")
    return found


def _short(row: Row) -> str:
    name = row.fields["hostname"].lower()
    short = name.split(".")[0]
    return name if short.isdigit() else short


def _is_alias_of(one: Row, other: Row) -> bool:
    name = other.fields["hostname"].lower()
    return any(alias.lower() == name for alias in one.aliases)
