"""Fields of a host as variables of Ansible, and back; the same for every layout.

What Ansible has a variable for is that variable: an address is ``ansible_host``, a
port ``ansible_port``. The other fields are variables of ours, ``hostadmin_status``
and so on, which are there only where a field says something.
"""

import re
from collections.abc import Mapping
from typing import Any

from ...errors import InvalidValue
from ...validation.addresses import address_text, parse_address
from ...validation.host_fields import VOCABULARY_FIELDS

PREFIX = "hostadmin_"
VAULT = "__ansible_vault"
UNSAFE = "__ansible_unsafe"
PRIORITY = "ansible_group_priority"

# Whatever people write there; the other two hold only what we know.
_TEXTS = ("aliases", *VOCABULARY_FIELDS, "notes")
_FREE = ("aliases", "addresses", "status", *VOCABULARY_FIELDS, "notes")
_FREE_NAMES = tuple((field, PREFIX + field) for field in _FREE)
# Where name and variables would give something else, these say what is right.
_FIELDS = {PREFIX + field: field for field in ("ip_addr", "port", *_FREE)}
# Holds variables that happen to be called like one of ours.
_OTHERS = f"{PREFIX}vars"
_SPECIAL = frozenset((*_FIELDS, _OTHERS, "ansible_host", "ansible_port"))
_TEMPLATE = re.compile(r"\{[{%#]|#jinja2", re.IGNORECASE)
_PERHAPS_ADDRESS = re.compile(r"\s*[0-9a-fA-F:.]+\s*")


def host_fields(name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a host that Ansible knows by a name and variables."""
    rest = dict(variables)
    fields: dict[str, Any] = {"hostname": name}
    for key in _FIELDS.keys() & rest.keys():
        value = _without_mark(rest.pop(key))
        if value is not None:
            fields[_FIELDS[key]] = value
    if f"{PREFIX}ip_addr" not in variables:
        _move_address(name, rest, fields)
    if f"{PREFIX}port" not in variables and type(rest.get("ansible_port")) is int:
        fields["port"] = rest.pop("ansible_port")
    if isinstance(rest.get(_OTHERS), dict):
        rest.update(rest.pop(_OTHERS))
    if rest:
        fields["vars"] = rest
    return fields


def _move_address(name: str, rest: dict[str, Any], fields: dict[str, Any]) -> None:
    stated = rest.get("ansible_host")
    address = address_in(stated)
    if address is not None:
        fields["ip_addr"] = address
        # Otherwise it would be lost how it was written, or that it was at all.
        if stated == address != name:
            del rest["ansible_host"]
    elif (address := address_in(name)) is not None:
        fields["ip_addr"] = address


def address_in(value: object) -> str | None:
    """Return the address that a value is, or None where it is something else."""
    if not isinstance(value, str) or not _PERHAPS_ADDRESS.fullmatch(value):
        return None
    try:
        return address_text(parse_address(value))
    except InvalidValue:
        return None


def host_variables(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables from which ``host_fields`` makes the row again."""
    name, address, port = row["hostname"], row.get("ip_addr"), row.get("port")
    own = row.get("vars") or {}
    if _SPECIAL.isdisjoint(own) and not _PERHAPS_ADDRESS.fullmatch(name):
        found = dict(own)
        if address:
            found["ansible_host"] = address
        if port is not None:
            found["ansible_port"] = port
    else:
        found = _distinct(name, address, port, own)
    for field, name in _FREE_NAMES:
        value = row.get(field)
        if value and (value != "active" or field != "status"):
            found[name] = marked(value) if field in _TEXTS else value
    return found


def _distinct(
    name: str, address: str | None, port: int | None, own: Mapping[str, Any]
) -> dict[str, Any]:
    """Return variables where the host's own, or its name, could be taken for ours."""
    found = _beside_ours(own)
    if address and "ansible_host" not in found and address_in(name) != address:
        found["ansible_host"] = address
    if port is not None:
        found.setdefault("ansible_port", port)
    back = host_fields(name, found)
    kept = back.get("vars") or {}
    for variable, field, value in (
        ("ansible_host", "ip_addr", address),
        ("ansible_port", "port", port),
    ):
        if back.get(field) != value or _differs(variable, own, kept):
            found[f"{PREFIX}{field}"] = value
    return found


def _beside_ours(own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables; those under our names go inside of one."""
    found = {key: value for key, value in own.items() if not _is_ours(key)}
    if len(found) < len(own):
        found[_OTHERS] = {key: value for key, value in own.items() if _is_ours(key)}
    return found


def _is_ours(key: str) -> bool:
    return key in _FIELDS or key == _OTHERS


def _differs(key: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return (key in one) != (key in other)


# ---- marks


def marked(value: Any) -> Any:
    """Return free text with the mark that keeps Ansible from templating it.

    Whatever is in it: a header such as ``#jinja2:`` changes what begins a template.
    """
    if not isinstance(value, str):
        return [marked(item) for item in value]
    return {UNSAFE: value}


def may_be_template(text: str) -> bool:
    """Whether Ansible could run the text; a header may set other delimiters."""
    return _TEMPLATE.search(text) is not None


def as_plain_text(text: str) -> Any:
    """Return a cell of a table as a variable that Ansible never runs as a template."""
    return {UNSAFE: text} if may_be_template(text) else text


def _without_mark(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_mark(item) for item in value]
    if isinstance(value, dict) and mark_of(value) == UNSAFE:
        return value[UNSAFE]
    return value


def mark_of(value: Mapping[str, Any]) -> str | None:
    """Return which mark an object is: an encrypted or an unsafe text."""
    if len(value) == 1:
        ((key, text),) = value.items()
        if key in (VAULT, UNSAFE) and isinstance(text, str):
            return key
    return None


def without_misread(variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out variables at which Ansible would refuse the whole inventory."""
    for name, value in variables.items():
        if name == PRIORITY or type(value) in (dict, list):
            return {k: v for k, v in variables.items() if not _is_misread(k, v)}
    return variables


def _is_misread(name: str, value: Any) -> bool:
    if name == PRIORITY:
        try:
            int(value)
        except (TypeError, ValueError, OverflowError):
            return True
    return _has_broken_mark(value)


def _has_broken_mark(value: Any) -> bool:
    if isinstance(value, list):
        return any(_has_broken_mark(item) for item in value)
    if not isinstance(value, dict) or mark_of(value):
        return False
    return (
        VAULT in value
        or UNSAFE in value
        or any(_has_broken_mark(item) for item in value.values())
    )
