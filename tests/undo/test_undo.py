"""Undo: the plan, what goes back, what stays and why. On every database."""

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.cli import common
from hostadmin.db.session import db
from hostadmin.errors import Conflict, NotFound
from hostadmin.history import ActorContext, changes_of
from hostadmin.history.undone import Undone, find_undone
from hostadmin.inventory import groups, hosts, inventory_vars
from hostadmin.models import ChangeSet, Host
from hostadmin.undo import DELETE, message, plan_undo, undo

from ..helpers.dumps import dump
from ..helpers.hosts import add_hosts

ON_A_CLUSTER = True


@pytest.fixture
def did(session):
    """Run a function as one change of somebody; return the change set's id."""

    def run(work, actor="ann"):
        history.write(ActorContext(actor, "web"), work)
        session.rollback()
        return session.scalar(sa.select(sa.func.max(ChangeSet.id)))

    return run


@pytest.fixture
def undone(session):
    def run(change_set_id, entry_id=None, digest=None):
        plan, new = history.write(
            ActorContext("bob", "web", message(change_set_id, entry_id)),
            lambda: undo(db.session(), change_set_id, entry_id, digest),
        )
        session.rollback()
        plan.close()
        return plan, new

    return run


def reasons(plan):
    return [
        (step.name, kept.field, step.reason(kept))
        for step in plan.first_kept
        for kept in step.kept
    ]


def names(items):
    return [str(item) for item in items]


def test_an_edit_goes_back_field_by_field(session, did, undone, make_host):
    id_ = make_host(hostname="a", owner="me", port=22, vars={"x": 1, "y": 1})
    edit = did(
        lambda: hosts.change_host(
            id_, {"owner": "you", "port": 80, "vars": {"x": 2, "z": 1}}
        )
    )
    newer = did(
        lambda: hosts.change_host(
            id_, {"port": 443, "vars": {"x": 3, "z": 1, "new": 1}}
        ),
        "carl",
    )

    plan, _ = undone(edit)

    host = hosts.get_host(id_)
    assert (host.owner, host.port) == ("me", 443)
    assert host.vars == {"x": 3, "y": 1, "new": 1}
    why = f"has since been changed by carl (change {newer})"
    assert reasons(plan) == [("a", "port", why), ("a", "vars.x", why)]


def test_what_was_added_to_a_list_later_stays(
    session, did, undone, make_host, make_group
):
    for name in "gh":
        make_group(name=name)
    id_ = make_host(hostname="a", aliases=["old"], addresses=["::1"], groups=["g"])
    edit = did(
        lambda: hosts.change_host(
            id_, {"aliases": ["new"], "addresses": ["::2"], "groups": []}
        )
    )
    did(
        lambda: hosts.change_host(
            id_,
            {
                "aliases": ["new", "later"],
                "addresses": ["::2", "::3"],
                "groups": ["h"],
            },
        )
    )

    plan, _ = undone(edit)

    host = hosts.get_host(id_)
    assert names(host.aliases) == ["later", "old"]
    assert names(host.addresses) == ["::1", "::3"]
    assert names(host.groups) == ["g", "h"]
    assert reasons(plan) == []


def test_a_deleted_host_comes_back_whole_and_newer_than_any_form(
    session, did, undone, make_host, make_group
):
    make_group(name="g")
    id_ = make_host(
        hostname="a", aliases=["b"], addresses=["::1"], groups=["g"], vars={"x": 1.0}
    )
    before, seen = dump(session), hosts.get_host(id_).version
    gone = did(lambda: hosts.delete_host(id_))

    _, new = undone(gone)

    assert dump(session) == before
    assert hosts.get_host(id_).version > seen
    act = session.get(ChangeSet, new)
    assert (act.actor, act.message) == ("bob", f"Undo of change {gone}")
    undone(new)
    assert hosts.find_host("a") is None


