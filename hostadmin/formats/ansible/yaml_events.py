"""YAML as Ansible reads it, with line numbers and within limits.

Aliases and merge keys are understood, but what they repeat is counted each time: a few
lines of them can stand for gigabytes. Marks of Ansible become the objects by which its
JSON knows them.
"""

import datetime
from collections.abc import Iterator
from typing import Any

import yaml

from ...errors import InvalidFile
from ...validation.values import quoted
from .fields import UNSAFE, VAULT
from .inventory import plain_name

MAX_NODES = 2_000_000
MAX_DEPTH = 200

_PREFIX = "tag:yaml.org,2002:"
_STR, _MERGE = f"{_PREFIX}str", f"{_PREFIX}merge"
_AS_TEXT = {_STR, _MERGE, f"{_PREFIX}value", f"{_PREFIX}python/unicode"}
_MAPS = {None, "!", f"{_PREFIX}map", f"{_PREFIX}python/dict", "!unsafe"}
_LISTS = {None, "!", f"{_PREFIX}seq", "!unsafe"}
_PAIRS = {f"{_PREFIX}omap", f"{_PREFIX}pairs"}
_VAULTS = {"!vault", "!vault-encrypted"}
_CACHED = 100_000

_Base: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class Mapping(dict[Any, Any]):
    """A mapping with the lines of its names, and the names that are there twice."""

    __slots__ = ("doubles", "lines", "written")

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[Any, int] = {}
        # Names that are no text, as the file has them: 0750 is 488 to YAML.
        self.written: dict[Any, str] = {}
        # What it is, and in which lines.
        self.doubles: list[tuple[str, str]] = []

    def note_double(self, name: str, first: int, last: int) -> None:
        where = f"line {first}" if first == last else f"lines {first} and {last}"
        self.doubles.append((name, where))


class _MergeKey:
    """Stands for ``<<`` until the mapping is complete."""


class _Open:
    """A collection whose end was not read yet."""

    __slots__ = ("anchor", "count", "is_map", "items", "line", "lines", "tag")

    def __init__(self, event: Any, count: int) -> None:
        self.is_map = isinstance(event, yaml.MappingStartEvent)
        self.tag: str | None = event.tag
        self.anchor: str | None = event.anchor
        self.line = event.start_mark.line + 1
        self.count = count
        self.items: list[Any] = []
        self.lines: list[int] = []


def load(name: str, text: str) -> Any:
    """Return the one document of a text. Raises ``InvalidFile`` with the line."""
    try:
        return _Loading(name, text).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        context = f"{error.context}, " if error.context else ""
        raise InvalidFile(f"{name}: {line}{context}{error.problem}.") from None
    except yaml.reader.ReaderError as error:
        line = f"line {text.count(chr(10), 0, error.position) + 1}: "
        raise InvalidFile(f"{name}: {line}invisible character. Remove it.") from None
    except yaml.YAMLError as error:
        raise InvalidFile(f"{name}: {error}") from None


