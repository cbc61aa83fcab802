"""Ansible's YAML layout: groups with hosts, vars and children, nested at will."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...errors import FieldError, InvalidFile, InvalidValue
from ...validation.values import quoted
from ..document import Item, some, whole_text
from . import yaml_events
from .inventory import Inventory, plain
from .names import expand

_SECTIONS = ("hosts", "vars", "children")
NO_INVENTORY = (
    "is not an Ansible inventory: no group with hosts, vars or children, such as "
    '"all:" with "hosts:" below it and "web1:" below that'
)
# What our own export says of a group, on the line above it.
COMMENT = "# hostadmin: "
_COMMENT = re.compile(rf"^ *{COMMENT}(\{{.*\}}) *$")


def read(name: str, pieces: Iterable[str], notes: list[str]) -> Iterator[Item]:
    """Yield what an inventory states, given as text in pieces.

    Raises ``InvalidFile``. ``notes`` gets what to tell.
    """
    text = whole_text(name, pieces)
    walk = Walk(name, notes, comments_in(text))
    walk.take(yaml_events.load(name, text))
    return walk.items()


def comments_in(text: str) -> dict[int, dict[str, Any]]:
    """Return line → what a comment of ours says of the group on the next line."""
    if COMMENT not in text:
        return {}
    found: dict[int, dict[str, Any]] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        comment = _COMMENT.match(line.rstrip("\r"))
        if comment is None:
            continue
        try:
            said = json.loads(comment[1])
        except (ValueError, RecursionError):
            continue
        if isinstance(said.get("name"), str):
            found[number] = said
    return found


class Walk:
    """Goes through mappings as the YAML plugin of Ansible does."""

    def __init__(
        self,
        name: str,
        notes: list[str],
        comments: Mapping[int, Mapping[str, Any]],
        lines: Mapping[str, int] | None = None,
    ) -> None:
        self._name = name
        self._notes = notes
        self._comments = comments
        self._lines = lines or {}
        self._inventory = Inventory(name, notes)
        self._skipped: list[str] = []
        self._doubles: list[str] = []
        self._sections = 0
        # Names in the file → names before our export made them fit for Ansible.
        self._renamed: dict[str, str] = {}

    def take(self, data: Any) -> None:
        if not isinstance(data, dict) or not data:
            raise InvalidFile(f"{self._name}: {NO_INVENTORY}.")
        if data.get("plugin"):
            raise InvalidFile(
                f"{self._name}: is the configuration of the inventory plugin "
                f"{quoted(plain(data['plugin']))}, not its hosts. Import the "
                "output of: ansible-inventory -i FILE --list --export"
            )
        self._find_renamed(data)
        self._note_doubles(data)
        for group, content in data.items():
            if self._group(group, content, self._line(data, group, 1)) is None:
                self._skipped.append(str(group))

    def items(self) -> Iterator[Item]:
        if not self._inventory.hosts and (self._skipped or not self._sections):
            raise InvalidFile(f"{self._name}: {NO_INVENTORY}.")
        if self._skipped:
            self._notes.append(
                f"Unknown, and skipped as Ansible does: {some(self._skipped)}."
            )
        if self._doubles:
            self._notes.append(
                "Duplicate keys; as in Ansible, only the last one counts: "
                f"{some(self._doubles, str)}."
            )
        return self._inventory.items()

    def _line(self, mapping: Any, key: Any, default: int) -> int:
        if isinstance(mapping, yaml_events.Mapping):
            return mapping.lines.get(key, default)
        return self._lines.get(key, default)

    def _find_renamed(self, data: Any) -> None:
        if self._comments and isinstance(data, yaml_events.Mapping):
            for group, line in data.lines.items():
                if said := self._comments.get(line - 1):
                    self._renamed[group] = said["name"]

    def _note_doubles(self, mapping: Any) -> None:
        if isinstance(mapping, yaml_events.Mapping):
            for key, where in mapping.doubles:
                self._doubles.append(f"{key} in {where}")

    def _group(self, given: Any, content: Any, line: int) -> str | None:
        """Return the name of the group, or None where it is none."""
        if content is not None and not isinstance(content, dict):
            return None
        name = self._renamed.get(given, given) if isinstance(given, str) else str(given)
        group = self._inventory.add_group(name, line)
        if not isinstance(given, str) or not given:
            group.errors.append(
                FieldError("name", f"{quoted(given)} is not text. Put it in quotes.")
            )
        said = self._comments.get(line - 1)
        if said and isinstance(said.get("description"), str):
            group.description = said["description"]
        if content is not None:
            self._note_doubles(content)
            for section, value in content.items():
                self._section(name, section, value, self._line(content, section, line))
        return name

    def _section(self, group: str, section: Any, value: Any, line: int) -> None:
        if section not in _SECTIONS:
            self._skipped.append(f"{section} in {group}")
            return
        self._sections += 1
        if isinstance(value, str):
            value = {value: None}
        if value is None:
            return
        if not isinstance(value, dict):
            self._refuse(
                group,
                section,
                line,
                f"“{section}” is not a mapping. Write each name with a colon, without "
                "a dash.",
            )
        elif section == "vars":
            self._vars(group, value, line)
        elif section == "children":
            self._children(group, value, line)
        else:
            self._hosts(group, value, line)

    def _refuse(self, group: str, section: str, line: int, message: str) -> None:
        # A host has no field of that name.
        field = {"hosts": "row"}.get(section, section)
        self._inventory.groups[group].errors.append(
            FieldError(field, f"line {line}: {message}")
        )

    def _vars(self, group: str, value: dict[Any, Any], line: int) -> None:
        for message in _doubles_below(value):
            self._refuse(group, "vars", line, message)
        self._inventory.groups[group].vars.update(plain(value))

    def _children(self, group: str, value: dict[Any, Any], line: int) -> None:
        self._note_doubles(value)
        for child, content in value.items():
            place = self._line(value, child, line)
            name = self._group(child, content, place)
            if name is not None:
                self._inventory.add_child(group, name, place)
                continue
            self._refuse(
                group,
                "children",
                place,
                f"{quoted(child)} is not a group: it must hold a mapping or nothing.",
            )

    def _hosts(self, group: str, value: dict[Any, Any], line: int) -> None:
        self._note_doubles(value)
        for pattern, variables in value.items():
            place = self._line(value, pattern, line)
            if isinstance(pattern, str):
                self._host(group, pattern, variables, place)
                continue
            written = str(pattern)
            if isinstance(value, yaml_events.Mapping):
                written = value.written.get(pattern, written)
            message = f"{quoted(written)} is not text. Put it in quotes."
            self._inventory.add_bad_row(place, message, written)

    def _host(self, group: str, pattern: str, variables: Any, line: int) -> None:
        # Ansible takes an empty list or text for nothing, too.
        stated = variables or {}
        if not isinstance(stated, dict):
            self._inventory.add_bad_row(
                line,
                f"{quoted(variables)} is not a mapping of variables; write them as "
                "name: value, indented below the host.",
                pattern,
            )
            return
        try:
            names, port = expand(pattern)
        except InvalidValue as error:
            self._inventory.add_bad_row(line, str(error), pattern)
            return
        doubles = [FieldError("vars", text) for text in _doubles_below(stated)]
        stated = plain(stated)
        for name in names:
            host = self._inventory.add_host(name, line, group, stated, port)
            host.errors += doubles


def _doubles_below(value: Any) -> Iterator[str]:
    if isinstance(value, yaml_events.Mapping):
        for key, where in value.doubles:
            yield f"{key} appears twice, in {where}."
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict | list):
                yield from _doubles_below(item)
