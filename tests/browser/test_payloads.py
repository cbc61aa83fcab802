"""Fifty payloads in everything that is stored, and every page opened in a browser.

No dialog, no error in the console, no request to anybody else, nothing executed.
"""

import re
from urllib.parse import quote, urlsplit

import sqlalchemy as sa

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.inventory import groups, hosts
from hostadmin.models import ChangeEntry, ChangeSet, Group, Host

# What a payload would do if it were run: the page asks for the mark.
MARK = "window.__run=1"
PAYLOADS = [
    "<script>{}</script>",
    '"><script>{}</script>',
    "'><script>{}</script>",
    "</script><script>{}</script>",
    "</title><script>{}</script>",
    "</textarea><script>{}</script>",
    "</style><script>{}</script>",
    "<img src=x onerror={}>",
    '"><img src=x onerror={}>',
    "'\"><img src=x onerror={}//",
    "<svg onload={}>",
    "<svg/onload={}>",
    "<svg><script>{}</script></svg>",
    "<body onload={}>",
    "<iframe srcdoc='<script>parent.{}</script>'>",
    "<iframe src=javascript:{}>",
    "<a href=javascript:{}>x</a>",
    "javascript:{}",
    "JaVaScRiPt:{};a=1",
    '" onmouseover={} x="',
    "' onmouseover={} x='",
    '" autofocus onfocus={} x="',
    "x onerror={}",
    "<details open ontoggle={}>",
    "<video><source onerror={}>",
    "<math><a xlink:href=javascript:{}>x",
    "<object data=javascript:{}>",
    "<embed src=javascript:{}>",
    "<form action=javascript:{}><button>",
    "<base href=//evil.example/>{}",
    "<meta http-equiv=refresh content='0;url=javascript:{}'>",
    "<link rel=stylesheet href=//evil.example/{}>",
    "<input onfocus={} autofocus>",
    "<select onchange={}>",
    "<marquee onstart={}>",
    "{{{{constructor.constructor('{}')()}}}}",
    "${{{}}}",
    "#{{{}}}",
    "<%= {} %>",
    "{{% {} %}}",
    "`${{{}}}`",
    '\\";{};//',
    "\\';{};//",
    "&lt;script&gt;{}&lt;/script&gt;",
    "&#60;script&#62;{}&#60;/script&#62;",
    "\\u003cscript\\u003e{}\\u003c/script\\u003e",
    "%3Cscript%3E{}%3C/script%3E",
    "<scr<script>ipt>{}</script>",
    "<!--><script>{}</script>-->",
    "<![CDATA[<script>{}</script>]]>",
    "<xmp><script>{}</script>",
    "=cmd|'{}'!A0",
]
TEXTS = [payload.format(MARK) for payload in PAYLOADS]


def fill(app):
    """Store each payload in every field; return ids of a host and a group."""
    with app.app_context():
        for number, text in enumerate(TEXTS):
            act = history.ActorContext(text[:60], "web", text[:255])
            name = text.replace(",", ";")[:250]

            def work(text=text, name=name, number=number):
                groups.add_group(
                    {"name": name, "description": text, "vars": {text: [text]}}
                )
                hosts.add_host(
                    {
                        "hostname": text[:250],
                        "aliases": [f"alias {text}"[:250]],
                        **dict.fromkeys(("environment", "os", "location"), text),
                        **dict.fromkeys(("role", "owner", "notes"), text),
                        "vars": {text: {text: text}, "ansible_user": text},
                        "groups": [name],
                        "ip_addr": f"10.0.0.{number + 1}",
                    }
                )

            history.write(act, work)
        # One that was changed and one that was deleted, for the history.
        first = db.session.scalar(sa.select(Host.id).order_by(Host.id))
        for text in TEXTS[:5]:
            change = {"notes": f"{text} {text}", "owner": f"{text}2"}
            history.write(
                history.ActorContext(text, "web", text),
                lambda change=change: hosts.change_host(first, change),
            )
        last = db.session.scalar(sa.select(Host.id).order_by(Host.id.desc()))
        history.write(history.ActorContext("x", "web"), lambda: hosts.delete_host(last))
        return {
            "host": first,
            "group": db.session.scalar(sa.select(Group.id).order_by(Group.id)),
            "change": db.session.scalar(sa.select(sa.func.max(ChangeSet.id))) - 1,
            "entry": db.session.scalar(sa.select(sa.func.max(ChangeEntry.id))),
        }


def addresses(app, ids):
    """Return every page that a link or a bookmark can open."""
    found = [
        "/hosts/?per_page=200",
        "/hosts/?per_page=200&cols=notes,owner,location,role,groups,aliases",
        "/stats/",
        "/stats/?by=env",
        "/stats/?by=location&by=owner",
        "/stats/?by=group&top=all",
        "/groups/?per_page=200",
        "/changes/",
        "/data-quality/",
        "/views/",
        "/help/",
        "/import/",
        "/accounts/",
        f"/hosts/?q={quote(f'notes:{TEXTS[0]!r}')}",
    ]
    for page in ("details", "edit", "delete", "duplicate"):
        found.append(f"/hosts/{page}/?id={ids['host']}")
        found.append(f"/groups/{page}/?id={ids['group']}")
    for number in range(5):
        found.append(f"/changes/{ids['change'] - number}/")
        found.append(f"/changes/{ids['change'] - number}/undo/")
    for number, text in enumerate(TEXTS):
        name = ("q", "flt_owner_equals")[number % 2]
        found.append(f"/hosts/?{name}={quote(text, safe='')}")
    for text in TEXTS[::7]:
        part = quote(text, safe="")
        found += [f"/{part}", f"/hosts/?sort={part}", f"/hosts/?cursor={part}"]
        found += [
            f"/stats/?by={part}",
            f"/hosts/edit/?id={part}",
            f"/login?next={part}",
        ]
        found += [f"/hosts/details/?id={ids['host']}&url={part}"]
    return found


def test_nothing_that_is_stored_or_sent_is_run(app, page, live_server, console_errors):
    ids = fill(app)
    dialogs, foreign, opened = [], [], 0
    page.on("dialog", lambda dialog: (dialogs.append(page.url), dialog.dismiss()))
    home = urlsplit(live_server).netloc

    def note(request):
        if urlsplit(request.url).netloc != home and not request.url.startswith("data:"):
            foreign.append(request.url)

    page.on("request", note)
    page.goto("/hosts/?per_page=200")
    assert page.inner_text("main").count(MARK) > len(TEXTS)
    for address in addresses(app, ids):
        response = page.goto(address, wait_until="load")
        assert response.status < 500, address
        opened += response.status == 200
        assert page.evaluate("window.__run") is None, address
        strange = page.evaluate(
            """() => [...document.querySelectorAll('*')].flatMap((e) =>
                [...e.attributes].filter((a) => /^on/i.test(a.name)
                    || (/^(href|src|action|formaction|data|xlink:href)$/i.test(a.name)
                        && /^\\s*(javascript|data:text|\\/\\/)/i.test(a.value)))
                    .map((a) => e.tagName + ' ' + a.name + '=' + a.value))"""
        )
        assert strange == [], address
        # The console tells that a page answered 404 or 400; that is no fault of it.
        console_errors[:] = [
            text
            for text in console_errors
            if not re.match(r"Failed to load resource: .* status of 4\d\d", text)
        ]
        assert console_errors == [], address
    assert opened > len(TEXTS)
    assert dialogs == []
    assert foreign == []