def test_changed_and_deleted_at_once_comes_back_as_before_both(
    session, did, undone, make_host
):
    id_ = make_host(hostname="a", owner="me")
    before = dump(session)

    def change_and_delete():
        hosts.change_host(id_, {"owner": "you", "aliases": ["b"], "notes": "n"})
        hosts.delete_host(id_)

    gone = did(change_and_delete)
    undone(gone)

    assert dump(session) == before


def test_undo_twice_does_nothing_and_an_undo_can_be_undone(
    session, did, undone, make_host
):
    id_ = make_host(hostname="a", owner="me")
    edit = did(lambda: hosts.change_host(id_, {"owner": "you"}))
    _, first = undone(edit)
    plan, second = undone(edit)
    assert (plan.back, plan.undone_by, second) == (0, first, None)
    assert session.scalar(sa.select(sa.func.max(ChangeSet.id))) == first

    _, again = undone(first)
    assert hosts.get_host(id_).owner == "you"
    assert find_undone(session, [edit, first]).changes == {first: again}
    _, last = undone(edit)
    assert hosts.get_host(id_).owner == "me"
    assert find_undone(session, [edit]).changes == {edit: last}


def test_an_undone_change_is_not_undone_again_where_somebody_did_the_same_since(
    session, did, undone, make_host
):
    id_ = make_host(hostname="a", owner="me")
    edit = did(lambda: hosts.change_host(id_, {"owner": "you"}))
    undone(edit)
    did(lambda: hosts.change_host(id_, {"owner": "you"}))

    undone(edit)

    assert hosts.get_host(id_).owner == "you"


def test_only_what_went_back_completely_counts_as_undone(
    session, did, undone, make_host
):
    ids = [make_host(hostname=name, owner="me") for name in "ab"]
    edit = did(lambda: [hosts.change_host(id_, {"owner": "you"}) for id_ in ids])
    entries = [changes_of(session, "host", id_)[0].id for id_ in ids]
    newer = did(lambda: hosts.change_host(ids[0], {"owner": "else"}))

    _, part = undone(edit)
    assert find_undone(session, [edit]) == Undone()
    undone(part)
    undone(newer)
    _, one = undone(edit, entries[0])
    assert find_undone(session, [edit]) == Undone({}, {entries[0]: one})
    _, rest = undone(edit)
    assert find_undone(session, [edit]).changes == {edit: rest}
    _, first = undone(rest)
    # Of the two in it, one is back: the other undo of the change does not count either.
    assert find_undone(session, [edit, rest]).changes == {rest: first}


def test_undo_of_the_only_entry_is_that_of_the_change(session, did, undone, make_host):
    id_ = make_host(hostname="a", owner="me")
    edit = did(lambda: hosts.change_host(id_, {"owner": "you"}))

    _, new = undone(edit, changes_of(session, "host", id_)[0].id)

    assert find_undone(session, [edit]).changes == {edit: new}


def test_a_name_that_was_taken_meanwhile_is_left(session, did, undone, make_host):
    gone_id, moved_id = make_host(hostname="a"), make_host(hostname="b", owner="me")
    gone = did(lambda: hosts.delete_host(gone_id))
    moved = did(lambda: hosts.change_host(moved_id, {"hostname": "c", "owner": None}))
    for taken in ("A", "B"):
        make_host(hostname=taken)

    plan, new = undone(gone)
    ((name, field, why),) = reasons(plan)
    assert (name, field, new) == ("a", "hostname", None)
    assert "used by “A”" in why

    plan, _ = undone(moved)
    ((name, field, why),) = reasons(plan)
    assert (name, field) == ("c", "hostname")
    assert "used by “B”" in why
    host = hosts.get_host(moved_id)
    assert (host.hostname, host.owner) == ("c", "me")


def test_what_is_gone_is_left(session, did, undone, make_host, make_group):
    id_, other, group_id = make_host(), make_host(), make_group(name="g")
    did(lambda: hosts.change_host(other, {"groups": ["g"]}))
    edit = did(lambda: hosts.change_host(id_, {"owner": "x"}))
    left = did(lambda: hosts.change_host(other, {"groups": []}))
    did(lambda: groups.delete_group(group_id), "carl")
    gone = did(lambda: hosts.delete_host(id_), "carl")

    plan, new = undone(edit)
    assert [why for _, _, why in reasons(plan)] == [
        f"has since been deleted by carl (change {gone})"
    ]
    plan, new = undone(left)
    assert [why for _, _, why in reasons(plan)] == ["the group “g” no longer exists"]
    assert new is None


