"""Two thousand requests with ill will: no fault, nothing shown as it is, no change.

Made from the routes that there are, so that a new page is in it by itself.
"""

import random
import re
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from hostadmin.db.session import Base, db

from ..helpers.pages import csrf, parse

# For each seed, on each engine: two thousand and more in all.
REQUESTS = 500
# Every one holds markup that would be seen if it came out as it went in.
MARK = "<xss onerror=1>"
TEXTS = (
    MARK, f"'\"{MARK}", f"{{{{7*7}}}}{MARK}", f"%s%n${{7*7}}{MARK}", f"\x00{MARK}",
    f"\r\nSet-Cookie: a=b\r\n\r\n{MARK}", f"\x1b[31m{MARK}", f"\u202e{MARK}",
    f"' OR 1=1 -- {MARK}", f"1; DROP TABLE hosts; {MARK}", f"../../etc/passwd{MARK}",
    f"//evil.example/{MARK}", f"javascript:alert(1){MARK}", f"{MARK * 40}",
    f"\ud800{MARK}", f"\U0001f600{MARK}", f"%00%0d%0a{MARK}",
)  # fmt: skip
VALUES = (
    *TEXTS, "", " ", "0", "-1", "1", "1,2", "1.5", "1e9",
    "99999999999999999999",
    "2147483648", "9223372036854775808", "null", "None", "true", "[]", "{}", "NaN",
    "\u0661", "id",
    "hostname", "-hostname", "-", "--", "*", "%", "_", "\\", "(", "((((",
    "a" * 300,
    "env:prod", "-env:prod or (", "ip:10.0.0.0/8", "ip:::/0", "port>1e999",
    "created:-99999999d..now", "var.a.b.c:1", "/.*/", '"', "group:", "name:*",
    "status:x",
    "network/99", "network/24",
    "created:month", "var.x", "csv", "count", "value",
)  # fmt: skip
NAMES = (
    "id", "q", "sort", "cursor", "per_page", "cols", "by", "top", "order", "zero",
    "show", "url", "next", "entry", "flt_hostname_equals", "flt_ip_in_network",
    "flt_x_y", "flt0_1", "page", "page_size", "search", "add_field", "add_op",
    "add_value", "table", "actor", "source", "field", "ids", "csrf_token",
    "row_version", "hostname", "vars", "notes", "groups", "role", "version", "password",
    "username", "return_url", "_method", MARK,
)  # fmt: skip
METHODS = ("GET",) * 6 + ("POST",) * 4 + ("HEAD", "PUT", "DELETE", "PATCH", "OPTIONS")
HEADERS = (
    ("Accept", "application/json"), ("Accept", MARK), ("Accept", "*/*;q=x"),
    ("Accept-Language", MARK), ("Content-Type", "application/json"),
    ("Content-Type", "multipart/form-data; boundary=x"), ("Content-Type", MARK),
    ("Content-Length", "-1"), ("Content-Length", "99999999999"),
    ("Cookie", "hostadmin=x"),
    ("Range", "bytes=0-1,2-3,0-"), ("If-None-Match", MARK), ("If-Match", "*"),
    ("X-Forwarded-For", MARK), ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Prefix", "/evil"), ("X-HTTP-Method-Override", "DELETE"),
    ("X-Original-URL", "/accounts/"), ("Referer", "https://evil.example/"),
    ("Authorization", "Bearer x"), ("Authorization", "Basic eDp4"),
    ("Authorization", "Basic \xff"),
    ("Host", "evil.example"), ("Host", "localhost:x"),
    ("Origin", "null"), ("Sec-Fetch-Site", "cross-site"), ("User-Agent", MARK * 50),
)  # fmt: skip
BODIES = (
    b"", b"\xff\xfe", b"{", b"[" * 5000, b'{"a":' * 3000, b"--x\r\n\r\n",
    b"a=%zz&%=&&=",
    b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../a\"\r\n\r\nx",
    b"\x1f\x8b\x08\x00", b"PK\x03\x04", b"hostname=a&hostname=b&id=1&id=2",
)  # fmt: skip
LEAKS = re.compile(
    r"Traceback|SELECT |INSERT |sqlalchemy|psycopg|pymysql|werkzeug|site-packages"
)
# The last use of a session, and tries to log in, are noted.
NOTED = {"account_sessions", "login_attempts", "account_addresses"}