class _Loading:
    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._loader = _Base(text)
        self._resolver = yaml.SafeLoader("")
        self._count = 0
        self._unsafe = 0
        self._anchors: dict[str, tuple[Any, int]] = {}
        # Line and value of names that are no text → how they are written.
        self._written: dict[tuple[int, Any], str] = {}
        self._open: list[_Open] = []
        self._known: dict[str, Any] = {}

    def document(self) -> Any:
        found: list[Any] = []
        for event in self._events():
            line = event.start_mark.line + 1
            if isinstance(event, yaml.DocumentStartEvent) and found:
                raise self._refused(line, "a second document starts; split the file.")
            if isinstance(event, yaml.CollectionStartEvent):
                self._start(event, line)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._place(*self._end(), found)
            elif isinstance(event, yaml.ScalarEvent):
                self._spend(1, line)
                value = self._scalar(event, line)
                if event.anchor:
                    self._anchors[event.anchor] = value, 1
                self._place(value, line, found)
            elif isinstance(event, yaml.AliasEvent):
                self._place(self._alias(event.anchor or "", line), line, found)
        return found[0] if found else None

    def _events(self) -> Iterator[Any]:
        while self._loader.check_event():
            yield self._loader.get_event()

    def _refused(self, line: int, message: str) -> InvalidFile:
        return InvalidFile(f"{self._name}: line {line}: {message}")

    def _spend(self, nodes: int, line: int) -> None:
        self._count += nodes
        if self._count > MAX_NODES:
            raise self._refused(
                line,
                f"over {MAX_NODES:,} values up to here, including those that aliases "
                "(*name) repeat.",
            )

    def _place(self, value: Any, line: int, found: list[Any]) -> None:
        if not self._open:
            found.append(value)
            return
        self._open[-1].items.append(value)
        self._open[-1].lines.append(line)

    def _start(self, event: Any, line: int) -> None:
        self._spend(1, line)
        if len(self._open) >= MAX_DEPTH:
            raise self._refused(line, f"nested more than {MAX_DEPTH} levels deep.")
        self._unsafe += event.tag == "!unsafe"
        self._open.append(_Open(event, self._count))

    def _end(self) -> tuple[Any, int]:
        node = self._open.pop()
        self._unsafe -= node.tag == "!unsafe"
        value = self._mapping(node) if node.is_map else self._sequence(node)
        if node.anchor:
            self._anchors[node.anchor] = value, self._count - node.count + 1
        return value, node.line

    def _alias(self, anchor: str, line: int) -> Any:
        if any(node.anchor == anchor for node in self._open):
            raise self._refused(line, f"*{anchor[:60]} would be inside itself.")
        if anchor not in self._anchors:
            raise self._refused(line, f"*{anchor[:60]} has no anchor above it.")
        value, size = self._anchors[anchor]
        self._spend(size, line)
        return value

    # ---- values

    def _sequence(self, node: _Open) -> list[Any]:
        if node.tag in _LISTS:
            return node.items
        if node.tag in _PAIRS and all(isinstance(item, dict) for item in node.items):
            return [[k, v] for item in node.items for k, v in item.items()]
        raise self._unknown_tag(node.tag, node.line)

    def _mapping(self, node: _Open) -> Any:
        if node.tag not in _MAPS and node.tag != f"{_PREFIX}set":
            raise self._unknown_tag(node.tag, node.line)
        found = Mapping()
        own = []
        pairs = zip(node.items[::2], node.items[1::2], node.lines[::2], strict=True)
        for key, value, line in pairs:
            if key is _MergeKey:
                self._merge(found, value, line)
            else:
                own.append((key, value, line))
        merged = set(found)
        for key, value, line in own:
            self._set(found, key, value, line, key in merged if merged else False)
        if not all(type(key) is str for key in found):
            _note_alike(found)
        return list(found) if node.tag == f"{_PREFIX}set" else found

    def _set(
        self, found: Mapping, key: Any, value: Any, line: int, overrides: bool
    ) -> None:
        if isinstance(key, dict | list):
            raise self._refused(
                line,
                "a name cannot be a list or a mapping; put text that starts with "
                "{ or [ in quotation marks.",
            )
        if key in found.lines and not overrides and found[key] != value:
            found.note_double(_shown(key, found), found.lines[key], line)
        found[key] = value
        found.lines[key] = line
        if not isinstance(key, str):
            found.written[key] = self._written.get((line, key), str(key))

    def _merge(self, found: Mapping, value: Any, line: int) -> None:
        sources = value if isinstance(value, list) else [value]
        # Of several, the first wins.
        for source in reversed(sources):
            if not isinstance(source, Mapping):
                raise self._refused(
                    line, "“<<” must be a mapping or a list of mappings."
                )
            found.update(source)
            found.lines.update(source.lines)

    def _scalar(self, event: Any, line: int) -> Any:
        value = self._typed(event, line)
        if not isinstance(value, str | dict | list) and self._is_name():
            self._written[line, value] = event.value
        return value

    def _typed(self, event: Any, line: int) -> Any:
        text: str = event.value
        if event.tag is None and event.implicit[0]:
            return self._implicit(text, line)
        tag = event.tag
        if tag in _VAULTS:
            return {VAULT: text}
        if tag == "!unsafe" and event.style != '"':
            implicit = (True, False)
            tag = self._resolver.resolve(yaml.ScalarNode, text, implicit)  # type: ignore[no-untyped-call]
            return {UNSAFE: text} if tag in _AS_TEXT else self._made(tag, text, line)
        # Ansible takes !unsafe "5" for a number, too, and could not keep it as a text.
        if tag == "!unsafe":
            return {UNSAFE: text}
        if tag is None or tag == "!":
            tag = _STR
        return self._texted(text) if tag in _AS_TEXT else self._made(tag, text, line)

    def _texted(self, text: str) -> Any:
        # A name is no value, hence never unsafe.
        return {UNSAFE: text} if self._unsafe and not self._is_name() else text

    def _is_name(self) -> bool:
        """Whether what comes next is a name in a mapping."""
        return bool(self._open and self._open[-1].is_map) and not (
            len(self._open[-1].items) % 2
        )

    def _implicit(self, text: str, line: int) -> Any:
        # What is known was read outside of !unsafe, so it carries no mark.
        if not self._unsafe and text in self._known:
            return self._known[text]
        tag = self._resolver.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
        if tag == _MERGE:
            return _MergeKey if self._open and self._open[-1].is_map else text
        is_text = tag in _AS_TEXT
        value = self._texted(text) if is_text else self._made(tag, text, line)
        if not self._unsafe and len(self._known) < _CACHED:
            self._known[text] = value
        return value

    def _made(self, tag: str, text: str, line: int) -> Any:
        make = self._resolver.yaml_constructors.get(tag)
        if make is None or tag in (*_MAPS, *_LISTS, *_PAIRS, f"{_PREFIX}set"):
            raise self._unknown_tag(tag, line)
        try:
            value = make(self._resolver, yaml.ScalarNode(tag, text))
        except (ValueError, LookupError, AttributeError, yaml.YAMLError):
            kind = tag.rpartition(":")[2]
            raise self._refused(
                line,
                f"{quoted(text)} is not a valid {kind}; put it in quotes if it is "
                "meant as text.",
            ) from None
        return value.isoformat() if isinstance(value, datetime.date) else value

    def _unknown_tag(self, tag: str | None, line: int) -> InvalidFile:
        return self._refused(line, f"the tag {quoted(tag)} is not supported.")


def _shown(key: object, found: Mapping) -> str:
    """Return the name of a double; 1, 1.0 and true are one to Python and Ansible."""
    known = plain_name(next(name for name in found if name == key))
    name = plain_name(key)
    same = "" if name == known else f" (to Ansible the same as {quoted(known)})"
    return f"{quoted(name)}{same}"


def _note_alike(found: Mapping) -> None:
    """Note names that are one as soon as they are text, such as 1 and "1"."""
    texts: dict[object, object] = {}
    for key, value in found.items():
        other = texts.setdefault(plain_name(key), key)
        if other is not key and found[other] != value:
            name = quoted(plain_name(key))
            found.note_double(name, found.lines[other], found.lines[key])
