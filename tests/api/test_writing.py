"""What programs change: with the version that they saw, once, and for the history."""

import threading

import pytest
import sqlalchemy as sa

from hostadmin.auth import accounts
from hostadmin.db.session import db
from hostadmin.limits import limits
from hostadmin.models import ChangeSet, Host, KeptAnswer

from ..helpers.api import Program
from ..helpers.dumps import dump_tables


@pytest.fixture
def host(program, make_host):
    """A host as a program sees it."""
    id_ = make_host(hostname="a", vars={"keep": 1, "n": {"x": 1, "y": [1]}})
    return program.get(f"/hosts/{id_}")


def address(response):
    kind = "groups" if "children" in response.json else "hosts"
    return f"/{kind}/{response.json['id']}"


def wrong(response):
    """Return pointer → what is wrong there."""
    return {e["pointer"]: e["detail"] for e in response.json.get("errors", ())}


def last_change(app):
    with app.app_context():
        newest = sa.select(ChangeSet).order_by(ChangeSet.id.desc()).limit(1)
        change = db.session.scalars(newest).one()
        return change.source, change.actor, change.message


# ---- one object


def test_a_host_is_added_changed_and_deleted(app, program, make_group):
    make_group(name="web")
    fields = {
        "hostname": "web-1.example.net",
        "ip_addr": "10.0.0.1",
        "addresses": ["2001:DB8::1"],
        "aliases": ["web"],
        "environment": "prod",
        "groups": ["web"],
        "vars": {"n": 1.0, "none": None},
        "notes": "one\ntwo",
    }

    added = program.post("/hosts?message=new+rack", fields)
    assert added.status_code == 201
    assert added.headers["Location"] == f"/api/v1{address(added)}"
    assert added.json.items() > (fields | {"addresses": ["2001:db8::1"]}).items()
    assert (added.json["port"], added.json["status"]) == (22, "active")
    assert program.get(address(added)).json == added.json
    assert added.headers["ETag"] == '"1"'
    assert last_change(app) == ("api", "token program editor", "new rack")

    patch = {"owner": "me", "environment": None, "port": None}
    changed = program.call("PATCH", address(added), patch, If_Match='"1"')
    assert changed.status_code == 200
    assert changed.json.items() > patch.items()
    assert changed.json["vars"] == {"n": 1.0, "none": None}
    assert changed.headers["ETag"] == '"2"'

    gone = program.call("DELETE", address(added), If_Match='"2"')
    assert (gone.status_code, gone.data) == (204, b"")
    assert program.get(address(added)).status_code == 404


def test_variables_are_merged_and_null_takes_away(program, host):
    patch = {"vars": {"n": {"x": None, "z": {"new": None, "kept": 1}}, "more": [None]}}

    changed = program.call("PATCH", address(host), patch, If_Match='"1"').json

    n = {"y": [1], "z": {"kept": 1}}
    assert changed["vars"] == {"keep": 1, "n": n, "more": [None]}
    cleared = program.call("PATCH", address(host), {"vars": None}, If_Match='"2"')
    assert cleared.json["vars"] == {}


def test_a_host_is_confirmed_without_becoming_another_version(app, program, host):
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.update(Host.__table__).values(confirmed_at=None))

    seen = program.post(f"{address(host)}/confirm")

    assert (seen.status_code, seen.json["version"]) == (200, 1)
    assert seen.json["confirmed_at"]
    stale = program.post(f"{address(host)}/confirm", If_Match='"7"')
    assert stale.status_code == 412
    assert program.post("/hosts/999/confirm").status_code == 404


def test_groups_are_added_changed_and_deleted(program):
    inner = program.post("/groups", {"name": "b/c"})
    outer = program.post(
        "/groups", {"name": "a", "children": ["b/c"], "vars": {"x": 1}}
    )
    assert (inner.status_code, outer.json["children"]) == (201, ["b/c"])

    patch = {"description": "d", "vars": {"y": 2}}
    changed = program.call("PATCH", address(outer), patch, If_Match='"1"')
    assert changed.json["vars"] == {"x": 1, "y": 2}
    ring = {"children": ["a"]}
    refused = program.call("PATCH", address(inner), ring, If_Match='"1"')
    assert (refused.status_code, [*wrong(refused)]) == (422, ["#/children"])
    assert program.call("DELETE", address(outer), If_Match='"2"').status_code == 204
    assert program.get(address(outer)).status_code == 404


