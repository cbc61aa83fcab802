"""Ids that run against time, as those of several servers may: time decides."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.bulk_edit.shown_versions import Seen, differences
from hostadmin.clock import utcnow
from hostadmin.db.session import db
from hostadmin.history import ActorContext, filters, objects, search, sign_ins
from hostadmin.history.provenance import find_provenance
from hostadmin.imports import uploads
from hostadmin.inventory import hosts
from hostadmin.jobs import add_job, table
from hostadmin.limits import limits
from hostadmin.models import (
    ChangeEntry,
    ChangeSet,
    FileImport,
    Host,
    Job,
    change_counts,
    change_fields,
    inventory_changes,
)
from hostadmin.query.change_sets import newest_changes
from hostadmin.undo import plan_undo


def renumber(change: int, number: int) -> int:
    """Give a change another id, and its entries others; return the id."""
    sets, entries = ChangeSet.__table__, ChangeEntry.__table__
    with db.engine.begin() as connection:
        row = connection.execute(sa.select(sets).where(sets.c.id == change)).one()
        connection.execute(sa.insert(sets).values({**row._mapping, "id": number}))
        for part in (entries, change_counts, change_fields, inventory_changes):
            own = part.c.change_set_id == change
            connection.execute(sa.update(part).where(own).values(change_set_id=number))
        connection.execute(sa.delete(sets).where(sets.c.id == change))
        connection.execute(
            sa.update(entries)
            .where(entries.c.change_set_id == number)
            .values(id=entries.c.id + number)
        )
    return number


@pytest.fixture
def story(session):
    """Add a host, change it twice; return its id and the changes, the newest first."""

    def did(actor, work):
        id_ = history.write(ActorContext(actor, "web"), lambda: work().id)
        return id_, history.written_change_set_id(session())

    id_, added = did("ann", lambda: hosts.add_host({"hostname": "a", "owner": "o"}))
    _, first = did("bob", lambda: hosts.change_host(id_, {"owner": "o1", "role": "r"}))
    _, last = did("cat", lambda: hosts.change_host(id_, {"owner": "o2"}))
    changes = [last, renumber(first, last + 1000), renumber(added, last + 2000)]
    session.expunge_all()
    return id_, changes


def test_the_changes_of_a_host(session, story):
    id_, changes = story
    found = history.changes_of(session(), "host", id_)
    assert [entry.change_set_id for entry in found] == changes


@pytest.mark.parametrize(
    "given", [{}, {"object": "a"}, {"object": "a", "field": "owner"}]
)
@pytest.mark.parametrize("size", [1, 2, 50])
def test_the_history_and_its_pages(session, story, given, size):
    _, changes = story
    asked = filters.read(given, utcnow())
    found = objects.find_objects(session, asked)

    def page(cursor=None):
        return search.list_changes(session, asked, found, cursor, size)

    pages = [page()]
    while pages[-1].older:
        pages.append(page(pages[-1].older))
    assert [line.change.id for page in pages for line in page.lines] == changes
    for before, after in zip(pages[-2::-1], pages[:0:-1], strict=True):
        back = page(after.newer)
        assert [x.change.id for x in back.lines] == [x.change.id for x in before.lines]


def test_who_added_and_who_updated_it(session, story):
    host = session.get_one(Host, story[0])
    found = find_provenance(session(), host)
    assert (found.added.actor, found.updated.actor) == ("ann", "cat")


def test_what_differs_from_what_was_shown(session, story):
    id_, [last, *_] = story
    before, now = Seen(), Seen()
    before.add(id_, 1)
    now.add(id_, 3)
    assert differences(session(), before, now) == [
        f"“a” was changed by cat (change {last})"
    ]
    assert f"“a” no longer matches: changed by cat (change {last})" in differences(
        session(), before, Seen()
    )


def test_what_is_offered_first(session, story):
    _, changes = story
    assert newest_changes(session(), "", 3) == [str(id_) for id_ in changes]


def test_what_undo_takes_for_newer(session, story):
    _, [last, first, _] = story
    plan = plan_undo(session(), first)
    [step] = plan.first_kept
    assert step.newer["owner"].change_set_id == last
    assert list(step.back) == ["role"]
    plan = plan_undo(session(), last)
    assert (plan.back, plan.kept_items) == (1, 0)


def test_what_is_the_last_hour(session, monkeypatch):
    """Failures that are long ago do not hide those of the last hour."""
    monkeypatch.setattr(limits, "failures_an_hour", 2)
    made = []
    for hours in (3, 2, 0, 0):
        at = utcnow() - timedelta(hours=hours)
        with db.engine.begin() as connection:
            change = connection.execute(
                sa.insert(ChangeSet.__table__).values(
                    at=at, actor="x", source="web", confirmed_count=0
                )
            ).inserted_primary_key[0]
            connection.execute(
                sa.insert(ChangeEntry.__table__).values(
                    change_set_id=change,
                    subject="account",
                    subject_id=0,
                    subject_name="x",
                    action=sign_ins.FAILED,
                    changes={},
                )
            )
        made.append(change)
    assert sign_ins.has_enough_failures(session(), 0)
    for number, change in enumerate(made[:2]):
        renumber(change, made[-1] + 1000 * (number + 1))
    assert sign_ins.has_enough_failures(session(), 0)


def test_which_job_is_next_and_which_file_was_last(session):
    now = utcnow()
    late, early = (add_job(session(), "count", number) for number in (1, 2))
    for id_, at in ((late, now), (early, now - timedelta(minutes=1))):
        session.get_one(Job, id_).created_at = at
    for name, at in (("new", now), ("old", now - timedelta(minutes=1))):
        session.add(
            FileImport(
                owner="ann",
                actor="ann",
                name=name,
                step=uploads.PLANNED,
                options={},
                found={},
                created_at=at,
            )
        )
    session.flush()

    assert table.next_job(session()) == early
    views = [table.find_job(session(), id_) for id_ in (early, late)]
    assert [table.ahead_of(session(), view) for view in views] == [0, 1]
    names = [upload.name for upload in uploads.list_uploads(session(), "ann")]
    assert names == ["new", "old"]
    session.rollback()
