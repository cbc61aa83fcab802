"""The network of a host's address, and who is nearest in it."""

import ipaddress
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import orm

from ..models import Host
from ..validation.addresses import address_key

# As networks of offices and racks mostly are.
LENGTHS = {4: 24, 6: 64}
NEAREST = 2


@dataclass(frozen=True)
class Neighbourhood:
    """A network such as 10.4.0.0/24, and hosts before and after in it, in order."""

    network: str
    hosts: list[Host]


def find_neighbours(session: orm.Session, host: Host) -> Neighbourhood | None:
    """Return what is around the address of a host; None for a host without one."""
    if host.ip_addr is None:
        return None
    address = ipaddress.ip_address(host.ip_addr)
    network = ipaddress.ip_network((address, LENGTHS[address.version]), strict=False)
    key, first, last = (address_key(one) for one in (address, network[0], network[-1]))
    below = Host.ip_key >= first, Host.ip_key < key
    above = Host.ip_key > key, Host.ip_key <= last
    some = sa.select(Host).limit(NEAREST)
    before = some.where(*below).order_by(Host.ip_key.desc(), Host.id.desc())
    after = some.where(*above).order_by(Host.ip_key, Host.id)
    near = [*reversed(session.scalars(before).all()), *session.scalars(after).all()]
    return Neighbourhood(str(network), near)
