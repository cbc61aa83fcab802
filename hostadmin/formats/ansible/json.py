"""Ansible's JSON: what inventory scripts and ``ansible-inventory --list`` print."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...db.bulk_insert import batched
from ...errors import FieldError, InvalidFile
from ...validation.json_values import json_text
from ...validation.values import RESERVED_GROUPS, quoted
from ..document import Item, Source, some, whole_text
from ..json_stream import whole
from .fields import host_variables
from .inventory import Inventory
from .left_out import LeftOut
from .names import readable_group_names
from .yaml_read import Walk

_KEYS = ("hosts", "vars", "children")
_TOGETHER = 1_000
_NO_INVENTORY = "is JSON, but not an Ansible inventory: it has no group with hosts"

# ---- reading


def read(name: str, pieces: Iterable[str], notes: list[str]) -> Iterator[Item]:
    """Yield what an inventory states, given as text in pieces.

    The layout of a YAML inventory is understood in JSON, too. Raises ``InvalidFile``.
    ``notes`` gets what to tell.
    """
    text = whole_text(name, pieces)
    data = whole(name, text)
    if not isinstance(data, dict) or not data:
        raise InvalidFile(f"{name}: {_NO_INVENTORY}.")
    lines = Lines(text)
    if _is_static(data):
        walk = Walk(name, notes, {}, lines.of_names)
        walk.take(data)
        return walk.items()
    return _Reader(name, notes, lines, data).items()


def _is_static(data: Mapping[str, Any]) -> bool:
    return "_meta" not in data and any(
        isinstance(group, dict)
        and any(isinstance(group.get(key), dict) for key in ("hosts", "children"))
        for group in data.values()
    )


_STRING = re.compile(r'^([ \t{\[]*)"((?:[^"\\\n]|\\.)*)"[ \t]*(:?)', re.MULTILINE)


class Lines:
    """Where names are in a text; exact where it is written one name a line."""

    def __init__(self, text: str) -> None:
        self.of_names: dict[str, int] = {}
        self._of_groups: dict[str, int] = {}
        items: dict[str, int] = {}
        outermost: int | None = None
        line, counted = 1, 0
        for found in _STRING.finditer(text):
            line += text.count("\n", counted, found.start())
            counted = found.start()
            if not found[3]:
                items.setdefault(found[2], line)
                continue
            depth = len(found[1].replace("{", ""))
            outermost = depth if outermost is None else outermost
            known = self._of_groups if depth == outermost else self.of_names
            known.setdefault(found[2], line)
        self.of_names = {**self._of_groups, **items, **self.of_names}

    def of_group(self, name: str) -> int:
        return self._of_groups.get(name) or self.of_host(name)

    def of_host(self, name: str) -> int:
        return self.of_names.get(name, 1)


class _Reader:
    """Goes through groups as the script plugin of Ansible does."""

    def __init__(
        self, name: str, notes: list[str], lines: Lines, data: dict[str, Any]
    ) -> None:
        self._name = name
        self._notes = notes
        self._lines = lines
        self._inventory = Inventory(name, notes)
        self._known: set[str] = set()
        self._bare: list[str] = []
        meta = data.pop("_meta", {})
        if not isinstance(meta, dict) or not isinstance(meta.get("hostvars", {}), dict):
            raise InvalidFile(f"{name}: “_meta” needs an object “hostvars”.")
        self._variables: dict[str, Any] = meta.get("hostvars", {})
        self._said = _said_of_groups(meta)
        if not (meta or any(map(_has_sections, data.values()))):
            raise InvalidFile(f"{name}: {_NO_INVENTORY}.")
        if not meta and (foreign := [n for n in data if _lists_objects(data[n])]):
            raise InvalidFile(
                f"{name}: is JSON, but not an Ansible inventory: {quoted(foreign[0])} "
                "lists objects, not names of hosts. JSON from AWX and NetBox can be "
                "imported; from other programs, export a table (CSV)."
            )
        for group, content in data.items():
            self._group(group, content)

    def items(self) -> Iterator[Item]:
        if self._bare:
            self._notes.append(
                "Groups without hosts, vars or children, each of which Ansible reads "
                f"as a host of that name: {some(self._bare)}."
            )
        stray = [name for name in self._variables if name not in self._known]
        if stray:
            self._notes.append(
                "Left out, as Ansible does, because they are in no group, not even "
                f"“all”: {some(stray)}."
            )
        return self._inventory.items()

    def _original(self, group: str) -> str:
        name = self._said.get(group, {}).get("name")
        return name if isinstance(name, str) else group

    def _group(self, given: str, content: Any) -> None:
        name = self._original(given)
        draft = self._inventory.add_group(name, self._lines.of_group(given))
        draft.line = self._lines.of_group(given)
        description = self._said.get(given, {}).get("description")
        if isinstance(description, str):
            draft.description = description
        content = self._as_object(given, content)
        for key, expected in (("hosts", list), ("vars", dict), ("children", list)):
            if not isinstance(content.get(key, expected()), expected):
                draft.errors.append(_wrong(key, content[key]))
                content = {k: v for k, v in content.items() if k != key}
        draft.vars.update(content.get("vars", {}))
        for host in content.get("hosts", ()):
            self._host(name, host)
        for child in content.get("children", ()):
            self._child(name, child)

    def _as_object(self, given: str, content: Any) -> dict[str, Any]:
        """Return the content under the keys of a group, which a bare list gets."""
        if not isinstance(content, dict):
            return {"hosts": content}
        is_empty_reserved = given in RESERVED_GROUPS and not content
        if is_empty_reserved or any(key in content for key in _KEYS):
            return content
        self._bare.append(given)
        return {"hosts": [given], "vars": content}

    def _child(self, group: str, child: Any) -> None:
        if not isinstance(child, str) or not child:
            self._inventory.groups[group].errors.append(_wrong("children", child))
            return
        line = self._lines.of_group(child)
        self._inventory.add_group(self._original(child), line)
        self._inventory.add_child(
            group, self._original(child), self._lines.of_names.get(child, line)
        )

    def _host(self, group: str, name: Any) -> None:
        if not isinstance(name, str) or not name:
            self._inventory.groups[group].errors.append(_wrong("hosts", name))
            return
        variables: Any = {}
        if name not in self._known:
            self._known.add(name)
            variables = self._variables.get(name, {})
        line = self._lines.of_host(name)
        if isinstance(variables, dict):
            self._inventory.add_host(name, line, group, variables)
            return
        host = self._inventory.add_host(name, line, group, {})
        host.errors.append(FieldError("vars", "must be a mapping of names to values."))


def _said_of_groups(meta: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    ours = meta.get("hostadmin")
    groups = ours.get("groups") if isinstance(ours, dict) else None
    if not isinstance(groups, dict):
        return {}
    return {name: said for name, said in groups.items() if isinstance(said, dict)}


def _has_sections(group: Any) -> bool:
    return isinstance(group, list) or (
        isinstance(group, dict) and any(key in group for key in _KEYS)
    )


def _lists_objects(group: Any) -> bool:
    items = group.get("hosts") if isinstance(group, dict) else group
    return isinstance(items, list) and any(isinstance(item, dict) for item in items)


def _wrong(key: str, value: Any) -> FieldError:
    if key == "vars":
        return FieldError("vars", "must be a mapping of names to values.")
    return FieldError(
        "children" if key == "children" else "row",
        f"has {quoted(value)} under “{key}”, which is not a list of names.",
    )


# ---- writing


def write(
    content: Source, notes: list[str], *, safe_group_names: bool = False
) -> Iterator[str]:
    """Yield a dynamic inventory: the groups with their hosts, then the variables.

    ``notes`` gets, at the end, what could not be written as it is.
    """
    left_out = LeftOut()
    names = [g["name"] for g in content.groups]
    safe = readable_group_names(
        *(names, ("_meta",), notes), safe_group_names=safe_group_names
    )
    yield from _written_groups(content, safe, left_out)
    yield ']},\n"_meta": {"hostvars": {'
    mark = "\n"
    for row in content.hosts:
        if not left_out.takes(row["hostname"]):
            continue
        kept = left_out.variables(host_variables(row))
        yield f"{mark}{json_text(row['hostname'])}: {json_text(kept)}"
        mark = ",\n"
    said = {safe[group["name"]]: said_of(group, safe) for group in content.groups}
    said = {name: words for name, words in said.items() if words}
    yield f'}}, "hostadmin": {json_text({"groups": said})}}}}}\n'
    notes += left_out.notes()


def _written_groups(
    content: Source, safe: Mapping[str, str], left_out: LeftOut
) -> Iterator[str]:
    """Yield "all", "ungrouped" and each group; the last list of hosts stays open."""
    inner = {child for group in content.groups for child in group["children"]}
    outer = [safe[g["name"]] for g in content.groups if g["name"] not in inner]
    kept = left_out.variables(content.vars)
    every = {"children": ["ungrouped", *outer], "vars": kept}
    yield f'{{\n"all": {json_text(every)},\n"ungrouped": {{"hosts":['
    yield from _listed(filter(left_out.holds, content.members(None)))
    for group in content.groups:
        kept = left_out.variables(group["vars"])
        children = [safe[name] for name in group["children"] if name in safe]
        yield f"]}},\n{json_text(safe[group['name']])}: {{"
        yield f'"children":{json_text(children)},"vars":{json_text(kept)},"hosts":['
        yield from _listed(filter(left_out.holds, content.members(group["name"])))


def _listed(names: Iterable[str]) -> Iterator[str]:
    mark = ""
    # Many at once: each call to the encoder costs more than a name.
    for some_names in batched(names, _TOGETHER):
        yield f"{mark}{json_text(some_names)[1:-1]}"
        mark = ","


def said_of(group: Mapping[str, Any], safe: Mapping[str, str]) -> dict[str, Any]:
    """Return what Ansible has no place for, so that we can read it back."""
    name = group["name"]
    said = {} if safe[name] == name else {"name": name}
    if group.get("description"):
        said["description"] = group["description"]
    return said
