"""What a file states, by the rules that hold for every way in."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ..errors import FieldError, InvalidInput, InvalidValue
from ..formats.document import FileGroup, FileVars
from ..formats.rows import GROUP, INVENTORY, Row, RowError
from ..inventory.inventory_vars import NAME
from ..validation.host_fields import VOCABULARY_FIELDS
from ..validation.json_values import clean_vars
from ..validation.rules import HOST_RULES, clean_group, clean_host
from ..validation.values import RESERVED_GROUPS, plain, quoted

Cleaned = tuple[dict[str, Any], list[RowError]]

# Fields whose values repeat from row to row.
_REPEATING = (*VOCABULARY_FIELDS, "status", "port")
_MAX_KNOWN = 10_000
# A page asks for the meaning of so many words.
MAX_UNKNOWN = 50


class Cleaner:
    """Cleans the rows of one file; what was good once is not looked at again."""

    def __init__(self) -> None:
        # Words that are no value, as (field, text), and in how many rows.
        self.unknown: Counter[tuple[str, str]] = Counter()
        self._known: dict[tuple[str, str], Any] = {}

    def row(self, row: Row) -> Cleaned:
        """Return the stated fields as plain JSON, or what is wrong with them."""
        known, rest = self._split(row)
        errors = list(row.errors)
        for error in errors:
            if error.word:
                self._count_unknown(error.field, error.word)
        cleaned: dict[str, Any] = {}
        try:
            cleaned = clean_host(rest)
        except InvalidInput as error:
            errors += error.errors
            self._note_unknown(rest, error)
        fields = _without_empty(cleaned | known)
        if not errors and "hostname" not in fields and "ip_addr" not in fields:
            errors.append(FieldError("hostname", "is missing, and so is the address."))
        if not errors:
            return fields, []
        name = _shown(row.values.get("hostname", ""))
        return {}, [RowError(row.line, name, e.field, e.message) for e in errors]

    def _note_unknown(self, rest: Mapping[str, object], error: InvalidInput) -> None:
        text = rest.get("status")
        if isinstance(text, str) and any(e.field == "status" for e in error.errors):
            self._count_unknown("status", text.strip())

    def _count_unknown(self, field: str, text: str) -> None:
        key = (field, text)
        if key in self.unknown or len(self.unknown) < MAX_UNKNOWN:
            self.unknown[key] += 1

    def _split(self, row: Row) -> tuple[dict[str, Any], dict[str, object]]:
        """Return what is known to be good, cleaned, and what has to be looked at."""
        rest = dict(row.values)
        known: dict[str, Any] = {}
        for name in _REPEATING:
            text = rest.get(name)
            if not isinstance(text, str):
                continue
            term = (name, text)
            if term not in self._known:
                self._learn(term)
            if term in self._known:
                known[name] = self._known[term]
                del rest[name]
        return known, rest

    def _learn(self, term: tuple[str, str]) -> None:
        name, text = term
        if len(self._known) > _MAX_KNOWN:
            self._known.clear()
        try:
            value = HOST_RULES[name](text)
        except InvalidValue:
            # Shown with the other errors of its row.
            return
        self._known[term] = plain(value)


def clean_file_group(group: FileGroup) -> Cleaned:
    """Return what is stated of a group, or what is wrong with it."""
    errors = list(group.errors)
    fields: dict[str, Any] = {}
    try:
        fields = _without_empty(clean_group({"name": group.name, **group.values}))
    except InvalidInput as error:
        # A group that is implied comes here only for what was wrong inside of it.
        if not (errors and group.name in RESERVED_GROUPS):
            errors += error.errors
    name = _shown(group.name)
    return fields, [
        RowError(group.line, name, e.field, e.message, GROUP) for e in errors
    ]


def clean_file_vars(given: FileVars) -> Cleaned:
    """Return the variables of all hosts as a field, or what is wrong with them."""
    errors = list(given.errors)
    fields: dict[str, Any] = {}
    try:
        fields = {"name": NAME, "vars": clean_vars(dict(given.vars))}
    except InvalidValue as error:
        errors.append(FieldError("vars", str(error)))
    return fields, [
        RowError(given.line, NAME, e.field, e.message, INVENTORY) for e in errors
    ]


def _without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in fields.items()
        if value is not None and value != [] and value != {}
    }


def _shown(name: object) -> str:
    return quoted(str(name).strip(), 255)[1:-1]