def test_a_created_host_goes_unless_somebody_changed_it(
    session, did, undone, make_host
):
    one = did(lambda: hosts.add_host({"hostname": "a", "owner": "x"}))
    two = did(lambda: hosts.add_host({"hostname": "b", "owner": "x"}))
    newer = did(
        lambda: hosts.change_host(hosts.find_host("b").id, {"owner": "y"}), "carl"
    )

    plan, _ = undone(one)
    assert plan.counts == {(DELETE, "host"): 1}
    plan, new = undone(two)

    assert reasons(plan) == [
        ("b", "owner", f"has since been changed by carl (change {newer})")
    ]
    assert (hosts.find_host("a"), new) == (None, None)
    assert hosts.find_host("b").owner == "y"


def test_a_deleted_group_comes_back_to_members_parents_and_children(
    session, did, undone, make_host, make_group
):
    make_group(name="child")
    id_ = make_group(name="g", children=["child"], vars={"x": 1}, description="d")
    make_group(name="parent", children=["g"])
    for name in "abc":
        make_host(hostname=name, groups=["g"])
    before = dump(session)
    gone = did(lambda: groups.delete_group(id_))
    assert dump(session) != before

    undone(gone)

    assert dump(session) == before


def test_a_new_group_stays_where_it_is_needed(session, did, undone, make_host):
    def add():
        groups.add_group({"name": "inner"})
        groups.add_group({"name": "outer", "children": ["inner"]})

    added = did(add)
    make_host(groups=["outer"])

    plan, new = undone(added)

    assert new is None
    assert {name: why for name, _, why in reasons(plan)} == {
        "outer": "it has 1 host",
        "inner": "it is a child group of “outer”",
    }


def test_a_circle_is_not_closed(session, did, undone, make_group):
    a, b = make_group(name="a"), make_group(name="b")
    did(lambda: groups.change_group(a, {"children": ["b"]}))
    out = did(lambda: groups.change_group(a, {"children": []}))
    did(lambda: groups.change_group(b, {"children": ["a"]}))

    plan, new = undone(out)

    assert (reasons(plan), new) == (
        [("a", "children", "“b” now contains this group")],
        None,
    )


def test_variables_of_all_hosts_go_back_one_by_one(session, did, undone):
    first = did(lambda: inventory_vars.change_inventory({"vars": {"x": 1, "y": 1}}))
    did(lambda: inventory_vars.change_inventory({"vars": {"x": 1, "y": 2, "z": 1}}))

    plan, _ = undone(first)

    assert inventory_vars.inventory_vars(session) == {"y": 2, "z": 1}
    assert [field for _, field, _ in reasons(plan)] == ["vars.y"]


def test_one_entry_of_a_change(session, did, undone, make_host):
    ids = [make_host(owner="me"), make_host(owner="me")]

    def edit():
        for id_ in ids:
            hosts.change_host(id_, {"owner": "you"})

    change = did(edit)
    entry = changes_of(session, "host", ids[1])[0].id

    undone(change, entry)

    assert [hosts.get_host(id_).owner for id_ in ids] == ["you", "me"]


def test_terms_go_back_as_they_are_written_today(session, did, undone, make_host):
    id_ = make_host(environment="prod")
    edit = did(lambda: hosts.change_host(id_, {"environment": "dev"}))
    make_host(environment="PROD")

    undone(edit)

    assert hosts.get_host(id_).environment == "PROD"


@pytest.mark.parametrize("entry", [None, 1])
def test_what_is_not_there_is_said(session, entry):
    with pytest.raises(NotFound, match="Change 99 does not exist"):
        plan_undo(session, 99, entry)


