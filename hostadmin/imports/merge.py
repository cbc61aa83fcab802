"""What a file states, put together with what is there, field by field.

Without ``replace``, lists and variables gain what is stated. With it, what is there
and not stated goes. What would go is returned in both cases.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import InvalidValue
from ..formats.ansible.fields import address_in
from ..validation.addresses import MAX_ADDRESSES
from ..validation.host_fields import VOCABULARY_FIELDS
from ..validation.json_values import clean_vars, same_json
from ..validation.rules import HOST_RULES
from ..validation.values import MAX_ALIASES, fold, name_key

# A host always has a name and a status: there is nothing to take away.
_ALWAYS = frozenset({"hostname", "status"})


class Unfit(Exception):
    """What the file states does not fit to what is there."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        super().__init__(reason)


@dataclass(slots=True)
class Merged:
    """Field → [from, to], and what is there without being stated."""

    changes: dict[str, list[Any]] = field(default_factory=dict)
    unstated: dict[str, Any] = field(default_factory=dict)


def merge_host(
    given: Mapping[str, Any], known: Mapping[str, Any], *, replace: bool
) -> Merged:
    """Compare a row with a host. Terms are not spelled yet. Raises ``Unfit``.

    The name itself stays as it is spelled there.
    """
    merged = Merged()
    for name in HOST_RULES:
        before = known.get(name)
        if name in _ALWAYS:
            if name in given and name != "hostname" and before != given[name]:
                merged.changes[name] = [before, given[name]]
        elif name in _LISTS:
            if before or name in given:
                _LISTS[name](merged, given, known, replace)
        else:
            _merge_value(merged, name, given, before, replace)
    _keep_from_contradicting(merged, given, known)
    return merged


def _merge_value(
    merged: Merged, name: str, given: Mapping[str, Any], before: Any, replace: bool
) -> None:
    if name in given:
        if not _equal(name, before, given[name]):
            merged.changes[name] = [before, given[name]]
    elif before is not None:
        merged.unstated[name] = before
        if replace:
            merged.changes[name] = [before, None]


def _equal(name: str, before: Any, value: Any) -> bool:
    if name in VOCABULARY_FIELDS and before is not None:
        return fold(before) == fold(value)
    return bool(before == value)


def merge_vars(
    merged: Merged, given: Mapping[str, Any], known: Mapping[str, Any], replace: bool
) -> None:
    before, stated = known.get("vars") or {}, given.get("vars", {})
    unstated = {name: before[name] for name in before if name not in stated}
    if unstated:
        merged.unstated["vars"] = unstated
    after = stated if replace else {**before, **stated}
    if not same_json(after, before):
        _set_vars(merged, before, after)


def _set_vars(merged: Merged, before: Any, after: dict[str, Any]) -> None:
    try:
        clean_vars(after)
    except InvalidValue as error:
        raise Unfit(
            "vars", f"together with the existing variables, they {error}"
        ) from None
    merged.changes["vars"] = [before or None, after or None]


def _merge_aliases(
    merged: Merged, given: Mapping[str, Any], known: Mapping[str, Any], replace: bool
) -> None:
    before, stated = known.get("aliases") or [], given.get("aliases", [])
    have = {name_key(name) for name in (known["hostname"], *before)}
    gained = [name for name in stated if name_key(name) not in have]
    keys = {name_key(name) for name in stated}
    unstated = [name for name in before if name_key(name) not in keys]
    _set_list(merged, "aliases", before, gained, unstated, replace)
    _check_length("aliases", merged, MAX_ALIASES)


def _merge_addresses(
    merged: Merged, given: Mapping[str, Any], known: Mapping[str, Any], replace: bool
) -> None:
    before, stated = known.get("addresses") or [], given.get("addresses", [])
    kept = None if replace else known.get("ip_addr")
    own = given.get("ip_addr") or kept
    gained = [text for text in stated if text not in (own, *before)]
    unstated = [text for text in before if text not in (own, *stated)]
    _set_list(merged, "addresses", before, gained, unstated, replace)
    _drop_main_address(merged, own, before)
    _check_length("addresses", merged, MAX_ADDRESSES)


