"""Changes to many hosts: the plan, and exactly that plan. On every database."""

import base64
import zlib
from dataclasses import replace

import pytest
import sqlalchemy as sa

from hostadmin import bulk_edit, history
from hostadmin.bulk_edit import BulkEdit, Seen, Selection, read_edit
from hostadmin.db.session import db
from hostadmin.errors import Conflict, InvalidInput, InvalidValue
from hostadmin.history import ActorContext, changes_of
from hostadmin.inventory import groups, hosts
from hostadmin.models import ChangeSet, Group, Host
from hostadmin.query.parser import parse
from hostadmin.undo import undo
from hostadmin.validation.json_values import same_json

from ..helpers.dumps import dump
from ..helpers.races import run_at_once

ON_A_CLUSTER = True

ANN = ActorContext("ann", "web")


def matching(text):
    return Selection(node=parse(text))


@pytest.fixture
def plan(session):
    def make(selection, edit):
        made = bulk_edit.plan_change(db.session(), selection, edit)
        session.rollback()
        return made

    return make


@pytest.fixture
def change(session):
    """Do what an edit says in a transaction of its own; return plan and change set."""

    def run(selection, edit, digest=None):
        work = lambda: bulk_edit.change(db.session(), selection, edit, digest)  # noqa: E731
        return history.write(ANN, work)

    return run


@pytest.fixture
def take_back(session):
    def run(change_set_id):
        done, _ = history.write(ANN, lambda: undo(db.session(), change_set_id))
        done.close()
        return done

    return run


def lines(plan):
    return [(li.label, li.before, li.after, li.stays, li.count) for li in plan.lines]


@pytest.fixture
def owned(make_host):
    """Return the ids of five hosts of prod with three owners, and one of dev."""
    owners = ["payments", "payments", "data", None, "platform"]
    ids = [
        make_host(hostname=f"h-{n}", environment="prod", owner=owner)
        for n, owner in enumerate(owners)
    ]
    return [*ids, make_host(hostname="other", environment="dev", owner="payments")]


def test_the_plan_counts_from_and_to_and_what_stays(plan, owned):
    made = plan(matching("env:prod"), read_edit([("owner", "platform")]))

    assert (len(made.all), len(made.written)) == (5, 4)
    assert lines(made) == [
        ("owner", "payments", "platform", "", 2),
        ("owner", None, "platform", "", 1),
        ("owner", "data", "platform", "", 1),
        ("owner", "platform", None, "already set", 1),
    ]
    assert [host.hostname for host in made.sample] == ["h-0", "h-1", "h-2", "h-3"]


def test_it_writes_the_plan_and_the_history_of_each_and_goes_back(
    session, plan, change, take_back, owned
):
    before = dump(session)
    edit = read_edit([("owner", "platform"), ("port", ""), ("notes", " a\nb ")])
    digest = plan(matching("env:prod"), edit).digest

    done, change_set_id = change(matching("env:prod"), edit, digest)

    assert len(done.written) == 5
    found = [hosts.get_host(id_) for id_ in owned]
    assert [(h.owner, h.port, h.notes) for h in found[:5]] == [
        ("platform", None, " a\nb ")
    ] * 5
    assert found[5].owner == "payments"
    newest = changes_of(db.session(), "host", owned[2])[0]
    assert newest.changes == {
        "owner": ["data", "platform"],
        "port": [22, None],
        "notes": [None, " a\nb "],
    }
    assert newest.change_set_id == change_set_id
    take_back(change_set_id)
    assert dump(session) == before


def test_a_term_is_spelled_as_it_is_in_use(plan, change, make_host):
    make_host(hostname="a", environment="prod")
    id_ = make_host(hostname="b")
    edit = read_edit([("env", "PROD"), ("location", "Berlin")])

    made = plan(Selection(ids=(id_,)), edit)
    change(Selection(ids=(id_,)), edit, made.digest)

    assert lines(made)[0] == ("environment", None, "prod", "", 1)
    assert hosts.get_host(id_).environment == "prod"
    assert hosts.get_host(id_).location == "Berlin"


