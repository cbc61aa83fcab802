"""What a query, filter, sort or count may name.

The table of the fields of a host is ``validation.host_fields``.
"""

import re

from ..errors import QueryError
from ..models import Host
from ..validation.host_fields import HOST_FIELDS, HostField
from ..validation.json_values import MAX_DEPTH
from ..validation.values import fold, nearest, quoted
from .checks import CHECKS
from .kinds import KINDS
from .kinds.base import Field as Field


def _field(known: HostField) -> Field:
    column = getattr(Host, known.name)
    return Field(
        known.query,
        known.label,
        KINDS[known.kind],
        known.description,
        known.also,
        column if known.name in Host.__mapper__.columns else None,
        getattr(Host, known.sort) if known.sort else None,
        nullable=known.nullable,
        groupable=known.is_groupable,
        phrase=known.phrase,
        not_phrase=known.not_phrase,
        noun=known.noun,
        rank=known.rank,
    )


_FIELDS = (
    *(_field(known) for known in HOST_FIELDS if known.query),
    Field(
        "check",
        "Check",
        KINDS["check"],
        f"problems found by Data quality: {', '.join(CHECKS)}",
        nullable=False,
    ),
    Field(
        "set",
        "Set",
        KINDS["set"],
        "the number of a set of hosts, such as a pasted list",
        nullable=False,
        rank=2,
    ),
    Field(
        "change",
        "Change",
        KINDS["change"],
        "the number of a change: the hosts that it added or edited",
        nullable=False,
        rank=2,
    ),
)

FIELDS: dict[str, Field] = {field.name: field for field in _FIELDS}
SORTABLE: dict[str, Field] = {f.name: f for f in _FIELDS if f.sortable}

_BY_NAME: dict[str, Field] = {
    name: field for field in _FIELDS for name in (field.name, *field.aliases)
}
_VARIABLE = "var."
_ANY_VARIABLE = "var.NAME"
# What NetBox, phpIPAM, Foreman, Snipe-IT and Ansible call them: shown, never guessed.
_OTHER_NAMES = {
    **dict.fromkeys(("fqdn", "dns_name", "device", "inventory_hostname"), "hostname"),
    **dict.fromkeys(("ipaddr", "ip_address", "primary_ip", "subnet", "prefix"), "ip"),
    **dict.fromkeys(("site", "datacenter", "region"), "location"),
    **dict.fromkeys(("tag", "tags", "hostgroup", "host_group"), "group"),
    **dict.fromkeys(("description", "comment", "comments", "note"), "notes"),
    **dict.fromkeys(("added", "registered"), "created"),
    **dict.fromkeys(("last_updated", "changed"), "updated"),
    **dict.fromkeys(("last_report", "last_seen", "seen"), "confirmed"),
    **{"platform": "os", "tenant": "owner", "state": "status", "stage": "env"},
}
_OTHER_VARIABLE = re.compile(
    r"(?:vars|variables?|facts|params?|cf|custom_fields?)[._](.+)", re.IGNORECASE
)


def find_field(name: str) -> Field:
    """Return the field of that name or other name, or raise ``QueryError``."""
    folded = fold(name.strip())
    if folded.startswith(_VARIABLE):
        return _variable(name.strip()[len(_VARIABLE) :])
    field = _BY_NAME.get(folded)
    if field is None:
        found = _meant_field(name)
        raise QueryError(
            f"Unknown field {quoted(name)}.",
            field_hint(name),
            value=name,
            instead=None if found == _ANY_VARIABLE else found,
        )
    return field


def is_field(name: str) -> bool:
    """Whether a name is that of a field, or of a variable."""
    try:
        find_field(name)
    except QueryError:
        return False
    return True


def _meant_field(name: str) -> str | None:
    if variable := _OTHER_VARIABLE.fullmatch(name.strip()):
        return f"{_VARIABLE}{variable[1]}"
    other = _OTHER_NAMES.get(fold(name.strip()))
    return other or nearest(name, [*_BY_NAME, _ANY_VARIABLE])


def field_hint(name: str) -> str:
    """Return a sentence that helps somebody who wrote a name that is no field."""
    found = _meant_field(name)
    if found:
        return f"Did you mean “{found}”?"
    return f"Use one of: {', '.join(FIELDS)}, var.NAME."


def _variable(name: str) -> Field:
    path = tuple(name.split("."))
    if not all(path):
        raise QueryError(
            f"{quoted(_VARIABLE + name)} is not a variable.",
            "Use var.NAME, or var.NAME.KEY for a key inside it.",
        )
    if len(path) > MAX_DEPTH:
        raise QueryError(f"Variables can be at most {MAX_DEPTH} levels deep.")
    kind = KINDS["variable"]
    return Field(f"var.{name}", name, kind, "a variable of the host itself", path=path)
