"""The one table of what is known of a host, for queries, pages, files and commands.

Adding a text is an entry here, a column of ``models.Host`` with its migration, and a
row in docs/query-language.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .addresses import clean_address, clean_addresses
from .json_values import clean_vars
from .values import (
    clean_aliases,
    clean_groups,
    clean_hostname,
    clean_notes,
    clean_port,
    clean_status,
    clean_term,
)


@dataclass(frozen=True)
class HostField:
    """A field of a host.

    ``name`` is that of the model, of files and forms; ``query`` that of queries and
    lists, empty where they do not know the field. ``label`` is what pages call it, and
    ``column`` what they write above a column of it, where that differs. ``kind`` is one
    of ``query.kinds``.
    Only what has a ``rule`` can be written. ``also`` are further names in a query,
    ``headers`` those of columns in tables of others, as letters and digits. ``sort``
    is the column that orders lists.

    In a sentence, "Hosts" are followed by ``phrase`` or ``not_phrase`` and values;
    those that have none are without ``noun``. The lowest ``rank`` comes first.
    """

    name: str
    query: str = ""
    label: str = ""
    kind: str = ""
    description: str = ""
    rule: Callable[[object], Any] | None = None
    also: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    sort: str = ""
    column: str = ""
    nullable: bool = True
    is_groupable: bool = False
    is_listed: bool = False
    phrase: str = ""
    not_phrase: str = ""
    noun: str = ""
    rank: int = 9


def _text(
    name: str, label: str, query: str = "", description: str = "", **more: Any
) -> HostField:
    """Return a short text, of which the vocabulary keeps one spelling."""
    lower = label if label.isupper() else label.lower()
    article = "an" if lower[0].lower() in "aeiou" else "a"
    usual: dict[str, Any] = {
        "is_groupable": True,
        "is_listed": True,
        "phrase": f"with the {lower}",
        "noun": f"{article} {lower}",
    }
    text = f"{description or lower}; case is ignored"
    query = query or name
    return HostField(
        name,
        query,
        label,
        "text",
        text,
        clean_term,
        sort=f"{name}_sort",
        **(usual | more),
    )


HOST_FIELDS = (
    HostField(
        "hostname",
        "hostname",
        "Hostname",
        "name",
        "name of the host; case is ignored",
        clean_hostname,
        also=("name", "host"),
        # From exports of NetBox, phpIPAM, cloud consoles and from Ansible.
        headers=(
            *("name", "fqdn", "host", "dnsname", "inventoryhostname"),
            *("ansiblehostname", "servername", "computername", "devicename", "server"),
        ),
        sort="hostname_sort",
        nullable=False,
        is_listed=True,
        phrase="named",
        rank=5,
    ),
    HostField(
        "aliases",
        "alias",
        "Alias",
        "alias",
        "another name of the host; case is ignored",
        clean_aliases,
        also=("aliases",),
        column="Aliases",
        headers=("alias", "othernames", "cnames", "cname"),
        phrase="also named",
        noun="another name",
    ),
    HostField(
        "ip_addr",
        "ip",
        "Address",
        "address",
        "any IPv4 or IPv6 address of the host: one, a network, or a range a..b",
        clean_address,
        also=("ip_addr", "address", "addresses"),
        headers=(
            *("ip", "address", "ipaddress", "primaryip4", "primaryipv4"),
            *("primaryip", "privateip", "privateipaddress", "ipv4", "ipv4address"),
            *("ip4", "ansiblehost"),
            *("ipv6", "ipv6address", "ip6", "primaryip6", "primaryipv6"),
        ),
        sort="ip_key",
        is_listed=True,
        noun="an address",
        rank=7,
    ),
    HostField(
        "addresses",
        label="Further addresses",
        rule=clean_addresses,
        headers=(
            *("furtheraddresses", "otheraddresses", "additionaladdresses"),
            "ipaddresses",
            *("ipv6", "ipv6address", "ip6", "primaryip6", "primaryipv6"),
        ),
    ),
    HostField(
        "port",
        "port",
        "Port",
        "port",
        "a whole number, 1–65535",
        clean_port,
        headers=("sshport", "ansibleport"),
        sort="port",
        is_groupable=True,
        phrase="on port",
        rank=8,
        noun="a port",
    ),
    HostField(
        "status",
        "status",
        "Status",
        "status",
        "active, staged, maintenance, offline or retired",
        clean_status,
        headers=("state",),
        rank=6,
        sort="status",
        nullable=False,
        is_groupable=True,
        is_listed=True,
    ),
    _text(
        "environment",
        "Environment",
        "env",
        column="Env",
        phrase="in",
        rank=0,
        also=("environment",),
        headers=("env", "stage"),
    ),
    _text(
        "os",
        "OS",
        description="operating system",
        phrase="that run",
        not_phrase="not running",
        headers=("operatingsystem", "osname", "platform"),
    ),
    _text(
        "location",
        "Location",
        phrase="at",
        rank=1,
        also=("loc",),
        headers=("loc", "site", "datacenter", "datacentre", "region"),
    ),
    _text("role", "Role", headers=("devicerole", "function"), rank=3, is_listed=False),
    _text(
        "owner",
        "Owner",
        phrase="owned by",
        rank=4,
        headers=("tenant", "team", "responsible", "contact"),
    ),
    HostField(
        "groups",
        "group",
        "Group",
        "group",
        "name of a group; members of its child groups are in it",
        clean_groups,
        also=("groups",),
        column="Groups",
        headers=("group", "ansiblegroups"),
        rank=2,
        is_groupable=True,
        is_listed=True,
    ),
    HostField(
        "vars", label="Variables", rule=clean_vars, headers=("variables", "hostvars")
    ),
    HostField(
        "notes",
        "notes",
        "Notes",
        "notes",
        "free text",
        clean_notes,
        headers=("note", "comments", "comment", "description", "remarks"),
        noun="notes",
    ),
    HostField(
        "created_at",
        "created",
        "Created",
        "time",
        "when the host was added",
        also=("created_at",),
        sort="created_at",
        rank=99,
        nullable=False,
    ),
    HostField(
        "updated_at",
        "updated",
        "Updated",
        "time",
        "when the host was last changed",
        also=("updated_at",),
        sort="updated_at",
        rank=99,
        nullable=False,
        is_listed=True,
    ),
    HostField(
        "confirmed_at",
        "confirmed",
        "Confirmed",
        "time",
        "when the host was last confirmed to exist",
        also=("confirmed_at",),
        sort="confirmed_at",
        rank=99,
    ),
)

# Short texts, of which the vocabulary keeps one spelling each.
VOCABULARY_FIELDS = tuple(f.name for f in HOST_FIELDS if f.kind == "text")
