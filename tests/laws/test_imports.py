"""Any file after any other: with --replace as if it had been alone, again nothing."""

import io
import json
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.history import ActorContext, recorder
from hostadmin.imports import importer
from hostadmin.models import Group, Host

from ..helpers.apps import empty_tables

NAMES = ("a", "b", "c", "d")
VARS = st.dictionaries(
    st.sampled_from(("x", "y", "z")),
    st.sampled_from((1, 1.0, True, "1", None, [1], {"k": 1})),
    max_size=3,
)


def some(*values: Any) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), unique=True, max_size=3)


# A field that is None or empty is not stated.
HOSTS = st.lists(
    st.fixed_dictionaries(
        {
            "hostname": st.sampled_from(NAMES),
            "aliases": some("w1", "w2", "w3"),
            "ip_addr": st.sampled_from((None, "10.0.0.1", "10.0.0.2")),
            "addresses": some("10.0.0.1", "10.0.0.2", "::1"),
            "port": st.sampled_from((None, 22, 2222)),
            "owner": st.sampled_from((None, "search", "data")),
            "groups": some("g1", "g2", "g3"),
            "vars": VARS,
            "notes": st.sampled_from((None, " mine ")),
        }
    ),
    max_size=4,
    unique_by=lambda host: host["hostname"],
)
GROUPS = st.lists(
    st.fixed_dictionaries(
        # Children have a higher number: there are no rings.
        {"name": st.sampled_from(("g1", "g2")), "children": some("g3"), "vars": VARS}
    ),
    max_size=2,
    unique_by=lambda group: group["name"],
)
FILES = st.fixed_dictionaries({"hosts": HOSTS, "groups": GROUPS, "vars": VARS})


def import_file(content: dict[str, Any], *, replace: bool) -> int:
    """Import a file; return how many things changed."""
    source = io.BytesIO(json.dumps({"hostadmin": 1, **content}).encode())
    with importer.staged_upload("file", source) as plan:
        importer.make_plan(db.session(), plan, replace=replace)
        assert list(plan.errors()) == []
        act = ActorContext("tests", "import")
        history.write(act, lambda: importer.apply_plan(db.session(), plan))
        changed = plan.hosts.new + plan.hosts.changed
        return changed + plan.groups.new + plan.groups.changed + plan.changes_inventory


def state(content: dict[str, Any]) -> dict[str, Any]:
    """Return what is stored of the hosts and groups of a file."""
    db.session.rollback()
    named = {item["hostname"] for item in content["hosts"]}
    hosts = {
        host.hostname: _by_name(recorder.snapshot(host))
        for host in db.session.scalars(sa.select(Host).where(Host.hostname.in_(named)))
    }
    stated = {item["name"] for item in content["groups"]}
    groups = {
        group.name: _by_name(recorder.snapshot(group))
        for group in db.session.scalars(sa.select(Group).where(Group.name.in_(stated)))
    }
    # 1, 1.0 and true are three.
    return {
        "hosts": json.dumps(hosts, sort_keys=True),
        "groups": json.dumps(groups, sort_keys=True),
    }


def _by_name(fields: dict[str, Any]) -> dict[str, Any]:
    for name in ("groups", "children"):
        if name in fields:
            fields[name] = [item["name"] for item in fields[name]]
    if "vars" in fields:
        fields["vars"] = dict(sorted(fields["vars"].items()))
    return fields


def empty() -> None:
    db.session.remove()
    with db.engine.begin() as connection:
        empty_tables(connection)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=FILES, second=FILES)
def test_a_file_replaces_another(session, first, second):
    empty()
    import_file(second, replace=False)
    alone = state(second)
    empty()
    import_file(first, replace=False)
    import_file(second, replace=True)

    assert state(second) == alone
    assert import_file(second, replace=True) == 0
    assert import_file(second, replace=False) == 0


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=FILES, second=FILES)
def test_what_a_file_states_holds_afterwards(session, first, second):
    empty()
    import_file(first, replace=False)
    import_file(second, replace=False)
    before = state(first), state(second)

    assert import_file(second, replace=False) == 0
    assert (state(first), state(second)) == before
    db.session.rollback()
    for given_host in second["hosts"]:
        host = db.session.scalars(
            sa.select(Host).where(Host.hostname == given_host["hostname"])
        ).one()
        for field in ("ip_addr", "port", "owner", "notes"):
            assert given_host[field] in (None, getattr(host, field))
        assert given_host["vars"].items() <= host.vars.items()
        assert set(given_host["groups"]) <= {group.name for group in host.groups}
        assert set(given_host["aliases"]) <= {str(alias) for alias in host.aliases}
