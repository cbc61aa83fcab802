"""What becomes of hosts, batch by batch."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from ..errors import InvalidValue
from ..inventory import vocabulary
from ..inventory.bulk_read import StoredHost, read_hosts_by_id
from ..inventory.edits import Change, in_order, is_rename, same_value
from ..models import Host
from ..validation.addresses import MAX_ADDRESSES
from ..validation.host_fields import VOCABULARY_FIELDS
from ..validation.rules import HOST_RULES
from ..validation.values import MAX_ALIASES, name_key, quoted
from .merge import CHANGED_SINCE, DELETED_SINCE, Kept, merge
from .net_changes import NetChange, NetChanges, entry_counts
from .plan import CHANGE, DELETE, RESTORE, STAY, Step

LIMITS = {"aliases": MAX_ALIASES, "addresses": MAX_ADDRESSES}


class HostPlanner:
    """Decides about hosts; ``group_names`` are the groups there will be, by id."""

    def __init__(
        self, session: orm.Session, nets: NetChanges, group_names: Mapping[int, str]
    ) -> None:
        self._session = session
        self._nets = nets
        self._group_names = group_names
        # What the plan adds to the number of direct members of each group.
        self.members: Counter[int] = Counter()
        # (field, spelling) → whether hosts have it that this plan does not touch
        self._shared: dict[tuple[str, str], bool] = {}
        self._spellings: defaultdict[int, list[Kept]] = defaultdict(list)

    def decide(self, nets: Sequence[NetChange]) -> list[Step]:
        """Return a step for each host."""
        states = read_hosts_by_id(self._session, [net.id for net in nets])
        self._spell(nets)
        steps = [decide_one(net, states.get(net.id)) for net in nets if _lasts(net)]
        for step in steps:
            if step.action in (CHANGE, STAY) and step.id in states:
                step.kept += self._spellings[step.id]
        self._check_names(steps)
        for step in steps:
            state = states.get(step.id)
            self._check_groups(step)
            if step.action == CHANGE and state:
                _check_fit(step, state.fields)
                if not step.back:
                    step.action = STAY
            self._count_members(step, state)
        self._number(steps)
        return steps

    def _spell(self, nets: Iterable[NetChange]) -> None:
        """Write terms that go back as they are written today."""
        for name in VOCABULARY_FIELDS:
            changed = [
                net
                for net in nets
                if name in net.changes and not self._goes_back(name, net)
            ]
            texts = {net.changes[name].before for net in changed} - {None}
            found = vocabulary.find_spellings(self._session, name, texts)
            for net in changed:
                before, after = net.changes[name]
                net.changes[name] = Change(found.get(before), after)

    def _goes_back(self, name: str, net: NetChange) -> bool:
        """Whether this was a new spelling, which all that have it can lose again."""
        before, after = net.changes[name]
        if not is_rename(before, after):
            return False
        if (name, after) not in self._shared:
            self._shared[name, after] = self._nets.others_have(name, after)
        if self._shared[name, after]:
            # One value has one spelling: it stays for these hosts, too.
            reason = f"other hosts use {quoted(after)}, too"
            self._spellings[net.id].append(Kept(name, after, before, reason))
        return not self._shared[name, after]

    def _check_names(self, steps: Sequence[Step]) -> None:
        wanted = {
            name_key(step.back["hostname"][1]): step
            for step in steps
            if step.action in (CHANGE, RESTORE) and "hostname" in step.back
        }
        if not wanted:
            return
        rows = self._session.execute(
            sa.select(Host.hostname_key, Host.id, Host.hostname).where(
                Host.hostname_key.in_(wanted)
            )
        ).all()
        taken = [row for row in rows if row.id != wanted[row.hostname_key].id]
        going = self._going([row.id for row in taken])
        for key, holder_id, name in taken:
            if holder_id in going:
                continue
            step = wanted[key]
            reason = f"the name is used by {quoted(name)} (host {holder_id})"
            if step.action == RESTORE:
                step.stay(reason, "hostname", step.back["hostname"][1])
            else:
                _keep(step, "hostname", reason)

    def _going(self, ids: Sequence[int]) -> set[int]:
        """Return those of the hosts that this same plan deletes."""
        if not ids:
            return set()
        states = read_hosts_by_id(self._session, ids)
        return {
            net.id
            for net in self._nets.of_hosts(ids)
            if _lasts(net) and decide_one(net, states.get(net.id)).action == DELETE
        }

    def _check_groups(self, step: Step) -> None:
        if step.action not in (CHANGE, RESTORE) or "groups" not in step.back:
            return
        now, wanted = step.back["groups"]
        there = []
        for group in wanted or ():
            name = self._group_names.get(group["id"])
            if name is None:
                reason = f"the group {quoted(group['name'])} no longer exists"
                step.kept.append(Kept("groups", None, [group], reason))
            else:
                there.append({"id": group["id"], "name": name})
        if same_value("groups", now, there):
            del step.back["groups"]
        else:
            step.back["groups"] = Change(now, in_order(there))

    def _count_members(self, step: Step, state: StoredHost | None) -> None:
        if step.action == DELETE and state:
            self.members.subtract(g["id"] for g in state.fields.get("groups", ()))
        elif step.action in (CHANGE, RESTORE) and "groups" in step.back:
            before, after = step.back["groups"]
            self.members.subtract(group["id"] for group in before or ())
            self.members.update(group["id"] for group in after or ())

    def _number(self, steps: Sequence[Step]) -> None:
        coming = [step for step in steps if step.action == RESTORE]
        counts = entry_counts(self._session, "host", [step.id for step in coming])
        for step in coming:
            step.version = counts.get(step.id, 0) + 1


def _lasts(net: NetChange) -> bool:
    """Whether there was something before or after: some come and go in one act."""
    return net.existed or net.exists


def decide_one(net: NetChange, state: StoredHost | None) -> Step:
    """Return what becomes of one host, seen by itself."""
    changes = dict(net.changes)
    created_at = changes.pop("created_at", [None])[0]
    if not net.existed:
        return _uncreate(net, changes, state)
    if not net.exists:
        if state is not None:
            return Step.of(net, STAY)
        back = {name: Change(None, was) for name, (was, _) in changes.items() if was}
        return Step.of(net, RESTORE, back=back, created_at=created_at)
    if state is None:
        return Step.of(net, STAY).stay(DELETED_SINCE)
    merged = merge(changes, state.fields)
    return Step(
        net.subject,
        net.id,
        state.fields["hostname"],
        CHANGE if merged.back else STAY,
        state.version,
        merged.back,
        merged.same,
        merged.kept,
        last_entry_id=net.last_entry_id,
    )


def _uncreate(
    net: NetChange, changes: Mapping[str, Any], state: StoredHost | None
) -> Step:
    if state is None:
        return Step.of(net, STAY)
    made = {name: after for name, (_, after) in changes.items()}
    kept = [
        Kept(name, state.fields.get(name), made.get(name), CHANGED_SINCE)
        for name in HOST_RULES
        if not same_value(name, state.fields.get(name), made.get(name))
    ]
    if kept:
        return Step.of(net, STAY, kept=kept)
    back = {name: Change(value, None) for name, value in state.fields.items()}
    return Step.of(net, DELETE, version=state.version, back=back)


def _keep(step: Step, name: str, reason: str) -> None:
    now, wanted = step.back.pop(name)
    step.kept.append(Kept(name, now, wanted, reason))


def _check_fit(step: Step, now: Mapping[str, Any]) -> None:
    """Leave alone what would not fit to what else the host has by now."""

    def then(name: str) -> Any:
        return step.back[name][1] if name in step.back else now.get(name)

    def names() -> list[str]:
        return [name_key(name) for name in then("aliases") or ()]

    def is_further_address() -> bool:
        return then("ip_addr") in (then("addresses") or ())

    if "hostname" in step.back and name_key(then("hostname")) in names():
        _keep(step, "hostname", "the name is now one of its aliases")
    if "ip_addr" in step.back and is_further_address():
        _keep(step, "ip_addr", "the address is now one of its further addresses")
    if "aliases" in step.back and _are_alike([name_key(then("hostname")), *names()]):
        _keep(step, "aliases", "it now has one of these names")
    if "addresses" in step.back and is_further_address():
        _keep(step, "addresses", "it now has one of these addresses")
    _check_limits(step)


def _are_alike(names: list[str]) -> bool:
    return len(set(names)) < len(names)


def _check_limits(step: Step) -> None:
    for name, limit in LIMITS.items():
        if name in step.back and len(step.back[name][1] or ()) > limit:
            _keep(step, name, f"with the current ones, there would be over {limit}")
    if "vars" in step.back:
        try:
            HOST_RULES["vars"](step.back["vars"][1] or {})
        except InvalidValue as error:
            _keep(step, "vars", f"together with the current variables, they {error}")
