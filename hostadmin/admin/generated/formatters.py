"""How values look in lists and on details pages: the only Python that builds markup.

Each ``format_*`` function is one for Flask-Admin's ``column_formatters``.
"""

import json
from datetime import datetime
from typing import Any

from flask import url_for
from markupsafe import Markup

from ...clock import utcnow
from ...formatting import NEVER, ago_element, ago_text, number_text, time_text
from ...validation.json_values import variable_at
from ...validation.values import DEFAULT_PORT

MAX_CHIPS = 2
MAX_START = 100
MAX_TITLE = 500
# Text that no column of the list is too narrow for.
UNCUT = 8
NOT_SET = Markup('<span class="unset">(not set)</span>')


def _link(url: str, text: object) -> Markup:
    """Return a name as a link; narrow columns cut it, so the title has it whole."""
    return Markup('<a class="name" href="{0}" title="{1}">{1}</a>').format(url, text)


def _titled(shown: object, text: str) -> Markup:
    """Return what a narrow column may cut, with the text as title."""
    return Markup('<span title="{}">{}</span>').format(text[:MAX_TITLE], shown)


def _mono(text: object) -> Markup:
    return Markup('<span class="mono">{}</span>').format(text)


def _chip(text: object, url: str | None = None) -> Markup:
    if url is None:
        return Markup('<span class="chip">{}</span>').format(text)
    return Markup('<a class="chip" href="{}">{}</a>').format(url, text)


# -- any model -------------------------------------------------------------------------


def format_text(_view: Any, _context: Any, model: Any, name: str) -> Markup | str:
    value = getattr(model, name)
    if value in (None, ""):
        return NOT_SET
    text = str(value)
    return text if len(text) <= UNCUT else _titled(text, text)


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
    return Markup('<div class="notes">{}</div>').format(text) if text else NOT_SET


def format_ago(_view: Any, _context: Any, model: Any, name: str) -> Markup:
    return ago_element(getattr(model, name))


def format_created(_view: Any, _context: Any, model: Any, _name: str) -> Markup:
    return ago_element(model.created_at)


def format_updated(_view: Any, _context: Any, model: Any, _name: str) -> Markup:
    return ago_element(model.updated_at)


def format_confirmed(_view: Any, _context: Any, model: Any, _name: str) -> Markup:
    return ago_element(model.confirmed_at)


def format_start(_view: Any, _context: Any, model: Any, name: str) -> Markup | str:
    """Return how a long text begins, in one line."""
    text = " ".join((getattr(model, name) or "")[:MAX_TITLE].split())
    return _titled(text[:MAX_START], text) if text else NOT_SET


def format_time(_view: Any, _context: Any, model: Any, name: str) -> Markup:
    """Return the exact time, and how long ago that was."""
    then: datetime | None = getattr(model, name)
    if then is None:
        return NEVER
    exact, words = time_text(then), ago_text(then, utcnow())
    if exact.startswith(words):
        return Markup('<time datetime="{}">{}</time>').format(then.isoformat(), exact)
    return Markup(
        '<time datetime="{}">{}</time> <span class="muted">· {}</span>'
    ).format(then.isoformat(timespec="seconds"), exact, words)


# -- hosts -----------------------------------------------------------------------------


def format_host_link(_view: Any, _context: Any, host: Any, _name: str) -> Markup:
    return _link(url_for("hosts.details_view", id=host.id), host.hostname)


def format_address(_view: Any, _context: Any, host: Any, _name: str) -> Markup:
    """Return address and port as one writes them: 10.0.0.1:22, [2001:db8::1]:22."""
    port = Markup('<span class="port">:{}</span>').format(host.port)
    if host.port is None:
        port = Markup("")
    if not host.ip_addr:
        # Without an address, only an unusual port says something.
        if host.port in (None, DEFAULT_PORT):
            return NOT_SET
        return Markup('<span class="address">{} {}</span>').format(NOT_SET, port)
    text = f"[{host.ip_addr}]" if port and ":" in host.ip_addr else host.ip_addr
    return Markup('<span class="address">{}{}</span>').format(text, port)


def format_status(_view: Any, _context: Any, host: Any, _name: str) -> Markup:
    return Markup('<span class="status is-{0}">{0}</span>').format(host.status.value)


def format_aliases(_view: Any, _context: Any, host: Any, _name: str) -> Markup:
    names = [alias.name for alias in host.aliases]
    text = ", ".join(names)
    return _titled(_mono(text), text) if names else NOT_SET


def format_variable(host: Any, path: tuple[str, ...]) -> Markup:
    """Return the variable of the host itself that the path leads to."""
    [value] = variable_at(host.vars, path) or [None]
    if value in (None, ""):
        return NOT_SET
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _titled(_mono(text[:MAX_START]), text)


def format_environment(
    _view: Any, _context: Any, host: Any, _name: str
) -> Markup | str:
    return host.environment or NOT_SET


# -- groups ----------------------------------------------------------------------------


def format_group_link(_view: Any, _context: Any, group: Any, _name: str) -> Markup:
    return _link(url_for("groups.details_view", id=group.id), group.name)


def format_groups(_view: Any, _context: Any, model: Any, name: str) -> Markup:
    """Return the first groups as chips, and the number of the others."""
    names = [group.name for group in getattr(model, name)]
    if not names:
        return NOT_SET
    shown = [_chip(text) for text in names[:MAX_CHIPS]]
    if rest := names[MAX_CHIPS:]:
        shown.append(Markup('<span class="more">+{}</span>').format(len(rest)))
    return _titled(Markup(" ").join(shown), ", ".join(names))


def format_all_groups(_view: Any, _context: Any, model: Any, name: str) -> Markup:
    """Return every group as a chip that leads to it."""
    groups = getattr(model, name)
    if not groups:
        return NOT_SET
    return Markup(" ").join(
        _chip(group.name, url_for("groups.details_view", id=group.id))
        for group in groups
    )


def format_member_count(
    _view: Any, context: Any, group: Any, _name: str
) -> Markup | str:
    """Return the number that the list counted for the whole page at once."""
    count, url = context["listing"].extra["members"][group.id]
    return Markup('<a href="{}">{}</a>').format(url, number_text(count))