def test_groups_are_joined_left_and_made(session, plan, change, take_back, make_host):
    with history.writing("ann"):
        groups.add_group({"name": "old"})
    ids = [make_host(hostname=f"h{n}", groups=["old"][:n]) for n in range(2)]
    before = dump(session)
    edit = read_edit(add_groups=["new"], remove_groups=["old"])

    with pytest.raises(bulk_edit.MissingGroups) as refused:
        plan(Selection(ids=tuple(ids)), edit)
    assert refused.value.names == ["new"]

    edit = replace(edit, make_groups=True)
    made = plan(Selection(ids=tuple(ids)), edit)
    assert made.new_groups == ("new",)
    assert lines(made) == [
        ("group new", "not a member", "member", "", 2),
        ("group old", "member", "not a member", "", 1),
        ("group old", "not a member", None, "not a direct member", 1),
    ]
    _, change_set_id = change(Selection(ids=tuple(ids)), edit, made.digest)
    assert [str(g) for id_ in ids for g in hosts.get_host(id_).groups] == ["new"] * 2
    take_back(change_set_id)
    assert dump(session) == before


def test_a_group_to_leave_must_be_there(plan, owned, make_group):
    make_group(name="web")
    with pytest.raises(
        InvalidInput, match=r"Group “wep” does not exist\. Did you mean “web”"
    ):
        plan(matching("env:prod"), read_edit(remove_groups=["wep"], make_groups=True))


VARS = {
    "net": {"mtu": 1500, "up": True},
    "rack": "B1",
    "n": 1,
    "a": {"b": 3},
    "a.b": 1,
    "net-mtu": 9,
}


SETTINGS = (
    ("var.rack", "B2", {**VARS, "rack": "B2"}),
    ("var.rack", "", {key: VARS[key] for key in VARS if key != "rack"}),
    ("var.net.mtu", "9000", {**VARS, "net": {"mtu": 9000, "up": True}}),
    ("var.net.mtu", "", {**VARS, "net": {"up": True}}),
    ("var.net", '{"a": [1, null]}', {**VARS, "net": {"a": [1, None]}}),
    ("var.net", "mtu: 1500", {**VARS, "net": {"mtu": 1500}}),
    ("var.new.deep.key", "'7'", {**VARS, "new": {"deep": {"key": "7"}}}),
    ("var.a.b", "2", {**VARS, "a.b": 2}),
    ("var.a.b", "", {key: VARS[key] for key in VARS if key != "a.b"}),
    ("var.net-mtu", "", {key: VARS[key] for key in VARS if key != "net-mtu"}),
    ("var.a b", "x", {**VARS, "a b": "x"}),
    ("var.a b.c", "x", {**VARS, "a b": {"c": "x"}}),
    ("var.n", "1.0", {**VARS, "n": 1.0}),
    ("var.n", "null", {**VARS, "n": None}),
)


def test_variables_are_set_and_taken_away(session, change, take_back, make_host):
    id_ = make_host(hostname="a", vars=VARS)
    for name, text, expected in SETTINGS:
        _, change_set_id = change(Selection(ids=(id_,)), read_edit([(name, text)]))
        # By type, too: 1.0 is not 1.
        assert same_json(hosts.get_host(id_).vars, expected), (name, text)
        take_back(change_set_id)
        assert same_json(hosts.get_host(id_).vars, VARS)
        session.rollback()


def test_a_variable_that_cannot_be_set_stays_and_says_why(plan, make_host):
    make_host(hostname="a", vars={"net": "flat"})
    make_host(hostname="b", vars={"big": "x" * 65_000})
    make_host(hostname="c", vars={"net": {"mtu": 9000}})
    make_host(hostname="d")

    made = plan(matching("*"), read_edit([("var.net.mtu", "9000")]))
    assert lines(made)[0] == ("var.net.mtu", None, "9000", "", 2)
    assert {(li[3], li[4]) for li in lines(made)[1:]} == {
        ("“net” is not an object", 1),
        ("already set", 1),
    }
    made = plan(matching("*"), read_edit([("var.more", "y" * 1_000)]))
    stays = [line.stays for line in made.lines if line.stays]
    assert len(stays) == 1
    assert "bytes, not 66,0" in stays[0]
    # Nor is one of several set that alone would fit.
    made = plan(matching("b"), read_edit([("var.n", "1"), ("var.more", "y" * 1_000)]))
    assert [line.stays != "" for line in made.lines] == [True, True]
    assert not made.written


