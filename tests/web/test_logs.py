"""The log: who asked for what, one line each, whatever stood in the request."""

import io
import json
import logging

import pytest

from hostadmin.web.logs import AsJson, ForPeople

from ..helpers.pages import csrf, parse

ON_ONE_ENGINE = True

PROBLEM = "application/problem+json"
EVIL = "\r\n\x1b[31mred\x07\u202e\u2028\x85"


@pytest.fixture
def lines():
    """Return the lines of the log so far, as JSON objects."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(AsJson())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)

    def read():
        texts = stream.getvalue().split("\n")[:-1]
        assert [
            text for text in texts if not (text.isascii() and text.isprintable())
        ] == []
        return [json.loads(text) for text in texts]

    yield read
    root.removeHandler(handler)
    root.setLevel(level)


def test_every_request_has_a_line(client, lines):
    response = client.get("/hosts/?q=web1", headers={"User-Agent": "tests"})

    line = lines()[-1]
    assert line["request_id"] == response.headers["X-Request-ID"]
    assert (line["method"], line["path"]) == ("GET", "/hosts/?q=web1")
    assert (line["status"], line["level"]) == (200, "info")
    assert line["time"].endswith("Z")
    assert line["ms"] > 0


@pytest.mark.parametrize(
    "url",
    [
        "/hosts/?token=s3cr3t",
        "/hosts/?q=a&api_key=s3cr3t&x=y",
        "/hosts/?%74oken=s3cr3t",
        "/hosts/?Password=s3cr3t",
        "/hosts/?csrf_token=s3cr3t",
    ],
)
def test_no_line_holds_a_secret_of_the_address(client, lines, url):
    client.get(url)

    assert "s3cr3t" not in json.dumps(lines())
    assert "***" in lines()[-1]["path"]


def test_no_line_holds_what_a_form_or_a_cookie_held(client, lines):
    token = csrf(client, "/hosts/new/")
    cookie = client.get_cookie("hostadmin").value
    client.post(
        "/hosts/new/",
        data={"csrf_token": token, "hostname": "a", "notes": "s3cr3t"},
    )
    client.get("/hosts/", headers={"Authorization": "Bearer s3cr3t"})

    text = json.dumps(lines())
    assert [line["status"] for line in lines() if "status" in line] == [200, 302, 401]
    assert [secret for secret in ("s3cr3t", token, cookie) if secret in text] == []


def test_nothing_in_a_request_ends_a_line_or_moves_a_cursor(client, lines):
    client.get(f"/{EVIL}", query_string={"q": EVIL, EVIL: EVIL})
    client.open("/hosts/", method="EV\x1bIL")

    assert len([line for line in lines() if line["logger"].endswith("access")]) == 2


def test_people_read_no_control_characters_either():
    record = logging.LogRecord("x", logging.WARNING, "", 0, "a%sb", (EVIL,), None)

    assert ForPeople().format(record).isprintable()


def test_what_is_refused_is_shown_with_the_id_of_the_request(client, lines):
    response = client.post("/hosts/new/", data={"hostname": "a"})
    warnings = [line for line in lines() if line["level"] == "warning"]

    assert [line["request_id"] for line in warnings] == [
        response.headers["X-Request-ID"]
    ]
    assert "CSRF" in warnings[0]["message"]

    client.post("/hosts/new/", headers={"Sec-Fetch-Site": "cross-site"})
    assert "not allowed" in lines()[-2]["message"]


def test_a_failed_log_in_is_shown_without_what_was_typed(nobody, lines):
    given = {"username": "s3cr3t", "password": "hunter2"}
    response = nobody.post(
        "/login", data={**given, "csrf_token": csrf(nobody, "/login")}
    )

    warnings = [line for line in lines() if line["level"] == "warning"]
    assert response.status_code == 401
    assert [(line["message"], line["client"]) for line in warnings] == [
        ("refused: wrong name or password", "127.0.0.1")
    ]
    assert not {"s3cr3t", "hunter2"} & set(json.dumps(lines()).split('"'))


def test_a_bug_is_shown_with_its_trace_under_the_id_on_the_page(
    app, client, lines, monkeypatch
):
    def broken(*_: object) -> None:
        # Such as a long statement.
        raise LookupError("x" * 1_000_000 + "the reason")

    monkeypatch.setattr("hostadmin.admin.hosts.list_page.list_hosts", broken)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    response = client.get("/hosts/")

    errors = [line for line in lines() if line["level"] == "error"]
    assert "the reason" in errors[0]["trace"]
    assert len(errors[0]["trace"]) < 50_000
    assert errors[0]["request_id"] in parse(response).main.text
    assert "the reason" not in response.text


# ---- pages and their twins for tools


def ask(client, status, **headers):
    """Provoke this status."""
    long = "x" * 70_000
    calls = {
        400: lambda: client.get("/hosts/?nonsense=1", headers=headers),
        403: lambda: client.post(
            "/hosts/new/", headers={"Sec-Fetch-Site": "cross-site", **headers}
        ),
        404: lambda: client.get("/nope", headers=headers),
        405: lambda: client.post("/help/", headers=headers),
        413: lambda: client.post(
            "/hosts/new/", data={"notes": "x" * 2_200_000}, headers=headers
        ),
        414: lambda: client.get(f"/hosts/?q={long}", headers=headers),
    }
    return calls[status]()


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 414])
def test_every_status_has_a_page_and_the_same_for_tools(client, status):
    page = ask(client, status, Accept="text/html,*/*;q=0.8")
    answer = ask(client, status, Accept="application/json")

    assert (page.status_code, answer.status_code) == (status, status)
    assert parse(page).main.h1
    assert page.mimetype == "text/html"
    assert answer.mimetype == PROBLEM
    assert answer.json["detail"]
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    if status != 400:
        assert page.headers["X-Request-ID"] in parse(page).main.text


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/nope",
        "/export/nope",
        "/export/csv?x=1",
        "/stats/table.csv?by=nope",
        "/stats/table.json?by=nope",
    ],
)
def test_addresses_for_tools_answer_json_unless_a_browser_asks(client, path):
    assert client.get(path).mimetype == PROBLEM
    assert client.get(path, headers={"Accept": "*/*"}).json["detail"]

    browser = client.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
    is_api = path.startswith("/api/")
    assert browser.mimetype == (PROBLEM if is_api else "text/html")


def test_tools_get_the_place_in_a_query_and_a_way_out(client):
    answer = client.get("/export/csv?q=web+statu:active").json

    assert "Unknown field “statu”" in answer["detail"]
    assert answer["place"] == "characters 5–9"
    assert answer["fixed"] == "web status:active"
    other = client.get("/stats/table.json?by=env&q=port:1,x").json
    assert other["place"] == "character 8"
    assert other["expected"] == "a whole number, 1–65535"
    assert "fixed" not in other


def test_the_methods_that_are_possible_are_named(client):
    assert "GET" in client.post("/help/").headers["Allow"]


@pytest.mark.parametrize(
    "host", ["a..b", "x" * 300, "\xff", "[", "evil.example:x", "a b", "a/b", "", ","]
)
def test_a_host_that_cannot_even_be_read_gets_a_page(client, host):
    response = client.get("/hosts/", headers={"Host": host})

    assert response.status_code == 400
    assert parse(response).main.h1
