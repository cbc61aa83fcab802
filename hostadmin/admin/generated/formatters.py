"""How values look in lists and on details pages: the only Python that builds markup.

Each ``format_*`` function is one for Flask-Admin's ``column_formatters``. What narrow
columns cut, and exact times, a script shows where the mouse rests: as attributes they
would be half of a list.
"""

import functools
import json
import re
from datetime import datetime
from typing import Any

from markupsafe import Markup

from ...clock import utcnow
from ...formatting import NEVER, ago_text, html, number_text, time_text
from ...query.ast import EQUALS, Term
from ...query.fields import find_field
from ...query.to_text import to_text
from ...validation.host_fields import HOST_FIELDS
from ...validation.json_values import variable_at
from ...validation.values import DEFAULT_PORT
from .urls import QUERY, ViewUrl, row_url

HOST_FIELDS_BY_NAME = {field.name: field for field in HOST_FIELDS}
# An address that is longer than its column breaks between its parts.
AFTER_COLONS = re.compile(r"(?<=:)(?!:)")
BREAK = Markup("<wbr>")
# Characters of address and port that the narrowest column has room for.
MAX_ADDRESS = 14
MAX_CHIPS = 1
MAX_START = 100
MAX_TITLE = 500
NOT_SET = Markup("<span class=unset>(not set)</span>")


def _link(url: str, text: object) -> Markup:
    return html('<a class="name" href="%s">%s</a>', url, text)


def _titled(shown: object, text: str) -> Markup:
    """Return what stands for a longer text, with that as title."""
    return html('<span title="%s">%s</span>', text[:MAX_TITLE], shown)


def _beginning(text: str) -> Markup | str:
    return text if len(text) <= MAX_START else _titled(text[:MAX_START], text)


def _mono(text: object) -> Markup:
    return html("<span class=mono>%s</span>", text)


# What is in row after row is made once.
@functools.lru_cache(maxsize=1_000)
def _chip(text: str) -> Markup:
    return html("<span class=chip>%s</span>", text)


@functools.lru_cache(maxsize=1_000)
def _port(number: int | None) -> Markup:
    if number is None:
        return Markup("")
    return html("<small>:%s</small>", number)


@functools.cache
def _status(name: str) -> Markup:
    return html('<span class="status is-%s">%s</span>', name, name)


@functools.cache
def _status_and_end(name: str) -> Markup:
    return html('%s">%s', name, name)


def _linked_chip(text: str, url: str) -> Markup:
    return html('<a class="chip" href="%s">%s</a>', url, text)


def _ago(then: datetime | None) -> Markup:
    if then is None:
        return NEVER
    exact = then.isoformat(timespec="minutes").removesuffix("+00:00")
    return html("<time datetime=%sZ>%s</time>", exact, ago_text(then, utcnow()))


# -- any model -------------------------------------------------------------------------


def format_text(_view: Any, _context: Any, model: Any, name: str) -> Markup | str:
    value = getattr(model, name)
    return NOT_SET if value in (None, "") else str(value)


def format_mono(_view: Any, _context: Any, model: Any, name: str) -> Markup:
    value = getattr(model, name)
    return NOT_SET if value in (None, "") else _mono(value)


def format_mono_list(_view: Any, _context: Any, model: Any, name: str) -> Markup:
    """Return names or addresses, one a line."""
    items = getattr(model, name)
    return Markup("<br>").join(_mono(item) for item in items) if items else NOT_SET


def format_notes(_view: Any, _context: Any, model: Any, name: str) -> Markup:
    """Return text with its line ends."""
    text = getattr(model, name)
    return html('<div class="notes">%s</div>', text) if text else NOT_SET


def format_ago(_view: Any, _context: Any, model: Any, name: str) -> Markup:
    return _ago(getattr(model, name))


def format_created(_view: Any, _context: Any, model: Any, _name: str) -> Markup:
    return _ago(model.created_at)


def format_updated(_view: Any, _context: Any, model: Any, _name: str) -> Markup:
    return _ago(model.updated_at)


def format_confirmed(_view: Any, _context: Any, model: Any, _name: str) -> Markup:
    return _ago(model.confirmed_at)


def format_start(_view: Any, _context: Any, model: Any, name: str) -> Markup | str:
    """Return how a long text begins, in one line."""
    text = " ".join((getattr(model, name) or "")[:MAX_TITLE].split())
    return _beginning(text) if text else NOT_SET


