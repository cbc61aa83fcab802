"""Ansible's INI layout: sections of hosts, of variables and of child groups."""

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from ...errors import FieldError, InvalidFile, InvalidValue, after_field
from ...validation.values import MAX_BYTES, quoted
from ..document import MAX_LINE, Item, limited, lines_of
from .inventory import Inventory, plain
from .names import expand, words

_SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?")
# What was meant as one; "[5:7]node" is a host.
_UNCLOSED = re.compile(r"\[([^\]#;]*)(?:[#;].*)?")
_TRAILED = re.compile(r"(\[[^:\[\]]+(?::[a-z]+)?\])\s.*")
_GROUP = re.compile(r"([^:\]\s]+)\s*(?:#.*)?")
_KINDS = ("hosts", "vars", "children")


def read(name: str, pieces: Iterable[str], notes: list[str]) -> Iterator[Item]:
    """Yield what an inventory states, given as text in pieces.

    Raises ``InvalidFile``. ``notes`` gets what to tell.
    """
    reader = _Reader(name, notes)
    for number, line in enumerate(_lines(name, pieces), start=1):
        text = line.strip()
        if text and text[0] not in ";#":
            reader.take(number, text)
    return reader.items()


def _lines(name: str, pieces: Iterable[str]) -> Iterator[str]:
    for line in lines_of(name, limited(name, pieces), MAX_LINE):
        # Ansible ends a line at more signs than others do.
        yield from line.splitlines() or [""]


class _Reader:
    def __init__(self, name: str, notes: list[str]) -> None:
        self._name = name
        self._inventory = Inventory(name, notes)
        self._group = "ungrouped"
        self._kind = "hosts"
        # Groups that have a section of hosts or children of their own.
        self._declared = {"all", "ungrouped"}
        self._takers = {
            "hosts": self._take_host,
            "vars": self._take_variable,
            "children": self._take_child,
        }

    def take(self, number: int, text: str) -> None:
        if section := _SECTION.fullmatch(text):
            self._open(number, section[1], section[2] or "hosts")
        elif text.startswith("[") and (problem := _section_problem(text)):
            # What follows would be taken for hosts of the group above.
            raise self._refused(number, problem)
        else:
            self._takers[self._kind](number, text)

    def _refused(self, number: int, message: str) -> InvalidFile:
        return InvalidFile(f"{self._name}: line {number}: {message}")

    def _open(self, number: int, group: str, kind: str) -> None:
        if kind not in _KINDS:
            raise self._refused(
                number,
                f"[{group}:{kind}] is not a section. Use [{group}], [{group}:vars] or "
                f"[{group}:children].",
            )
        self._group, self._kind = group, kind
        draft = self._inventory.add_group(group, number)
        if kind != "vars" and group not in self._declared:
            self._declared.add(group)
            draft.line = number

    def _take_host(self, number: int, text: str) -> None:
        hostname = None
        try:
            pattern, *assignments = words(text)
            hostname = pattern
            names, port = _hosts(pattern)
            variables = dict(map(_variable, assignments))
        except InvalidValue as error:
            self._inventory.add_bad_row(number, str(error), hostname)
            return
        for name in names:
            self._inventory.add_host(name, number, self._group, variables, port)

    def _take_variable(self, number: int, text: str) -> None:
        draft = self._inventory.groups[self._group]
        name, equals, value = text.partition("=")
        try:
            if not equals:
                raise InvalidValue(
                    f"{quoted(text)} is not a variable. Write name=value."
                )
            draft.vars[name.strip()] = _value(value.strip())
        except InvalidValue as error:
            said = f"line {number}{after_field(str(error))}"
            draft.errors.append(FieldError("vars", said))

    def _take_child(self, number: int, text: str) -> None:
        found = _GROUP.fullmatch(text)
        if found:
            self._inventory.add_child(self._group, found[1], number)
            return
        self._inventory.groups[self._group].errors.append(
            FieldError(
                "children",
                f"line {number}: {quoted(text)} is not a group name. Write one name "
                "per line.",
            )
        )

    def items(self) -> Iterator[Item]:
        inventory = self._inventory
        for group in list(inventory.groups.values()):
            if group.name and group.name not in self._declared:
                group.errors.append(_undeclared("vars", group.line, group.name))
            for child in [
                name for name in group.children if name not in self._declared
            ]:
                line = group.children.pop(child)
                if child not in inventory.groups:
                    group.errors.append(_undeclared("children", line, child))
        return inventory.items()


def _section_problem(text: str) -> str | None:
    if unclosed := _UNCLOSED.fullmatch(text):
        section = unclosed[1].strip()[:60] or "group"
        return f"{quoted(text)} has no closing bracket; write [{section}]."
    if trailed := _TRAILED.fullmatch(text):
        return (
            f"{quoted(text)} has text after the section; write only "
            f"{trailed[1][:60]}, or start a comment with #."
        )
    if text.endswith("]"):
        if text.count(":") > 2:
            return (
                f"{quoted(text)} is not a section. Write an address without brackets."
            )
        return (
            f"{quoted(text)} is not a section. Write [group], [group:vars] or "
            "[group:children], with a name without spaces."
        )
    return None


def _undeclared(field: str, line: int, name: str) -> FieldError:
    return FieldError(
        field,
        f"line {line}: no group {quoted(name)}. Add a section [{name[:60]}].",
    )


def _hosts(pattern: str) -> tuple[list[str], int | None]:
    if pattern == "---":
        raise InvalidValue("“---” starts a YAML file, not an INI file.")
    if pattern[:1] in "<>{" and pattern:
        raise InvalidValue(f"{quoted(pattern)} is not a name.")
    names, port = expand(pattern)
    if port is None and pattern.endswith(":"):
        raise InvalidValue(f"{quoted(pattern)} has no port after the colon.")
    return names, port


def _variable(word: str) -> tuple[str, Any]:
    name, equals, value = word.partition("=")
    if not equals:
        raise InvalidValue(
            f"has {quoted(word)} after the name; write variables as name=value, and "
            "put values with spaces in quotation marks."
        )
    return name, _value(value)


_WORD = re.compile(r"[A-Za-z_]\w*")
_CONSTANTS = ("True", "False", "None")
_WARNED_OF = re.compile(r"\\|\d[A-Za-z]")


def _value(text: str) -> Any:
    """Return what Ansible takes a text for: a literal of Python, else the text."""
    if len(text) > MAX_BYTES:
        raise InvalidValue(f"has a value of over {MAX_BYTES:,} characters.")
    if _WORD.fullmatch(text) and text not in _CONSTANTS:
        return text
    try:
        if not _WARNED_OF.search(text):
            return plain(ast.literal_eval(text))
        # An unknown escape such as "\d" is no business of anyone who imports.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return plain(ast.literal_eval(text))
    except (ValueError, SyntaxError):
        return text
    except (TypeError, MemoryError, RecursionError):
        raise InvalidValue(
            f"has a value that cannot be read: {quoted(text)}; put it in quotation "
            "marks."
        ) from None
