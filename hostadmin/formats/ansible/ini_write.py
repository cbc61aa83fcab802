"""Writes Ansible's INI layout: the hosts with their variables, then the groups.

Ansible reads every value as a literal of Python, or as text where it is none; so each
value is written as the literal that it is. There is no mark for text that must not be
run as a template: the texts that people write into fields stay out.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...formatting import counted
from ..document import Source
from .fields import UNSAFE, VAULT, host_variables
from .left_out import LeftOut
from .names import is_literal, readable_group_names

_UNREADABLE = re.compile(r"^[\[#;]|[:\]\s]")
_NAME = re.compile(r"[^\W\d][\w.-]*")
# Taken for text as it is, by shells and by Python.
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_WORDS = frozenset(("True", "False", "None"))
_BARE = re.compile(r"[\w.:/@,%+-]+")
# Half of a surrogate pair; at one of them Ansible refuses the file.
_HALF = re.compile(r"(?<!\\)(?:\\\\)*\\ud[89a-f]")


def write(
    content: Source, notes: list[str], *, safe_group_names: bool = False
) -> Iterator[str]:
    """Yield an inventory in INI. ``notes`` gets, at the end, what is not in it."""
    names = [group["name"] for group in content.groups]
    safe = readable_group_names(
        *(names, (), notes, _UNREADABLE), safe_group_names=safe_group_names
    )
    held = _Held()
    yield "# Hosts with their variables; their groups follow.\n"
    for row in content.hosts:
        if held.takes(row["hostname"]):
            variables = held.literals(host_variables(row))
            words = (_word(f"{name}={text}") for name, text in variables)
            yield f"{' '.join((_word(row['hostname']), *words))}\n"
    for group in content.groups:
        yield from _group(group, content, safe, held)
    yield from _section("all:vars", _assignments(content.vars, held))
    notes += held.notes()


def _group(
    group: Mapping[str, Any], content: Source, safe: Mapping[str, str], held: "_Held"
) -> Iterator[str]:
    name = safe[group["name"]]
    # Without a section of its own a group is none.
    yield f"\n[{name}]\n"
    for host in content.members(group["name"]):
        if held.holds(host):
            yield f"{_word(host)}\n"
    children = (safe[child] for child in group["children"] if child in safe)
    yield from _section(f"{name}:children", children)
    yield from _section(f"{name}:vars", _assignments(group["vars"], held))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    head = f"\n[{title}]\n"
    for line in lines:
        yield f"{head}{line}\n"
        head = ""


def _assignments(variables: Mapping[str, Any], held: "_Held") -> Iterator[str]:
    return (f"{name}={text}" for name, text in held.literals(variables))


class _Held(LeftOut):
    """Passes on what the layout can hold, and counts the rest."""

    def __init__(self) -> None:
        super().__init__(_is_name)
        self._marked = 0
        self._unreadable = 0

    def literals(self, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for name, value in self.variables(given).items():
            if _has_mark(value):
                self._marked += 1
                continue
            text = _literal(value)
            if _NAME.fullmatch(name) and not _HALF.search(text):
                yield name, text
            else:
                self._unreadable += 1

    def notes(self) -> Iterator[str]:
        yield from super().notes()
        if self._marked:
            yield (
                f"Left out: {counted(self._marked, 'value')} that must not be run as a "
                "template (fields such as environment and notes) or are encrypted. INI "
                "cannot mark either; ansible-yaml can."
            )
        if self._unreadable:
            yield (
                f"Left out: {counted(self._unreadable, 'variable')} with a name or "
                "value that INI cannot write. ansible-yaml can."
            )


def _is_name(name: str) -> bool:
    """Whether a line that begins with it is one of this host."""
    return name != "---" and name[0] not in "<>{" and is_literal(name)


def _has_mark(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_mark, value))
    if isinstance(value, dict):
        return not value.keys().isdisjoint((UNSAFE, VAULT)) or any(
            map(_has_mark, value.values())
        )
    return False


def _literal(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value not in _WORDS:
        return value
    return repr(value)


def _quoted_word(text: str) -> str:
    if _BARE.fullmatch(text):
        return text
    escaped = text.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


# The same few, again and again.
_word = functools.lru_cache(maxsize=4096)(_quoted_word)
