"""What is to become of hosts, as said in a form or command: read and checked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import FieldError, HostadminError, InvalidInput, InvalidValue
from ..query.fields import Field, find_field
from ..validation.host_fields import VOCABULARY_FIELDS
from ..validation.json_values import clean_vars
from ..validation.rules import HOST_RULES
from ..validation.values import STATUSES, HostStatus, clean_groups, plain, quoted
from ..validation.yaml_vars import parse_value

CHANGE, CONFIRM, DELETE = "change", "confirm", "delete"
# What many hosts can share; names and addresses are each host's own.
# Variables and groups of one change: each is looked at on every host.
MOST_AT_ONCE = 100
SETTABLE = ("status", *VOCABULARY_FIELDS, "port", "notes")
# What errors of groups are named by.
ADD_GROUPS, REMOVE_GROUPS = "add-group", "remove-group"

Path = tuple[str, ...]


@dataclass(frozen=True)
class BulkEdit:
    """What is to become of each host, whatever it is now.

    ``fields`` are column → value, None to clear it; ``variables`` path → [value], or
    [] to remove it. ``renamed_from`` is the value of the one field that is replaced, on
    all hosts.
    """

    action: str = CHANGE
    fields: Mapping[str, Any] = field(default_factory=dict)
    add_groups: tuple[str, ...] = ()
    remove_groups: tuple[str, ...] = ()
    variables: Mapping[Path, list[Any]] = field(default_factory=dict)
    renamed_from: str | None = None
    # Groups of ``add_groups`` that are not there yet are made; else they are refused.
    make_groups: bool = False

    def __bool__(self) -> bool:
        return self.action != CHANGE or bool(
            self.fields or self.add_groups or self.remove_groups or self.variables
        )

    @property
    def touched(self) -> tuple[str, ...]:
        """The fields of a host that the edit looks at."""
        groups = ("groups",) if self.add_groups or self.remove_groups else ()
        variables = ("vars",) if self.variables else ()
        return (*self.fields, *groups, *variables)

    def plain(self) -> dict[str, Any]:
        """Return the edit as JSON can hold it, the same for the same edit."""
        return {
            "action": self.action,
            "fields": {name: plain(value) for name, value in self.fields.items()},
            "add_groups": sorted(self.add_groups),
            "remove_groups": sorted(self.remove_groups),
            "variables": [[list(path), v] for path, v in self.variables.items()],
            "renamed_from": self.renamed_from,
        }


RETIRE = BulkEdit(fields={"status": HostStatus.RETIRED})


def read_edit(
    assignments: Iterable[tuple[str, str]] = (),
    *,
    variables: Mapping[str, Any] | None = None,
    add_groups: Iterable[str] = (),
    remove_groups: Iterable[str] = (),
    make_groups: bool = False,
) -> BulkEdit:
    """Return what the texts say; names are those of a query, an empty text clears.

    ``variables`` are name or path with dots → value. Raises ``InvalidInput`` with all
    that is wrong.
    """
    assignments, variables = list(assignments), variables or {}
    wanted = {ADD_GROUPS: list(add_groups), REMOVE_GROUPS: list(remove_groups)}
    _check_numbers(variables=len(assignments) + len(variables), groups=wanted)
    errors: list[FieldError] = []
    fields, paths = _read_values(assignments, variables, errors)
    groups = _read_groups(wanted, errors)
    if errors:
        raise InvalidInput(errors)
    return BulkEdit(
        fields=fields,
        add_groups=groups[ADD_GROUPS],
        remove_groups=groups[REMOVE_GROUPS],
        variables=paths,
        make_groups=make_groups,
    )


def _check_numbers(*, variables: int, groups: Mapping[str, list[str]]) -> None:
    numbers = {"variables": variables, **{key: len(n) for key, n in groups.items()}}
    for key, number in numbers.items():
        if number > MOST_AT_ONCE:
            text = f"Use at most {MOST_AT_ONCE} at once."
            raise InvalidInput([FieldError(key, text)])


def _read_values(
    assignments: Iterable[tuple[str, str]],
    variables: Mapping[str, Any],
    errors: list[FieldError],
) -> tuple[dict[str, Any], dict[Path, list[Any]]]:
    fields: dict[str, Any] = {}
    paths: dict[Path, list[Any]] = {}
    for name, text in assignments:
        try:
            _assign(name, text, fields, paths)
        except HostadminError as error:
            errors.append(FieldError(name, str(error)))
    for name, value in variables.items():
        try:
            _put(find_field(f"var.{name}").path, [value], paths)
        except HostadminError as error:
            errors.append(FieldError(f"var.{name}", str(error)))
    return fields, paths


def _read_groups(
    wanted: Mapping[str, list[str]], errors: list[FieldError]
) -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for key, names in wanted.items():
        try:
            groups[key] = tuple(clean_groups(names))
        except InvalidValue as error:
            errors.append(FieldError(key, str(error)))
    both = set(groups.get(ADD_GROUPS, ())) & set(groups.get(REMOVE_GROUPS, ()))
    errors += [
        FieldError(REMOVE_GROUPS, f"{quoted(name)} cannot be both added and removed.")
        for name in sorted(both)
    ]
    return groups


def read_rename(name: str, old: str, new: str) -> BulkEdit:
    """Return the edit to write a value in another way, on all hosts that have it."""
    field = _find(name)
    if field.attribute not in VOCABULARY_FIELDS:
        known = ", ".join(VOCABULARY_FIELDS)
        raise InvalidInput(
            [FieldError(name, f"cannot be renamed everywhere. Use one of: {known}.")]
        )
    edit = read_edit([(name, new)])
    if not old.strip() or None in edit.fields.values():
        raise InvalidInput(
            [FieldError(name, "Enter both the current and the new value.")]
        )
    return replace(edit, renamed_from=old.strip())


def _find(name: str) -> Field:
    try:
        return find_field(name)
    except HostadminError as error:
        raise InvalidInput([FieldError(name, str(error))]) from None


def _assign(
    name: str, text: str, fields: dict[str, Any], variables: dict[Path, list[Any]]
) -> None:
    field = find_field(name)
    if field.path:
        _put(field.path, [parse_value(text)] if text.strip() else [], variables)
        return
    column = field.attribute
    if column not in SETTABLE:
        known = f"cannot be set. Use one of: {', '.join(SETTABLE)} and var.NAME."
        raise InvalidValue(field.kind.why_not_set or known)
    if column in fields:
        raise InvalidValue("is set twice.")
    if column == "status" and not text.strip():
        raise InvalidValue(f"cannot be empty. Use one of: {', '.join(STATUSES)}.")
    fields[column] = HOST_RULES[column](text)


def _put(path: Path, value: list[Any], variables: dict[Path, list[Any]]) -> None:
    for other in variables:
        shorter = min(len(path), len(other))
        if path[:shorter] == other[:shorter]:
            raise InvalidValue("is set twice, or inside another variable that is set.")
    document: Any = value[0] if value else None
    for name in reversed(path):
        document = {name: document}
    clean_vars(document)
    variables[path] = value