def test_variables_of_all_hosts_are_merged(program):
    first = program.get("/inventory")
    assert first.headers["ETag"] == '"0"'

    changed = program.call("PATCH", "/inventory", {"vars": {"a": 1}}, If_Match='"0"')
    again = program.call("PATCH", "/inventory", {"vars": {"b": 1}}, If_Match='"0"')
    both = program.call("PATCH", "/inventory", {"vars": {"b": 1}}, If_Match='"1"')

    assert (changed.json["version"], again.status_code) == (1, 412)
    assert both.json == {"vars": {"a": 1, "b": 1}, "version": 2}


def test_views_are_kept_changed_and_deleted(app, program):
    given = {"name": "v", "query": "env:prod", "options": {"cols": ["hostname"]}}
    view = program.post("/views", given)
    assert view.json.items() > (given | {"shared": True, "is_own": True}).items()
    url = f"/views/{view.json['id']}"

    changed = program.call("PATCH", url, {"name": "w"}, If_Match='"1"')
    assert (changed.json["name"], changed.json["query"]) == ("w", "env:prod")
    assert program.call("DELETE", url, If_Match='"1"').status_code == 412
    assert program.call("DELETE", url, If_Match='"2"').status_code == 204
    refused = program.post("/views", {"name": "v", "query": "evn:prod"})
    assert (refused.status_code, [*wrong(refused)]) == (422, ["#/query"])


# ---- the version that was seen


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("kind", ["hosts", "groups", "inventory", "views"])
def test_nothing_is_changed_without_the_version_that_was_seen(
    app, program, method, kind
):
    made = {
        "hosts": {"hostname": "a"},
        "groups": {"name": "g"},
        "views": {"name": "v"},
    }
    if kind == "inventory":
        if method == "DELETE":
            return
        url, body = "/inventory", {"vars": {"a": 1}}
    else:
        url = f"/{kind}/{program.post(f'/{kind}', made[kind]).json['id']}"
        body = {}
    # Notes that the token is in use.
    program.get("/counts")
    before = dump_tables(app)

    for tags, status in (
        ({}, 428),
        ({"If_Match": '"9"'}, 412),
        ({"If_Match": '"x"'}, 412),
        ({"If_Match": '"1", "2"'}, 412),
        ({"If_Match": ""}, 412),
    ):
        response = program.call(method, url, body, **tags)
        assert response.status_code == status, tags
    assert dump_tables(app) == before
    assert program.call(method, url, body, If_Match="*").status_code in (200, 204)