def _drop_main_address(merged: Merged, own: Any, before: Sequence[Any]) -> None:
    """Keep what became the main address out of the further ones."""
    _, now = merged.changes.get("addresses", (None, before))
    if now and own in now:
        rest = [text for text in now if text != own]
        merged.changes["addresses"] = [before, rest or None]


def _merge_groups(
    merged: Merged, given: Mapping[str, Any], known: Mapping[str, Any], replace: bool
) -> None:
    merge_references(merged, "groups", given, known, replace)


def merge_references(
    merged: Merged,
    name: str,
    given: Mapping[str, Any],
    known: Mapping[str, Any],
    replace: bool,
) -> None:
    """Merge groups as the history keeps them; new ones have no id yet."""
    before, stated = known.get(name) or [], given.get(name, [])
    have, wanted = {item["name"] for item in before}, set(stated)
    gained: list[Any] = [{"name": text} for text in stated if text not in have]
    unstated = [item for item in before if item["name"] not in wanted]
    _set_list(merged, name, before, gained, unstated, replace)


def _set_list(
    merged: Merged,
    name: str,
    before: Sequence[Any],
    gained: Sequence[Any],
    unstated: Sequence[Any],
    replace: bool,
) -> None:
    if unstated:
        merged.unstated[name] = list(unstated)
    lost = set(map(_name, unstated)) if replace else set()
    if gained or lost:
        after = [item for item in before if _name(item) not in lost] + list(gained)
        after.sort(key=_name)
        merged.changes[name] = [list(before) or None, after or None]


def _name(item: Any) -> str:
    return str(item["name"] if isinstance(item, dict) else item)


def _check_length(name: str, merged: Merged, limit: int) -> None:
    after = merged.changes.get(name, (None, None))[1] or ()
    if len(after) > limit:
        raise Unfit(
            name,
            f"together with the existing entries, there would be {len(after)}; at most "
            f"{limit} are allowed.",
        )


_LISTS = {
    "vars": merge_vars,
    "aliases": _merge_aliases,
    "addresses": _merge_addresses,
    "groups": _merge_groups,
}


# ---- variables of Ansible that say the same as a field


def _keep_from_contradicting(
    merged: Merged, given: Mapping[str, Any], known: Mapping[str, Any]
) -> None:
    """Let what the file states last hold for Ansible, too.

    To Ansible, a variable ``ansible_host`` or ``ansible_port`` counts before our
    fields. So a variable that was there goes when the file states another address or
    port; and a port goes when the file states a variable that says otherwise. An
    address stays beside a name in ``ansible_host``: both are true.
    """
    stated = given.get("vars", {})
    _drop_contradicting(merged, given, known, stated)
    port = known.get("port")
    if "port" not in given and port is not None and _other_port(port, stated):
        merged.changes["port"] = [port, None]
        merged.unstated.pop("port", None)


def _drop_contradicting(
    merged: Merged,
    given: Mapping[str, Any],
    known: Mapping[str, Any],
    stated: Mapping[str, Any],
) -> None:
    before = known.get("vars") or {}
    after = merged.changes["vars"][1] if "vars" in merged.changes else before
    contradicts = {
        "ansible_host": _other_address(given, after),
        "ansible_port": _other_port(given.get("port"), after),
    }
    stale = {name for name, does in contradicts.items() if does} - set(stated)
    if not stale:
        return
    _set_vars(merged, before, {n: v for n, v in after.items() if n not in stale})
    for name in stale & merged.unstated.get("vars", {}).keys():
        del merged.unstated["vars"][name]
    if not merged.unstated.get("vars", True):
        del merged.unstated["vars"]


def _other_address(given: Mapping[str, Any], variables: Mapping[str, Any]) -> bool:
    address: str | None = given.get("ip_addr")
    if not variables or address is None or "ansible_host" not in variables:
        return False
    if address_in(given.get("hostname")) == address:
        # Perhaps it is only there since the name is one.
        return False
    return address_in(variables["ansible_host"]) != address


def _other_port(port: int | None, variables: Mapping[str, Any]) -> bool:
    if not variables or port is None or "ansible_port" not in variables:
        return False
    return str(variables["ansible_port"]).strip() != str(port)