def test_an_entry_of_another_change_is_said(session, did, make_host):
    id_ = make_host()
    one = did(lambda: hosts.change_host(id_, {"owner": "x"}))
    did(lambda: hosts.change_host(id_, {"owner": "y"}))
    other = changes_of(session, "host", id_)[0].id
    with pytest.raises(NotFound, match="has no entry"):
        plan_undo(session, one, other)


def test_another_plan_than_the_one_that_was_seen_is_refused(
    session, did, undone, make_host
):
    id_ = make_host(owner="me", port=1)
    edit = did(lambda: hosts.change_host(id_, {"owner": "you", "port": 2}))
    with plan_undo(session, edit) as plan:
        digest = plan.digest
    did(lambda: hosts.change_host(id_, {"notes": "another field"}))
    with plan_undo(session, edit) as plan:
        assert plan.digest == digest
    did(lambda: hosts.change_host(id_, {"port": 3}))

    with pytest.raises(Conflict, match="changed since the preview"):
        undone(edit, digest=digest)
    session.rollback()
    assert hosts.get_host(id_).owner == "you"


# ---- the command


@pytest.fixture
def run(runner):
    def call(*args, typed=None):
        return runner.invoke(args=["changes", "undo", *map(str, args)], input=typed)

    return call


def test_the_command_shows_asks_and_undoes(session, did, run, make_host):
    id_ = make_host(hostname="a", owner="me")
    edit = did(lambda: hosts.change_host(id_, {"owner": "you"}))

    dry = run(edit, "--dry-run")
    assert (dry.exit_code, dry.stdout) == (
        0,
        "revert: host a: owner “you” → “me”\n1 host would be reverted.\n",
    )
    asked = run(edit)
    assert asked.exit_code == 1
    assert "Use --yes" in asked.stderr
    session.rollback()
    assert hosts.get_host(id_).owner == "you"

    done = run(edit, "--yes")
    assert done.exit_code == 0
    assert "1 host reverted. Saved as change" in done.stdout
    session.rollback()
    assert hosts.get_host(id_).owner == "me"
    again = run(edit, "--yes")
    assert again.exit_code == 0
    assert again.stdout.startswith("Already undone by change ")


def test_the_command_asks_for_the_number_of_many_hosts_that_it_deletes(
    session, did, run, monkeypatch
):
    monkeypatch.setattr(common, "is_terminal", lambda: True)
    many = did(lambda: add_hosts({"hostname": f"many-{n}"} for n in range(51)))

    for typed in ("y\n", "50\n", "\n"):
        answer = run(many, typed=typed)
        assert (answer.exit_code, answer.stderr) == (1, "Error: Nothing was changed.\n")
    assert session.scalar(sa.select(sa.func.count()).select_from(Host)) == 51
    session.rollback()
    assert run(many, typed="51\n").exit_code == 0
    assert session.scalar(sa.select(sa.func.count()).select_from(Host)) == 0


@pytest.mark.parametrize(("args", "code"), [(["77"], 1), (["x"], 2), (["0"], 2)])
def test_the_command_tells_a_bad_id(session, run, args, code):
    answer = run(*args)
    assert answer.exit_code == code
    assert "Traceback" not in answer.output


# ---- many


def test_an_import_of_many_goes_but_for_what_others_changed(
    session, did, undone, statements
):
    many, kept = 1_200, 50
    given = [{"hostname": f"h{n}", "port": n + 1} for n in range(many)]
    imported = did(lambda: add_hosts(given))

    def edit():
        for n in range(kept):
            hosts.change_host(hosts.find_host(f"h{n}").id, {"owner": "x"})

    newer = did(edit, "carl")

    with statements() as seen, plan_undo(session, imported) as plan:
        assert plan.counts == {(DELETE, "host"): many - kept}
        assert plan.kept_objects == kept
    # By batches, not by rows.
    assert len(seen) < 60
    plan, _ = undone(imported)

    assert {why for _, _, why in reasons(plan)} == {
        f"has since been changed by carl (change {newer})"
    }
    assert session.scalar(sa.select(sa.func.count()).select_from(Host)) == kept
