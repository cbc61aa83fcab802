"""An inventory as Ansible builds it up while it reads, whatever the layout."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import FieldError, InvalidFile, after_field
from ...validation.values import RESERVED_GROUPS, quoted
from ..document import FileGroup, FileVars, Item, namesakes_note, some
from ..rows import ROW, Row
from .fields import UNSAFE, host_fields

# Hosts, memberships and variables of hosts: one line with a range may state millions.
MAX_STATED = 5_000_000
MAX_HOSTS = 500_000
MAX_GROUPS = 100_000
# Beyond that it is another kind of file.
MAX_BAD = 10_000
MAX_RINGS = 20


@dataclass(slots=True)
class DraftHost:
    line: int
    name: str
    vars: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, None] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)


@dataclass(slots=True)
class DraftGroup:
    line: int
    name: str
    description: str | None = None
    vars: dict[str, Any] = field(default_factory=dict)
    # Child → the line that says so.
    children: dict[str, int] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)


class Inventory:
    """Takes what a file states, in its order, and then yields what it comes to."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self._name = name
        self._notes = notes
        self._stated = 0
        self._bad: list[Row] = []
        self.groups = {"all": DraftGroup(1, "all"), "ungrouped": DraftGroup(1, "")}
        self.hosts: dict[str, DraftHost] = {}

    def add_group(self, name: str, line: int) -> DraftGroup:
        found = self.groups.get(name)
        if found is None:
            if len(self.groups) > MAX_GROUPS:
                raise InvalidFile(f"{self._name}: has over {MAX_GROUPS:,} groups.")
            found = self.groups[name] = DraftGroup(line, name)
        return found

    def add_child(self, parent: str, child: str, line: int) -> None:
        self._count(1)
        if child == "ungrouped" and parent == "all":
            return
        group = self.groups[parent]
        if child in RESERVED_GROUPS:
            group.errors.append(
                FieldError(
                    "children",
                    f"line {line}: {quoted(child)} is a built-in group and cannot be "
                    "a child of another.",
                )
            )
        # Every group is in "all".
        elif parent != "all":
            group.children.setdefault(child, line)

    def add_host(
        self,
        name: str,
        line: int,
        group: str,
        variables: Mapping[str, Any],
        port: int | None = None,
    ) -> DraftHost:
        """Add a host to a group; what was stated of it before is kept or replaced."""
        self._count(2 + len(variables))
        host = self.hosts.get(name)
        if host is None:
            if len(self.hosts) >= MAX_HOSTS:
                raise InvalidFile(
                    f"{self._name}: has over {MAX_HOSTS:,} hosts; use CSV or JSON "
                    "Lines."
                )
            host = self.hosts[name] = DraftHost(line, name)
            # Ansible ignores a port that comes with a later mention.
            if port:
                host.vars["ansible_port"] = port
        if group not in RESERVED_GROUPS:
            host.groups[group] = None
        host.vars.update(variables)
        return host

    def add_bad_row(self, line: int, message: str, hostname: str | None = None) -> None:
        """Name a line that states no host which could be read."""
        if len(self._bad) >= MAX_BAD:
            first = self._bad[0]
            raise InvalidFile(
                f"{self._name}: over {MAX_BAD:,} lines cannot be read, such as line "
                f"{first.line}{after_field(first.errors[0].message)}"
            )
        values = {} if hostname is None else {"hostname": hostname}
        self._bad.append(Row(line, values, (FieldError(ROW, message),)))

    def _count(self, stated: int) -> None:
        self._stated += stated
        if self._stated > MAX_STATED:
            raise InvalidFile(
                f"{self._name}: has over {MAX_STATED:,} hosts, members and "
                "variables; use CSV or JSON Lines."
            )

    def items(self) -> Iterator[Item]:
        """Yield the variables of the whole inventory, the groups, and the hosts."""
        self._check_cycles()
        every, rest = self.groups["all"], self.groups["ungrouped"]
        if rest.vars and rest.children:
            # They would hold for the groups inside, too, below all other variables.
            inside = some(list(rest.children))
            message = f"belong to a group that holds others; set them on {inside}."
            rest.errors.append(FieldError("vars", message))
        if every.vars or every.errors:
            yield FileVars(every.line, every.vars, tuple(every.errors))
        if rest.errors:
            yield FileGroup(rest.line, "ungrouped", {}, tuple(rest.errors))
        self._move_ungrouped_variables(rest)
        for name, group in self.groups.items():
            if name not in RESERVED_GROUPS:
                yield FileGroup(
                    group.line, name, _group_values(group), tuple(group.errors)
                )
        yield from self._rows()

    def _rows(self) -> Iterator[Row]:
        namesakes = [name for name in self.hosts if name in self.groups]
        if namesakes:
            self._notes.append(namesakes_note(namesakes))
        if not self.hosts and not self._bad:
            self._notes.append("The file has no hosts.")
        bad = iter(sorted(self._bad, key=lambda row: row.line))
        next_bad = next(bad, None)
        for host in self.hosts.values():
            while next_bad is not None and next_bad.line < host.line:
                yield next_bad
                next_bad = next(bad, None)
            fields = host_fields(host.name, host.vars)
            if host.groups:
                fields["groups"] = list(host.groups)
            yield Row(host.line, fields, tuple(host.errors))
        if next_bad is not None:
            yield next_bad
        yield from bad

    def _move_ungrouped_variables(self, rest: DraftGroup) -> None:
        """Keep them at the hosts: a group that is only implied has no place."""
        if not rest.vars or rest.children:
            return
        hosts = [host for host in self.hosts.values() if not host.groups]
        for host in hosts:
            self._count(len(rest.vars))
            host.vars = {**rest.vars, **host.vars}
        self._notes.append(
            "The variables of “ungrouped” were added to the hosts without a group "
            f"({len(hosts):,})."
        )

    def _check_cycles(self) -> None:
        done: set[str] = set()
        for name in self.groups:
            if name not in done:
                self._check_below(name, done)

    def _check_below(self, top: str, done: set[str]) -> None:
        # Not by recursion: a file may nest groups by the thousand.
        rings = 0
        path = {top: iter(self.groups[top].children)}
        while path:
            name = next(reversed(path))
            child = next(path[name], None)
            if child is None:
                done.add(name)
                del path[name]
            elif child in path:
                rings += 1
                if rings <= MAX_RINGS:
                    self._refuse_ring([*path], child)
            elif child not in done:
                path[child] = iter(self.groups[child].children)

    def _refuse_ring(self, path: list[str], child: str) -> None:
        group = self.groups[path[-1]]
        ring = [*path[path.index(child) :], child]
        group.errors.append(
            FieldError(
                "children",
                f"line {group.children[child]}: {quoted(child)} would be inside "
                f"itself: {_shown_ring(ring)}.",
            )
        )


def _shown_ring(ring: list[str]) -> str:
    if len(ring) > 8:
        ring = [*ring[:4], "…", *ring[-3:]]
    return " > ".join(ring)


def _group_values(group: DraftGroup) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if group.description is not None:
        values["description"] = group.description
    if group.vars:
        values["vars"] = group.vars
    if group.children:
        values["children"] = list(group.children)
    return values


def plain(value: Any) -> Any:
    """Return a value as the JSON that ``ansible-inventory`` prints of it."""
    if isinstance(value, dict):
        return {plain_name(name): plain(item) for name, item in value.items()}
    if isinstance(value, set | frozenset):
        # In an order of each process its own, which would be a change each time.
        value = sorted(value, key=repr)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return {UNSAFE: value.decode("utf-8", "replace")}
    if isinstance(value, complex):
        return str(value)
    return "..." if value is ... else value


def plain_name(name: object) -> object:
    """Return a name of a mapping as it is in JSON."""
    if name is None:
        return "null"
    if isinstance(name, bool):
        return "true" if name else "false"
    return repr(name) if isinstance(name, int | float) else name
