"""Twelve people at the same moment, over HTTP. On every database."""

import contextvars
import threading
from collections import Counter

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.history import ActorContext
from hostadmin.inventory import groups, hosts
from hostadmin.models import ChangeEntry, Group, Host

from ..helpers.accounts import log_in
from ..helpers.pages import errors, form_of, parse

ON_A_CLUSTER = True
MANY = 12


def at_once(app, *requests):
    """Send each (address, form) from a client of its own; return the answers."""
    ready = threading.Barrier(len(requests))
    answers = [None] * len(requests)

    def send(number, url, form):
        client = log_in(app.test_client(), "editor")
        token = parse(client.get("/hosts/new/")).select_one("[name=csrf_token]")
        data = {**form, "csrf_token": token["value"]}
        ready.wait()
        answers[number] = client.post(url, data=data)

    threads = [
        threading.Thread(target=contextvars.Context().run, args=(send, number, *each))
        for number, each in enumerate(requests)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def entries(session, **of):
    session.rollback()
    return session.scalars(
        sa.select(ChangeEntry).filter_by(**of).order_by(ChangeEntry.id)
    ).all()


def test_of_twelve_who_save_one_host_one_is_saved_and_eleven_get_a_conflict(
    app, client, session, make_host
):
    id_ = make_host(hostname="web-1", owner="old")
    url = f"/hosts/edit/?id={id_}"
    form = form_of(client, url)

    answers = at_once(
        app, *((url, form | {"owner": f"owner-{n}"}) for n in range(MANY))
    )

    assert Counter(a.status_code for a in answers) == {302: 1, 409: MANY - 1}
    [winner] = [n for n, answer in enumerate(answers) if answer.status_code == 302]
    session.rollback()
    host = session.get(Host, id_)
    assert (host.owner, host.version) == (f"owner-{winner}", 2)
    for number, answer in enumerate(answers):
        if number != winner:
            page = parse(answer)
            assert page.select_one("[name=owner]")["value"] == f"owner-{number}"
            assert f"owner-{winner}" in page.main.text
            assert "When you opened it: old" in " ".join(page.main.text.split())
    changed = entries(session, subject="host", action="changed")
    assert [e.changes for e in changed] == [{"owner": ["old", f"owner-{winner}"]}]


def test_of_twelve_who_save_one_group_one_is_saved(app, client, session, make_group):
    id_ = make_group(name="web")
    url = f"/groups/edit/?id={id_}"
    form = form_of(client, url)

    answers = at_once(
        app, *((url, form | {"description": f"d{n}"}) for n in range(MANY))
    )

    assert Counter(a.status_code for a in answers) == {302: 1, 409: MANY - 1}
    assert len(entries(session, subject="group", action="changed")) == 1


def test_of_twelve_who_create_one_name_one_wins_and_eleven_get_an_error(app, session):
    names = [f"WEB-{'1' if n % 2 else '1.'}" for n in range(MANY)]

    answers = at_once(
        app,
        *(
            ("/hosts/new/", {"hostname": name, "status": "active", "owner": f"o{n}"})
            for n, name in enumerate(names)
        ),
    )

    assert Counter(a.status_code for a in answers) == {302: 1, 400: MANY - 1}
    for answer in answers:
        if answer.status_code == 400:
            assert "hostname" in errors(answer)
            assert parse(answer).select_one("[name=owner]")["value"].startswith("o")
    assert session.query(Host).count() == 1
    assert len(entries(session, subject="host")) == 1


def test_of_twelve_who_create_one_group_one_wins(app, session):
    answers = at_once(app, *(("/groups/new/", {"name": "web"}) for _ in range(MANY)))

    assert Counter(a.status_code for a in answers) == {302: 1, 400: MANY - 1}
    assert session.query(Group).count() == 1
    assert len(entries(session, subject="group")) == 1


@pytest.mark.parametrize("_time", range(3))
def test_of_edit_and_deletion_one_gets_a_conflict(
    app, client, session, make_host, _time
):
    id_ = make_host(hostname="web-1", owner="old")
    edit, gone = f"/hosts/edit/?id={id_}", f"/hosts/delete/?id={id_}"
    edits = [(edit, form_of(client, edit) | {"owner": f"o{n}"}) for n in range(3)]
    deletes = [(gone, form_of(client, gone))] * 3

    answers = at_once(app, *edits, *deletes)

    codes = [answer.status_code for answer in answers]
    assert codes.count(302) == 1
    assert set(codes) <= {302, 409, 404}
    session.rollback()
    host = session.get(Host, id_)
    actions = [entry.action for entry in entries(session, subject="host")]
    if 302 in codes[:3]:
        assert host.owner == f"o{codes.index(302)}"
        assert actions == ["created", "changed"]
    else:
        assert host is None
        assert actions == ["created", "deleted"]
        for number, answer in enumerate(answers[:3]):
            page = parse(answer)
            assert "was deleted" in page.main.text
            assert page.select_one("[name=owner]")["value"] == f"o{number}"


def test_of_twelve_who_undo_one_change_one_does(app, client, session, make_host):
    id_ = make_host(hostname="web-1", owner="old")
    with app.app_context():
        history.write(
            ActorContext("ann", "web"), lambda: hosts.change_host(id_, {"owner": "new"})
        )
    change = entries(session, action="changed")[0].change_set_id
    url = f"/changes/{change}/undo"
    form = form_of(client, url)

    answers = at_once(app, *((url, form) for _ in range(MANY)))

    codes = Counter(answer.status_code for answer in answers)
    assert codes[302] == 1
    assert set(codes) <= {302, 200, 409}
    changed = entries(session, subject="host", action="changed")
    assert [e.changes["owner"] for e in changed] == [["old", "new"], ["new", "old"]]


def test_who_joins_a_group_that_is_deleted_leaves_nothing_half(
    app, client, session, make_host, make_group
):
    group = make_group(name="web")
    ids = [make_host() for _ in range(3)]
    urls = [f"/hosts/edit/?id={id_}" for id_ in ids]
    joins = [(url, form_of(client, url) | {"groups": "web"}) for url in urls]
    gone = f"/groups/delete/?id={group}"

    answers = at_once(app, *joins, (gone, form_of(client, gone)))

    assert {answer.status_code for answer in answers} <= {302, 400, 409}
    session.rollback()
    there = session.get(Group, group) is not None
    for id_, answer in zip(ids, answers, strict=False):
        names = [str(g) for g in session.get(Host, id_).groups]
        assert names in ([], ["web"])
        assert there or names == []
        if answer.status_code != 302:
            assert names == []
    assert groups.direct_counts(session, [group]).get(group, 0) == sum(
        bool(session.get(Host, id_).groups) for id_ in ids
    )
