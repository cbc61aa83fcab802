"""Made-up hosts and groups that look like real ones; the same at every run."""

import ipaddress
import random
from collections.abc import Iterator
from typing import Any

from ..validation.values import HostStatus

# name → child groups, the parents after their children
GROUPS: dict[str, tuple[str, ...]] = {
    "web": (),
    "postgres": (),
    "redis": (),
    "kafka": (),
    "k8s": (),
    "gpu": (),
    "bastion": (),
    "backup": (),
    "pci": (),
    "databases": ("postgres", "redis"),
    "platform": ("k8s", "kafka", "databases"),
    "everything-public": ("web", "bastion"),
    "decommissioning": (),
}
GROUP_VARS: dict[str, dict[str, Any]] = {
    "pci": {"ansible_user": "deploy", "audit_log": True},
    "databases": {"backup_window": "02:00-04:00", "backup_keep_days": 30},
    "web": {"http_port": 443, "tls": {"min_version": "1.2", "hsts": True}},
}
# role → groups it is in
ROLES: dict[str, tuple[str, ...]] = {
    "web": ("web",),
    "db": ("postgres",),
    "cache": ("redis",),
    "queue": ("kafka",),
    "build": ("gpu",),
    "node": ("k8s",),
    "bastion": ("bastion",),
    "desktop": (),
}
LOCATIONS = ("fra1", "ams2", "iad3", "sin1", "syd1", "gru1")
ENVIRONMENTS = ("prod",) * 13 + ("staging",) * 4 + ("dev",) * 3
SYSTEMS = (
    ("Debian 13",) * 35
    + ("Ubuntu 26.04",) * 28
    + ("Rocky 10",) * 19
    + ("Windows 2025",) * 12
    + (None,) * 6
)
OWNERS = (
    ("platform",) * 8 + ("payments",) * 5 + ("search",) * 3 + ("data",) * 3 + (None,)
)
STATUSES = (
    (HostStatus.ACTIVE,) * 87
    + (HostStatus.STAGED,) * 4
    + (HostStatus.MAINTENANCE,) * 4
    + (HostStatus.RETIRED,) * 3
    + (HostStatus.OFFLINE,) * 2
)
NETWORKS = (4, 12, 23, 31)


def make_hosts(count: int) -> Iterator[dict[str, Any]]:
    """Yield the fields of hosts as they are today; the same for each count."""
    chance = random.Random(20_000)  # noqa: S311 - nothing secret
    for number in range(count):
        yield _host(number, chance)


def _host(number: int, chance: random.Random) -> dict[str, Any]:
    role = chance.choice(list(ROLES))
    environment = chance.choice(ENVIRONMENTS)
    location = LOCATIONS[int(len(LOCATIONS) * chance.random() ** 2)]
    system = chance.choice(SYSTEMS)
    status = chance.choice(STATUSES)
    short = f"{role}-{number + 1}"
    return {
        "hostname": f"{short}.{location}.{environment}.example.net",
        "ip_addr": _address(number, chance),
        "port": 3389
        if system == "Windows 2025"
        else chance.choice((22,) * 12 + (2222,)),
        "status": status,
        "environment": environment,
        "os": system,
        "location": location,
        "role": role,
        "owner": chance.choice(OWNERS),
        "groups": _groups(role, status, chance),
        "vars": _variables(role, chance),
        "notes": "Talk to the owner before a reboot." if number % 25 == 3 else None,
        "aliases": [f"old-{short}.example.net"] if number % 40 == 7 else [],
        "addresses": [_address_6(9, number)] if number % 30 == 5 else [],
    }


def _address(number: int, chance: random.Random) -> str | None:
    draw = chance.random()
    if draw < 0.03:
        return None
    if draw < 0.06:
        return _address_6(chance.choice((1, 4, 7)), number)
    # Counted, not drawn, so that even a million hosts have addresses of their own.
    return (
        f"10.{NETWORKS[number % 4] + number // 260_096 % 8}."
        f"{number // 1_016 % 256}.{number // 4 % 254 + 1}"
    )


def _address_6(network: int, number: int) -> str:
    # Of a site, as a company picks one; those of documentation are a finding.
    start = ipaddress.IPv6Address(f"fd3b:7c1e:52a{network}::1")
    return str(start + number)


def _groups(role: str, status: HostStatus, chance: random.Random) -> list[str]:
    found = list(ROLES[role])
    found += [name for name in ("pci", "backup") if chance.random() < 0.2]
    if status is HostStatus.RETIRED:
        found.append("decommissioning")
    return sorted(found)


def _variables(role: str, chance: random.Random) -> dict[str, Any]:
    variables: dict[str, Any] = {
        "rack": f"{chance.choice('ABCDEF')}{chance.randint(1, 42)}"
    }
    if chance.random() < 0.5:
        variables["nic_speed_gbps"] = chance.choice((1, 10, 25, 100))
    if role == "db":
        variables["mounts"] = ["/srv", "/var/lib/postgresql"]
        variables["postgres"] = {
            "version": chance.choice((15, 16, 17)),
            "replica": False,
        }
    return variables