def test_of_two_who_saw_the_same_one_gets_a_conflict(app, program, host):
    """Also at the same moment."""
    answers = []

    def change(owner):
        other = Program(app)
        url, patch = address(host), {"owner": owner}
        answers.append(other.call("PATCH", url, patch, If_Match='"1"').status_code)

    threads = [threading.Thread(target=change, args=(name,)) for name in "xyz"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [200, 412, 412]
    assert program.get(address(host)).json["version"] == 2


# ---- the same twice


def test_what_is_asked_twice_is_done_once(app, program):
    ask = {"body": {"hostname": "a"}, "Idempotency_Key": "k 1"}

    first = program.post("/hosts", **ask)
    again = program.post("/hosts", **ask)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    for name in ("Location", "ETag", "Content-Type"):
        assert again.headers[name] == first.headers[name]
    assert "Idempotency-Replayed" in again.headers
    assert "Idempotency-Replayed" not in first.headers
    assert program.get("/counts").json["total"] == 1
    for body, path in (({"hostname": "b"}, "/hosts"), ({"name": "a"}, "/groups")):
        other = program.post(path, body, Idempotency_Key="k 1")
        assert (other.status_code, program.get("/counts").json["total"]) == (422, 1)
    # The key is that of one program.
    theirs = Program(app).post("/hosts", {"hostname": "b"}, Idempotency_Key="k 1")
    assert theirs.status_code == 201


def test_what_was_refused_is_tried_again(program):
    refused = program.post("/hosts", {"hostname": ""}, Idempotency_Key="k")
    good = program.post("/hosts", {"hostname": "a"}, Idempotency_Key="k")

    assert (refused.status_code, good.status_code) == (422, 201)


def test_the_same_at_the_same_moment_is_done_once(app, program):
    answers, clients = [], [app.test_client() for _ in range(4)]
    headers = {"Authorization": f"Bearer {program.key}", "Idempotency-Key": "k"}

    def ask(client):
        body = {"hostname": "a"}
        response = client.post("/api/v1/hosts", json=body, headers=headers)
        answers.append((response.status_code, response.text))

    threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    done = [text for status, text in answers if status == 201]
    assert len(set(done)) == 1
    # Who cannot be shown which was first is asked to come again.
    assert {status for status, _ in answers} <= {201, 409, 503}
    assert program.get("/counts").json["total"] == 1


def test_what_is_kept_is_bounded(app, program, monkeypatch):
    monkeypatch.setattr(limits, "kept_answers", 3)
    for number in range(6):
        body = {"hostname": f"h{number}"}
        program.post("/hosts", body, Idempotency_Key=f"k{number}")

    with app.app_context():
        kept = db.session.scalars(sa.select(KeptAnswer.request_key)).all()
    assert sorted(kept) == ["k3", "k4", "k5"]


@pytest.mark.parametrize("key", ["", "x" * 256, "\xff", "\t"])
def test_a_key_that_is_none_is_refused(program, key):
    response = program.post("/hosts", {"hostname": "a"}, Idempotency_Key=key)

    assert response.status_code == 400
    assert program.get("/counts").json["total"] == 0


# ---- what makes no sense


@pytest.mark.parametrize(
    ("body", "pointer", "word"),
    [
        ({"hostnam": "a"}, "#/hostnam", "Did you mean “hostname”?"),
        ({"hostname": "a", "id": 1}, "#/id", "is unknown"),
        ({"hostname": "a", "version": 1}, "#/version", "is unknown"),
        ({"hostname": "a", "created_at": "x"}, "#/created_at", "is unknown"),
        ({"hostname": "a", "a/b~c": 1}, "#/a~1b~0c", "is unknown"),
        ({"hostname": "a", "port": "22"}, "#/port", "not a whole number"),
        ({"hostname": "a", "port": True}, "#/port", "not a whole number"),
        ({"hostname": "a", "port": 22.0}, "#/port", "not a whole number"),
        ({"hostname": "a", "port": 70000}, "#/port", ""),
        ({"hostname": 7}, "#/hostname", "not text"),
        ({"hostname": None}, "#/hostname", ""),
        ({"hostname": "a\0b"}, "#/hostname", "is invisible"),
        ({}, "#/hostname", "is missing"),
        ({"hostname": "a", "status": "up"}, "#/status", "active"),
        ({"hostname": "a", "ip_addr": "10.0.0.256"}, "#/ip_addr", ""),
        ({"hostname": "a", "groups": "web"}, "#/groups", "not a list"),
        ({"hostname": "a", "groups": [1]}, "#/groups/0", "not text"),
        ({"hostname": "a", "groups": ["nope"]}, "#/groups", "does not exist"),
        ({"hostname": "a", "vars": []}, "#/vars", "not an object"),
        ({"hostname": "a", "vars": {"": 1}}, "#/vars", "name"),
        ({"hostname": "a", "notes": "x" * 70_000}, "#/notes", ""),
        ({"hostname": "a", "owner": "x" * 300}, "#/owner", ""),
        ([{"hostname": "a"}] * 10_000, "#", "not an object"),
        ("text", "#", "not an object"),
        (None, "#", "JSON"),
        (b"", "#", "not valid JSON"),
        (b"{", "#", "not valid JSON"),
        (b'{"hostname": "a"} x', "#", "has text after the end"),
        (b'{"hostname": "a", "hostname": "b"}', "#", "twice"),
        (b'{"hostname": "\xff"}', "#", "not UTF-8"),
        (b'{"hostname": "a", "vars": {"x": NaN}}', "#/vars", "not a number"),
        (b'{"hostname": "a", "vars": {"x": 1e999}}', "#/vars", "not a number"),
        (b'{"hostname": "a", "port": 1' + b"0" * 5_000 + b"}", "#", "digits"),
        (b'{"hostname": "\\ud800"}', "#/hostname", ""),
        (b'{"hostname": "a", "vars": ' + b'{"a":' * 500 + b"1" + b"}" * 501, "", ""),
        (b"[" * 100_000, "#", "too deep"),
        (b'{"a":' * 100_000, "#", "too deep"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(app, program, body, pointer, word):
    before = dump_tables(app)
    data = body if isinstance(body, bytes) else None
    if data is None:
        response = program.post("/hosts", body)
    else:
        kind = {"Content_Type": "application/json"}
        response = program.call("POST", "/hosts", data, **kind)
    if body is None:
        assert response.status_code == 415
        return

    assert response.status_code == 422, response.text
    said = wrong(response)
    assert pointer == "" or word in said[pointer]
    assert dump_tables(app).items() >= {"hosts": before["hosts"]}.items()


def test_deep_patches_of_deep_variables_are_refused(program, host):
    deep = b'{"vars": ' + b'{"a":' * 900 + b"1" + b"}" * 901

    kind = {"Content_Type": "application/merge-patch+json"}
    response = program.call("PATCH", address(host), deep, If_Match="*", **kind)

    assert response.status_code == 422


def test_all_that_is_wrong_is_shown_at_once(program):
    body = {"hostname": "a\tb", "ip_addr": "x", "port": 0, "status": "y"}

    assert [*wrong(program.post("/hosts", body))] == [
        *("#/hostname", "#/ip_addr", "#/port", "#/status"),
    ]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "text/html", ""]
)
def test_what_does_not_say_that_it_is_json_is_refused(program, kind):
    response = program.call("POST", "/hosts", b'{"hostname":"a"}', Content_Type=kind)

    assert response.status_code == 415


def test_a_name_that_is_taken_is_shown(program, make_host):
    make_host(hostname="A")

    response = program.post("/hosts", {"hostname": "a"})

    assert (response.status_code, [*wrong(response)]) == (422, ["#/hostname"])


def test_too_much_is_refused_before_it_is_read(program):
    body = {"hostname": "a", "notes": "x" * 2_200_000}

    assert program.post("/hosts", body).status_code == 413


# ---- who may


def test_who_only_reads_changes_nothing(app, reader, make_host):
    id_ = make_host(hostname="a")
    reads = Program(app, "editor", read_only=True)
    for one in (reader, reads):
        one.get("/hosts")
    before = dump_tables(app)

    for one in (reader, reads):
        for method, path in (
            ("POST", "/hosts"),
            ("PATCH", f"/hosts/{id_}"),
            ("DELETE", f"/hosts/{id_}"),
            ("POST", f"/hosts/{id_}/confirm"),
            ("PATCH", "/inventory"),
            ("POST", "/groups"),
        ):
            response = one.call(method, path, {}, If_Match="*")
            assert response.status_code == 403, path
    assert dump_tables(app) == before


def test_no_other_site_calls_and_nothing_is_shared_with_one(program):
    foreign = {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"}

    assert program.post("/hosts", {"hostname": "a"}, **foreign).status_code == 403
    asked = {"Access_Control_Request_Method": "POST", "Origin": foreign["Origin"]}
    for response in (
        program.call("OPTIONS", "/hosts", **asked),
        program.get("/hosts", **foreign),
    ):
        assert "Access-Control" not in str(response.headers)


def test_head_is_a_get_without_its_body(reader, make_host):
    make_host()

    head, whole = reader.call("HEAD", "/hosts"), reader.get("/hosts")

    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == whole.headers["ETag"]


def test_the_token_of_a_disabled_account_is_dead(app, make_host):
    from hostadmin import history

    with app.app_context(), history.writing("tests"):
        owner = accounts.add_account("ann", "hash", "editor")
        id_ = owner.id
    with app.app_context():
        from hostadmin.models import Account

        program = Program(app, owner=db.session.get(Account, id_))
    assert program.get("/hosts").status_code == 200
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE accounts SET active = false"))

    assert program.get("/hosts").status_code == 401
