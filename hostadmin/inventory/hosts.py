"""Hosts, one at a time: find, add, change, delete."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from ..db.session import db
from ..errors import FieldError, InvalidInput, InvalidValue, NotFound
from ..models import Host, HostAddress, HostAlias
from ..validation.addresses import address_key, ip_key, parse_address
from ..validation.host_fields import VOCABULARY_FIELDS
from ..validation.rules import clean_host
from ..validation.values import name_key
from .flush import check_version, saved
from .groups import find_groups
from .vocabulary import canonical_value


def get_host(host_id: int) -> Host:
    """Return the host or raise ``NotFound``."""
    host = db.session.get(Host, host_id)
    if host is None:
        raise NotFound(f"Host {host_id} does not exist.")
    return host


def find_host(name: str) -> Host | None:
    """Return the host with this name, whatever its case."""
    return db.session.scalars(
        sa.select(Host).where(Host.hostname_key == name_key(name))
    ).one_or_none()


def find_hosts(text: str) -> list[Host]:
    """Return the host of that name, else those with that alias, else that address."""
    if host := find_host(text):
        return [host]
    aliases = sa.select(HostAlias.host_id).where(HostAlias.name_key == name_key(text))
    found = _by_ids(aliases)
    if found:
        return found
    try:
        key = address_key(parse_address(text))
    except InvalidValue:
        return []
    own = sa.select(Host.id).where(Host.ip_key == key)
    further = sa.select(HostAddress.host_id).where(HostAddress.ip_key == key)
    return _by_ids(sa.union(own, further))


def _by_ids(ids: "sa.Select[int] | sa.CompoundSelect[int]") -> list[Host]:
    hosts = sa.select(Host).where(Host.id.in_(ids)).order_by(Host.hostname_sort)
    return list(db.session.scalars(hosts))


def add_host(given: Mapping[str, object]) -> Host:
    """Add a host. Raises ``InvalidInput`` with every field that is wrong."""
    fields = clean_host({"hostname": None, **given})
    _check_name_free(fields["hostname"], None)
    host = Host()
    _set_fields(host, fields)
    db.session.add(host)
    return saved(host, "hostname")


def change_host(
    host_id: int, given: Mapping[str, object], version: int | None = None
) -> Host:
    """Change the given fields of a host; the others stay.

    ``version`` is the one the writer saw. Raises ``InvalidInput``, ``NotFound``,
    ``Conflict``.
    """
    host = get_host(host_id)
    check_version(host, version)
    fields = clean_host(_with_counterparts(host, given))
    if "hostname" in fields:
        _check_name_free(fields["hostname"], host_id)
    _set_fields(host, fields)
    return saved(host, "hostname")


def _with_counterparts(host: Host, given: Mapping[str, object]) -> dict[str, object]:
    """Add what a given name or address has to be compared with: none may repeat."""
    stored: dict[str, object] = {}
    if given.keys() & {"hostname", "aliases"}:
        stored["hostname"] = host.hostname
        stored["aliases"] = [alias.name for alias in host.aliases]
    if given.keys() & {"ip_addr", "addresses"}:
        stored["ip_addr"] = host.ip_addr
        stored["addresses"] = [address.ip_addr for address in host.addresses]
    return stored | dict(given)


def delete_host(host_id: int, version: int | None = None) -> None:
    """Delete a host; the history keeps what it was."""
    host = get_host(host_id)
    check_version(host, version)
    db.session.delete(host)
    saved(host, "hostname")


def same_address(host: Host, limit: int = 10) -> list[Host]:
    """Return other hosts with the same main address: allowed, but worth knowing."""
    if host.ip_key is None:
        return []
    return list(
        db.session.scalars(
            sa.select(Host)
            .where(Host.ip_key == host.ip_key, Host.id != host.id)
            .order_by(Host.id)
            .limit(limit)
        )
    )


def _check_name_free(name: str, own_id: int | None) -> None:
    other = find_host(name)
    if other is not None and other.id != own_id:
        raise InvalidInput(
            [
                FieldError(
                    "hostname",
                    f"“{other.hostname}” already exists (case is ignored).",
                )
            ]
        )


def _resolved(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields with groups as objects and terms in their one spelling.

    All queries happen here, before the host is touched: a query in between would
    flush half of the change, and the history would show two.
    """
    resolved = dict(fields)
    if "groups" in fields:
        resolved["groups"] = find_groups(fields["groups"])
    for field in VOCABULARY_FIELDS:
        if fields.get(field) is not None:
            resolved[field] = canonical_value(db.session(), field, fields[field])
    return resolved


def _set_fields(host: Host, fields: Mapping[str, Any]) -> None:
    resolved = _resolved(fields)
    with db.session.no_autoflush:
        for field, value in resolved.items():
            if field == "aliases":
                _set_aliases(host, value)
            elif field == "addresses":
                _set_addresses(host, value)
            elif field == "groups":
                if set(host.groups) != set(value):
                    host.groups = value
            else:
                setattr(host, field, value)


def _set_aliases(host: Host, names: list[str]) -> None:
    # Rows that stay are kept: replacing one by its equal would insert the new row
    # before the old one is deleted, which the unique constraint refuses.
    own = {alias.name: alias for alias in host.aliases}
    if list(own) != names:
        host.aliases = [own.get(name) or HostAlias(name=name) for name in names]


def _set_addresses(host: Host, addresses: list[str]) -> None:
    own = {address.ip_key: address for address in host.addresses}
    keys = [ip_key(text) for text in addresses]
    if list(own) != keys:
        host.addresses = [
            own.get(str(key)) or HostAddress(ip_addr=text)
            for key, text in zip(keys, addresses, strict=True)
        ]
