"""New hosts of a list of names: first what would be added, then exactly that."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import orm

from ..errors import Conflict, InvalidInput, InvalidValue
from ..inventory.edits import created
from ..inventory.write_edits import write_edits
from ..limits import limits
from ..validation.addresses import clean_address
from ..validation.rules import clean_host
from ..validation.values import DEFAULT_PORT, name_key
from .match import hosts_named


@dataclass
class AddPlan:
    """What would be added: fields by name key; what is there already; what is bad."""

    new: dict[str, dict[str, object]] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    # the text, and what is wrong with it
    bad: list[tuple[str, str]] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """What the page showed, in a few characters, to be sent along with it."""
        names = "\n".join(str(host["hostname"]) for host in self.new.values())
        return hashlib.sha256(names.encode()).hexdigest()[:32]


def plan_names(session: orm.Session, lines: Iterable[str]) -> AddPlan:
    """Return what these names, one a line, would add. Reads only.

    Raises ``InvalidValue`` where they are too many.
    """
    plan = AddPlan()
    for line in lines:
        name = line.strip()
        if not name:
            continue
        try:
            host = _host(name)
        except InvalidInput as error:
            plan.bad.append((name, error.errors[0].message))
            continue
        plan.new.setdefault(name_key(str(host["hostname"])), host)
        if len(plan.new) > limits.pasted_new_hosts:
            raise InvalidValue(
                f"More than {limits.pasted_new_hosts:,} names. Import them from a file."
            )
    for key in sorted(hosts_named(session, plan.new)):
        plan.taken.append(str(plan.new.pop(key)["hostname"]))
    return plan


def _host(name: str) -> dict[str, object]:
    try:
        address = clean_address(name)
    except InvalidValue:
        address = None
    return clean_host({"hostname": name, "ip_addr": address, "port": DEFAULT_PORT})


def add_names(
    session: orm.Session, lines: Iterable[str], digest: str
) -> dict[int, str]:
    """Add the hosts of a plan that was shown, and return id → name.

    Raises ``Conflict`` when it would be others now, or somebody was faster.
    """
    plan = plan_names(session, lines)
    if plan.digest != digest:
        raise Conflict("Something changed since the preview. Nothing was added.")
    write_edits(session, [created("host", host) for host in plan.new.values()])
    added = hosts_named(session, plan.new).values()
    return {host.id: host.hostname for host in added}