def test_a_text_is_distinguished_from_a_number(plan, make_host):
    make_host(hostname="a", vars={"n": "25", "m": None})
    made = plan(matching("*"), read_edit([("var.n", "25"), ("var.m", "a b")]))
    assert [line[:3] for line in lines(made)] == [
        ("var.n", '"25"', "25"),
        ("var.m", "null", "a b"),
    ]


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        ([("colour", "red")], "Unknown field “colour”"),
        ([("hostname", "x")], "cannot be set for many hosts"),
        ([("ip", "10.0.0.1")], "cannot be set for many hosts"),
        ([("alias", "x")], "cannot be set for many hosts"),
        ([("group", "web")], "Add hosts to groups"),
        ([("updated", "now")], "cannot be set"),
        ([("owner", "x" * 256)], "not 256"),
        ([("owner", "a\u202eb")], "is invisible"),
        ([("port", "70000")], "not a valid port"),
        ([("status", "retird")], "Did you mean “retired”"),
        ([("status", " ")], "cannot be empty"),
        ([("notes", "x" * 65_537)], "not 65,537"),
        ([("env", "a"), ("environment", "b")], "twice"),
        ([("var.a", "1"), ("var.a.b", "2")], "twice, or inside"),
        ([("var.", "1")], "is not a variable"),
        ([("var.a..b", "1")], "is not a variable"),
        ([("var.a", "{")], "line 1"),
        ([("var.a", "[" * 3_000)], "nested at most 20 levels deep"),
        ([("var.a", "[" * 25 + "]" * 25)], "at most 20 levels deep"),
        ([("var.a", "x" * 70_000)], "at most 65,536"),
        ([("var.a", "!!float 1e999")], "not a number"),
        ([("var.a", "*x")], "alias"),
        ([("var.a", "\ud800")], "invisible character"),
    ],
)
def test_what_makes_no_sense_is_refused(assignments, message):
    with pytest.raises(InvalidInput, match=message.replace("*", r"\*")):
        read_edit(assignments)


def test_all_that_is_wrong_is_shown_at_once():
    with pytest.raises(InvalidInput) as refused:
        read_edit(
            [("x", "1"), ("port", "0")], add_groups=["a,b", "c"], remove_groups=["c"]
        )
    assert [error.field for error in refused.value.errors] == ["x", "port", "add-group"]
    with pytest.raises(InvalidInput, match="both added and removed"):
        read_edit(add_groups=["c"], remove_groups=["c"])


@pytest.mark.parametrize("text", ["x", "5-", "0", "9-5", "-5", "5--7", "9" * 11, "1e3"])
def test_ids_that_are_none_are_refused(text):
    with pytest.raises(InvalidValue):
        bulk_edit.read_ids([text])


def test_ids_are_read_each_once_and_not_without_end():
    assert bulk_edit.read_ids(["7,5-6", " 5 ", ""]) == (7, 5, 6)
    assert bulk_edit.ids_text([7, 5, 6, 9]) == "5-7,9"
    assert bulk_edit.ids_text([]) == ""
    assert len(bulk_edit.read_ids(["1-100000"])) == bulk_edit.MAX_IDS
    with pytest.raises(InvalidValue, match="Use a query"):
        bulk_edit.read_ids(["1-100001"])
    with pytest.raises(InvalidValue, match="Use a query"):
        bulk_edit.read_ids(["1-100000", "200000"])


def test_nothing_chosen_changes_nothing(session, plan, change, owned):
    before = dump(session)
    for selection in (Selection(), matching("env:nowhere"), Selection(ids=(10**9,))):
        for edit in (read_edit([("owner", "x")]), bulk_edit.RETIRE, BulkEdit("delete")):
            made, change_set_id = change(selection, edit)
            assert (len(made.all), change_set_id) == (0, None)
    assert dump(session) == before
    assert plan(Selection(ids=(owned[0], 10**9)), bulk_edit.RETIRE).gone == 1


def test_all_already_so_writes_nothing(session, change, owned):
    count = session.scalar(sa.select(sa.func.count()).select_from(ChangeSet))
    _, change_set_id = change(matching("owner:data"), read_edit([("owner", "data")]))
    assert change_set_id is None
    assert count == session.scalar(sa.select(sa.func.count()).select_from(ChangeSet))


def test_confirming_leaves_version_and_entries_alone(session, change, owned):
    before = {id_: hosts.get_host(id_).confirmed_at for id_ in owned}
    _, change_set_id = change(matching("env:prod"), BulkEdit("confirm"))

    for id_ in owned:
        host = hosts.get_host(id_)
        assert (host.confirmed_at > before[id_]) == (host.environment == "prod")
        assert host.version == 1
    assert session.get(ChangeSet, change_set_id).confirmed_count == 5


