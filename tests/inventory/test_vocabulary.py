"""One spelling per value, on every database."""

import pytest
import sqlalchemy as sa

from hostadmin import history
from hostadmin.errors import InvalidInput
from hostadmin.inventory import hosts
from hostadmin.inventory.vocabulary import canonical_values, find_spellings, spellings
from hostadmin.models import Host, VocabularyEntry
from hostadmin.validation.host_fields import VOCABULARY_FIELDS

from ..helpers.races import run_at_once


@pytest.fixture
def writing(session):
    return lambda: history.writing("ann", "web")


def entries(session):
    rows = session.execute(
        sa.select(VocabularyEntry.field, VocabularyEntry.spelling).order_by(
            VocabularyEntry.field, VocabularyEntry.spelling
        )
    )
    return [tuple(row) for row in rows]


def env_of(session, host_id):
    session.expire_all()
    return hosts.get_host(host_id).environment


@pytest.mark.parametrize("field", VOCABULARY_FIELDS)
@pytest.mark.parametrize(
    ("first", "second"),
    [("prod", "PROD"), ("Straße", "STRASSE"), ("caf\u00e9", "CAFE\u0301")],
)
def test_a_value_is_saved_as_it_is_written_already(
    session, make_host, field, first, second
):
    make_host(**{field: first})
    host_id = make_host(**{field: second})

    assert getattr(hosts.get_host(host_id), field) == first
    assert entries(session) == [(field, first)]


@pytest.mark.parametrize(
    ("first", "second"), [("prod", "prod2"), ("cafe", "café"), ("a b", "ab")]
)
def test_other_values_stay_other_values(session, make_host, first, second):
    make_host(environment=first)
    host_id = make_host(environment=second)

    assert env_of(session, host_id) == second


def test_fields_do_not_share_spellings(session, make_host):
    make_host(environment="web", role="Web")

    assert entries(session) == [("environment", "web"), ("role", "Web")]


def test_a_value_nobody_uses_any_more_is_spelled_anew(session, writing, make_host):
    first = make_host(environment="prod")
    with writing():
        hosts.change_host(first, {"environment": None})

    host_id = make_host(environment="PROD")

    assert env_of(session, host_id) == "PROD"
    assert entries(session) == [("environment", "PROD")]


def test_the_only_user_of_a_value_does_not_respell_it(session, writing, make_host):
    host_id = make_host(environment="prod")

    with writing():
        hosts.change_host(host_id, {"environment": "PROD"})

    assert env_of(session, host_id) == "prod"
    assert hosts.get_host(host_id).version == 1


def test_of_many_texts_that_fold_alike_the_first_decides(session, writing, make_host):
    make_host(environment="dev")
    gone = make_host(environment="old")
    with writing():
        hosts.delete_host(gone)
    texts = ["Prod", "PROD", "DEV", "OLD", "Old", "prod"]
    expected = {
        "Prod": "Prod",
        "PROD": "Prod",
        "prod": "Prod",
        "DEV": "dev",
        "OLD": "OLD",
        "Old": "OLD",
    }

    assert find_spellings(session, "environment", texts) == expected
    assert entries(session) == [("environment", "dev"), ("environment", "old")]
    with writing():
        assert canonical_values(session(), "environment", texts) == expected
    assert [spelling for _, spelling in entries(session)] == ["OLD", "Prod", "dev"]
    assert find_spellings(session, "environment", ["new"]) == {"new": "new"}


def test_thousands_of_values_are_spelled(session, writing):
    texts = [f"Value {number}" for number in range(1_200)]
    with writing():
        canonical_values(session(), "owner", texts)

    found = find_spellings(session, "owner", [text.upper() for text in texts])

    # Nobody uses them, so the new way would hold.
    assert list(found.values()) == [text.upper() for text in texts]


def test_suggested_are_the_values_that_hosts_have(session, writing, make_host):
    gone = make_host(environment="gone")
    for name in ("prod", "dev", "PROD", "test"):
        make_host(environment=name)
    with writing():
        hosts.delete_host(gone)

    assert spellings(session, "environment") == ["dev", "prod", "test"]
    assert spellings(session, "environment", limit=2) == ["dev", "prod"]
    assert spellings(session, "role") == []


def test_a_value_written_first_by_many_at_once_gets_one_spelling(app, session):
    def add(number, spelling):
        return hosts.add_host({"hostname": f"h{number}", "environment": spelling}).id

    outcomes = run_at_once(
        app,
        *(
            lambda number=number, spelling=spelling: add(number, spelling)
            for number, spelling in enumerate(("prod", "Prod", "PROD", "pRod"))
        ),
    )

    assert all(isinstance(one, int) for one in outcomes), outcomes
    assert len(set(session.scalars(sa.select(Host.environment)))) == 1
    assert len(entries(session)) == 1


def test_a_refused_host_leaves_no_new_value(session, writing):
    given = {"hostname": "a", "environment": "new", "groups": ["none"]}

    with pytest.raises(InvalidInput), writing():
        hosts.add_host(given)

    assert entries(session) == []