def dump(app):
    with app.app_context(), db.engine.connect() as connection:
        return {
            table.name: sorted(connection.execute(sa.select(table)).all(), key=repr)
            for table in Base.metadata.sorted_tables
            if table.name not in NOTED
        }


class Attacker:
    """Makes requests from a seed: the same ones each time."""

    def __init__(self, app, seed):
        self.chance = random.Random(seed)
        self.rules = [rule.rule for rule in app.url_map.iter_rules()]

    def text(self):
        # What no request can hold as it is, is sent as its bytes.
        text = self.chance.choice(VALUES)
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")

    def path(self):
        rule = re.sub(
            r"<[^>]+>",
            lambda _: quote(self.text() or "x", safe=""),
            self.chance.choice(self.rules),
        )
        if self.chance.random() < 0.1:
            rule += quote(self.text(), safe=self.chance.choice(("", "/")))
        return rule

    def pairs(self):
        count = self.chance.choice((0, 1, 1, 2, 2, 3, 8))
        return [(self.chance.choice(NAMES), self.text()) for _ in range(count)]

    def request(self, token):
        """Return method, address, and what else ``client.open`` takes."""
        method = self.chance.choice(METHODS)
        headers = [
            self.chance.choice(HEADERS) for _ in range(self.chance.choice((0, 0, 1, 2)))
        ]
        options = {"headers": headers, "query_string": _query(self.pairs())}
        if method in ("POST", "PUT", "PATCH", "DELETE"):
            if self.chance.random() < 0.3:
                options["data"] = self.chance.choice(BODIES)
            else:
                options["data"] = _query([*self.pairs(), ("csrf_token", token)])
                options["content_type"] = "application/x-www-form-urlencoded"
        return method, self.path(), options


def _query(pairs):
    return "&".join(
        f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in pairs
    )


def check(response, what, *, is_admin=False):
    assert response.status_code < 500, what
    # An admin may see the SQL of a query.
    if not is_admin or response.status_code != 200:
        assert not LEAKS.search(response.text), what
    for name, value in response.headers:
        assert value.isprintable(), what
        assert "evil" not in value or name == "Location", what
    location = response.headers.get("Location", "/")
    assert re.match(r"/(?![/\\])", location), what
    assert "\n" not in location
    if response.mimetype == "text/html":
        page = parse(response)
        assert page.find("xss") is None, what
        for link in page.select("[href], [src], [action], [formaction]"):
            for name in ("href", "src", "action", "formaction"):
                target = link.get(name, "/").strip().lower()
                assert not re.match(r"javascript:|data:text|//|/\\", target), what
    assert "alert" not in response.headers.get("Set-Cookie", "")


@pytest.mark.parametrize("seed", range(2))
def test_no_request_of_an_attacker_does_anything(
    app, client_of, nobody, make_host, make_group, seed
):
    """A viewer and nobody ask; what they may post changes nothing of the inventory."""
    group = make_group(name="g")
    make_host(hostname="a", environment="prod", groups=["g"], vars={"x": 1})
    make_host(hostname="b", ip_addr="10.0.0.1")
    viewer = client_of("viewer")
    before = dump(app)
    attacker = Attacker(app, seed)
    token = ""

    for number in range(REQUESTS):
        client = viewer if number % 4 else nobody
        method, path, options = attacker.request(token)
        what = f"{method} {path} {options}"
        check(client.open(path, method=method, **options), what)

    assert group
    assert dump(app) == before


@pytest.mark.parametrize("seed", range(1))
def test_an_admin_who_sends_nonsense_gets_an_explanation(
    app, client, make_host, make_group, seed
):
    """With a token that is right; whatever happens is no fault of the server."""
    make_group(name="g")
    make_host(hostname="a", environment="prod", groups=["g"], vars={"x": 1})
    token = csrf(client, "/hosts/new/")
    attacker = Attacker(app, 100 + seed)
    attacker.rules = [rule for rule in attacker.rules if "logout" not in rule]

    for _ in range(REQUESTS):
        method, path, options = attacker.request(token)
        response = client.open(path, method=method, **options)
        check(response, f"{method} {path} {options}", is_admin=True)