def test_many_are_deleted_and_come_back(session, plan, change, take_back, owned):
    before = dump(session)
    edit = BulkEdit("delete")
    made = plan(matching("env:prod"), edit)
    assert [host.hostname for host in made.sample] == [f"h-{n}" for n in range(5)]

    _, change_set_id = change(matching("env:prod"), edit, made.digest)

    assert session.scalars(sa.select(Host.hostname)).all() == ["other"]
    take_back(change_set_id)
    assert dump(session) == before


def test_the_number_of_statements_does_not_grow_with_the_hosts(
    session, plan, change, statements, make_host, make_group
):
    make_group(name="web")
    ids = [make_host(hostname=f"h{number}", owner="me") for number in range(12)]
    make_host(hostname="other", role="db")
    edits = [
        read_edit([("role", "db"), ("port", "1")]),
        read_edit(add_groups=["web"]),
        BulkEdit("confirm"),
        BulkEdit("delete"),
    ]
    for edit in edits:
        counts = []
        for some in (Selection(ids=tuple(ids[:1])), Selection(ids=tuple(ids[1:]))):
            with statements() as seen:
                change(some, edit, plan(some, edit).digest)
            counts.append(len(seen))
        assert counts[0] == counts[1], edit


# ---- somebody else in between


def edit(id_, **fields):
    with history.writing("bob", "web"):
        hosts.change_host(id_, fields)


def delete(id_):
    with history.writing("bob", "web"):
        hosts.delete_host(id_)


@pytest.mark.parametrize("edit", [read_edit([("owner", "x")]), BulkEdit("delete")])
@pytest.mark.parametrize(
    ("meddle", "message"),
    [
        (lambda ids: edit(ids[0], notes="n"), "“h-0” was changed by bob (change "),
        (
            lambda ids: edit(ids[0], environment="dev"),
            "“h-0” no longer matches: changed by bob",
        ),
        (lambda ids: delete(ids[0]), "“h-0” was deleted by bob (change "),
        (lambda ids: edit(ids[5], environment="prod"), "“other” now matches"),
    ],
)
def test_what_changed_since_it_was_shown_is_shown_and_nothing_written(
    session, plan, change, owned, edit, meddle, message
):
    shown = plan(matching("env:prod"), edit)
    packed = shown.all.pack()
    meddle(owned)
    before = dump(session)

    with pytest.raises(Conflict):
        change(matching("env:prod"), edit, shown.digest)

    assert dump(session) == before
    now = plan(matching("env:prod"), edit)
    assert now.digest != shown.digest
    said = bulk_edit.differences(session, Seen.unpack(packed), now.all)
    assert len(said) == 1
    assert message in said[0]


def test_another_wish_or_other_hosts_have_another_digest(plan, owned, make_group):
    make_group(name="web")
    selection = matching("env:prod")
    edits = [
        read_edit([("owner", "x")]),
        read_edit([("owner", "y")]),
        read_edit([("owner", "")]),
        read_edit([("role", "x")]),
        read_edit([("var.x", "1")]),
        read_edit([("var.x", "'1'")]),
        read_edit(add_groups=["web"]),
        read_edit(remove_groups=["web"]),
        BulkEdit("delete"),
        BulkEdit("confirm"),
    ]
    digests = {plan(selection, edit).digest for edit in edits}
    digests.add(plan(matching("env:dev"), edits[0]).digest)
    digests.add(plan(Selection(ids=tuple(owned[:4])), edits[0]).digest)
    assert len(digests) == len(edits) + 2


def test_a_new_spelling_in_between_asks_again(session, plan, change, owned, make_host):
    edit = read_edit([("role", "WEB")])
    digest = plan(matching("env:prod"), edit).digest
    make_host(hostname="late", role="web")
    with pytest.raises(Conflict):
        change(matching("env:prod"), edit, digest)


