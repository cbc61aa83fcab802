"""Slips are caught where they enter: a new value near to one in use is asked."""

import pytest

from hostadmin.models import Host
from hostadmin.stats.new_values import find_new_values

from ..helpers.pages import csrf, errors, form_of, parse


@pytest.fixture
def some(make_host):
    for number in range(3):
        make_host(hostname=f"p-{number}", owner="platform", os="Debian 12")
    make_host(hostname="d", owner="data")
    return make_host(hostname="a", owner="data")


def chosen(response, field, word):
    """Return what the page sends for the choice that begins with this word."""
    labels = parse(response).select(f"label:has([name=choice_{field}])")
    [label] = [label for label in labels if label.text.strip().startswith(word)]
    return {f"choice_{field}": label.input["value"]}


@pytest.mark.parametrize(
    ("fields", "questions"),
    [
        (
            {"owner": "Platforn"},
            ["New owner “Platforn”. Did you mean platform (3 hosts)?"],
        ),
        ({"owner": "PLATFORM"}, []),
        ({"owner": "search"}, []),
        ({"owner": "data"}, []),
        ({"os": "Debian 13"}, []),
        (
            {"os": "debian12"},
            ["New OS “debian12”. Did you mean Debian 12 (3 hosts)?"],
        ),
        ({"owner": None, "hostname": "platforn"}, []),
    ],
)
def test_only_new_values_near_to_others_are_asked(session, some, fields, questions):
    found = find_new_values(session(), fields)

    assert [new.question for new in found] == questions


@pytest.mark.parametrize(("word", "owner"), [("Use", "platform"), ("Keep", "Platforn")])
def test_the_form_asks_once_and_takes_either_answer(client, session, some, word, owner):
    url = f"/hosts/edit/?id={some}"
    typed = form_of(client, url) | {"owner": "Platforn", "notes": "kept"}

    asked = client.post(url, data=typed)

    assert asked.status_code == 400
    assert errors(asked) == {
        "owner": "New owner “Platforn”. Did you mean platform (3 hosts)?"
    }
    session.rollback()
    assert session.get(Host, some).owner == "data"
    answer = client.post(url, data=typed | chosen(asked, "owner", word))
    assert answer.status_code == 302
    session.rollback()
    host = session.get(Host, some)
    assert (host.owner, host.notes) == (owner, "kept")


def test_an_answer_holds_for_the_value_that_was_asked_and_no_other(client, some):
    url = f"/hosts/edit/?id={some}"
    typed = form_of(client, url) | {"owner": "Platforn"}
    use = chosen(client.post(url, data=typed), "owner", "Use")

    again = client.post(url, data=typed | use | {"owner": "platforx"})

    assert errors(again) == {
        "owner": "New owner “platforx”. Did you mean platform (3 hosts)?"
    }
    for nonsense in ("x", "[1]", '{"a": 1}', "[[], []]"):
        answer = client.post(url, data=typed | {"choice_owner": nonsense})
        assert answer.status_code == 400


def test_a_field_that_was_not_touched_asks_nothing(client, make_host, some):
    id_ = make_host(hostname="odd", owner="platfornx")
    url = f"/hosts/edit/?id={id_}"

    answer = client.post(url, data=form_of(client, url) | {"notes": "x"})

    assert answer.status_code == 302


@pytest.mark.parametrize(("word", "owner"), [("Use", "platform"), ("Keep", "Platforn")])
def test_a_bulk_edit_asks_before_its_preview(client, session, some, word, owner):
    token = csrf(client, "/hosts/new/")
    data = {"csrf_token": token, "ids": str(some), "step": "plan", "owner": "Platforn"}
    asked = client.get("/hosts/bulk/edit", query_string=data)
    assert asked.status_code == 400
    assert "Did you mean platform (3 hosts)?" in parse(asked).main.text

    shown = client.get(
        "/hosts/bulk/edit", query_string=data | chosen(asked, "owner", word)
    )
    form = parse(shown).select_one("form.confirm")
    fields = {i["name"]: i.get("value", "") for i in form.select("input[name]")}
    assert client.post(form["action"], data=fields | {"step": "do"}).status_code == 302

    session.rollback()
    assert session.get(Host, some).owner == owner