def format_time(_view: Any, _context: Any, model: Any, name: str) -> Markup:
    """Return the exact time, and how long ago that was."""
    then: datetime | None = getattr(model, name)
    if then is None:
        return NEVER
    exact, words = time_text(then), ago_text(then, utcnow())
    if exact.startswith(words):
        return html('<time datetime="%s">%s</time>', then.isoformat(), exact)
    return html(
        '<time datetime="%s">%s</time> <span class="muted">· %s</span>',
        then.isoformat(timespec="seconds"),
        exact,
        words,
    )


# -- hosts -----------------------------------------------------------------------------


def format_host_link(_view: Any, _context: Any, host: Any, _name: str) -> Markup:
    return _link(row_url("hosts.details_view", host.id), host.hostname)


def format_address(_view: Any, _context: Any, host: Any, _name: str) -> Markup | str:
    """Return address and port as one writes them: 10.0.0.1:22, [2001:db8::1]:22."""
    port = _port(host.port)
    if not host.ip_addr:
        # Without an address, only an unusual port says something.
        if host.port in (None, DEFAULT_PORT):
            return NOT_SET
        return html("%s %s", NOT_SET, port)
    if ":" in host.ip_addr:
        whole = "<span>[%s]</span><wbr>%s" if port else "<span>%s</span>%s"
        return html(whole, BREAK.join(AFTER_COLONS.split(host.ip_addr)), port)
    if not port:
        return host.ip_addr
    is_long = len(host.ip_addr) + len(str(host.port)) > MAX_ADDRESS
    return html("%s<wbr>%s" if is_long else "%s%s", host.ip_addr, port)


def format_status(_view: Any, _context: Any, host: Any, _name: str) -> Markup:
    return _status(host.status.value)


def status_and_end(host: Any) -> Markup:
    """Return what ends the tag of a cell that has the status as class, and its text."""
    return _status_and_end(host.status.value)


def format_aliases(_view: Any, _context: Any, host: Any, _name: str) -> Markup:
    names = [alias.name for alias in host.aliases]
    return _mono(_beginning(", ".join(names))) if names else NOT_SET


def format_variable(host: Any, path: tuple[str, ...]) -> Markup:
    """Return the variable of the host itself that the path leads to."""
    [value] = variable_at(host.vars, path) or [None]
    if value in (None, ""):
        return NOT_SET
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _mono(_beginning(text))


def format_environment(
    _view: Any, _context: Any, host: Any, _name: str
) -> Markup | str:
    return host.environment or NOT_SET


def hosts_url(name: str, value: str) -> str:
    """Return the list of the hosts that have this value in a field of the query."""
    field = find_field(name)
    literal = field.kind.literal(EQUALS, value)
    query = to_text(Term(field.name, EQUALS, (literal,)))
    return str(ViewUrl("hosts.index_view", ((QUERY, query),)))


def format_same_value(_view: Any, _context: Any, host: Any, name: str) -> Markup:
    """Return the value as a link to all hosts that have it."""
    value = getattr(host, name)
    if value in (None, ""):
        return NOT_SET
    field = HOST_FIELDS_BY_NAME[name].query
    return html('<a class="same" href="%s">%s</a>', hosts_url(field, str(value)), value)


# -- groups ----------------------------------------------------------------------------


def format_group_link(_view: Any, _context: Any, group: Any, _name: str) -> Markup:
    return _link(row_url("groups.details_view", group.id), group.name)


def format_groups(_view: Any, _context: Any, model: Any, name: str) -> Markup:
    """Return the first groups as chips, and the number of the others."""
    names = [group.name for group in getattr(model, name)]
    if not names:
        return NOT_SET
    shown = _chip(names[0])
    if len(names) > 1:
        shown = Markup(" ").join(map(_chip, names[:MAX_CHIPS]))
    if rest := len(names[MAX_CHIPS:]):
        return _titled(shown + html(" <small>+%s</small>", rest), ", ".join(names))
    return shown


def format_all_groups(_view: Any, _context: Any, model: Any, name: str) -> Markup:
    """Return every group as a chip that leads to it."""
    groups = getattr(model, name)
    if not groups:
        return NOT_SET
    return Markup(" ").join(
        _linked_chip(group.name, row_url("groups.details_view", group.id))
        for group in groups
    )


def format_member_count(
    _view: Any, context: Any, group: Any, _name: str
) -> Markup | str:
    """Return the number that the list counted for the whole page at once."""
    direct, all_, url = context["listing"].extra["members"][group.id]
    if all_ is None:
        return html('<a href="%s">%s</a>', url, number_text(direct))
    return html(
        '<a href="%s">%s</a><span class="muted">, %s direct</span>',
        url,
        all_,
        number_text(direct),
    )