def test_two_overlapping_changes_at_once(app, session, owned):
    def set_owner(text, query):
        edit, selection = read_edit([("owner", text)]), matching(query)
        made = bulk_edit.plan_change(db.session(), selection, edit)
        db.session.rollback()
        return lambda: bulk_edit.change(db.session(), selection, edit, made.digest)

    works = [set_owner("one", "env:prod"), set_owner("two", "owner:payments")]
    outcomes = run_at_once(app, *works)

    session.rollback()
    refused = [o for o in outcomes if isinstance(o, Conflict)]
    assert len(refused) == 1, outcomes
    owners = [hosts.get_host(id_).owner for id_ in owned]
    assert owners in (
        ["one"] * 5 + ["payments"],
        ["two", "two", "data", None, "platform", "two"],
    )


def test_a_bulk_change_against_a_single_edit(app, session, owned):
    edit = read_edit([("owner", "one")])
    digest = bulk_edit.plan_change(db.session(), matching("env:prod"), edit).digest
    session.rollback()

    def single():
        return hosts.change_host(owned[0], {"notes": "mine"}, version=1)

    def bulk():
        return bulk_edit.change(db.session(), matching("env:prod"), edit, digest)

    outcomes = run_at_once(app, single, bulk)

    session.rollback()
    host = hosts.get_host(owned[0])
    assert sum(isinstance(o, Conflict) for o in outcomes) == 1, outcomes
    assert (host.notes, host.owner) in (("mine", "payments"), (None, "one"))


def test_a_group_deleted_in_between_is_shown(session, plan, change, owned, make_group):
    group_id = make_group(name="web")
    edit = read_edit(add_groups=["web"])
    digest = plan(matching("env:prod"), edit).digest
    with history.writing("bob"):
        groups.delete_group(group_id)
    with pytest.raises(bulk_edit.MissingGroups):
        change(matching("env:prod"), edit, digest)
    with pytest.raises(Conflict):
        change(matching("env:prod"), replace(edit, make_groups=True), digest)
    assert session.scalar(sa.select(sa.func.count()).select_from(Group)) == 0


# ---- spellings


def test_a_value_merges_into_another(session, plan, change, take_back, make_host):
    for n, text in enumerate(["Production", "production", "prod", None]):
        make_host(hostname=f"h{n}", environment=text)
    before = dump(session)
    edit = bulk_edit.read_rename("env", "Production", "prod")

    made = plan(matching("env:Production"), edit)
    assert lines(made) == [("environment", "Production", "prod", "", 2)]
    _, change_set_id = change(matching("env:Production"), edit, made.digest)

    assert (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(Host)
            .where(Host.environment == "prod")
        )
        == 3
    )
    take_back(change_set_id)
    assert dump(session) == before


def test_only_the_case_changes_everywhere_and_goes_back(
    session, plan, change, take_back, make_host
):
    ids = [make_host(hostname=f"h{n}", environment="Prod") for n in range(3)]
    before = dump(session)
    edit = bulk_edit.read_rename("env", "Prod", "prod")

    made = plan(matching("env:Prod"), edit)
    _, change_set_id = change(matching("env:Prod"), edit, made.digest)
    assert [hosts.get_host(id_).environment for id_ in ids] == ["prod"] * 3
    late = make_host(hostname="late", environment="PROD")
    session.rollback()
    assert hosts.get_host(late).environment == "prod"

    undone = take_back(change_set_id)
    # Else one value would have two spellings.
    assert undone.back == 0
    assert "“prod”" in undone.first_kept[0].kept[0].reason
    delete(late)
    take_back(change_set_id)
    assert dump(session) == before
    late = make_host(hostname="late", environment="PROD")
    session.rollback()
    assert hosts.get_host(late).environment == "Prod"


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [("port", "22", "23"), ("env", "", "x"), ("env", "x", " "), ("colour", "a", "b")],
)
def test_a_respelling_needs_a_field_and_both(field, old, new):
    with pytest.raises(InvalidInput):
        bulk_edit.read_rename(field, old, new)


# ---- what travels in a form


def test_what_was_seen_travels_small_and_whatever_comes_back_is_harmless():
    seen = Seen()
    for id_ in range(3, 200_000, 20):
        seen.add(id_, 1 + id_ % 7)
    packed = seen.pack()
    assert len(packed) < 12_000
    assert dict(Seen.unpack(packed)) == dict(seen)
    assert dict(Seen.unpack(Seen().pack())) == {}
    bomb = base64.b64encode(zlib.compress(b"\0" * 10**7)).decode()
    for text in ("", "x", "=", "äö", packed[:-8], "AAAA", bomb):
        assert Seen.unpack(text) is None
