"""What templates can use besides their context: filters, icons and the menu."""

import functools
import re
from collections.abc import Callable, Hashable
from typing import Any

from flask import Flask, current_app, g, request, url_for
from jinja2.ext import Extension
from markupsafe import Markup

from ..errors import after_field, with_field
from ..formatting import (
    ago_element,
    browser_text,
    html,
    number_text,
    share_text,
    time_text,
)
from ..permissions import may
from ..places import COMMAND

INDENTS = re.compile(r"^[ \t]+", re.MULTILINE)


def icon(name: str) -> Markup:
    """Return an icon of static/icons.svg; it is decoration, the words are beside it."""
    if "icons_url" not in g:
        g.icons_url = url_for("static", filename="icons.svg")
    return _use(g.icons_url, name)


@functools.lru_cache(maxsize=200)
def _use(url: str, name: str) -> Markup:
    use = '<svg class="icon" aria-hidden="true"><use href="%s#%s"/></svg>'
    return html(use, url, name)


def made_once(macro: Callable[..., Markup], *values: Hashable) -> Markup:
    """Return what a macro makes of these values, kept for the next pages.

    For parts that are the same on every page and take their time, without icons.
    """
    kept: dict[Hashable, Markup] = current_app.extensions["hostadmin_made_once"]
    key = (macro.name, *values)  # type: ignore[attr-defined]
    if key not in kept:
        kept[key] = macro(*values)
    return kept[key]


def navigation(view: Any = None) -> list[tuple[str, str, bool]]:
    """Return the menu that Flask-Admin made of its views: label, address, current."""

    here = request.script_root + request.path

    def is_current(item: Any) -> bool:
        # An error page belongs to no view, but is where one was asked for.
        return bool(item.is_active(view) if view else here.startswith(item.get_url()))

    admin = view.admin if view else current_app.extensions["admin"][0]
    return [
        (item.name, item.get_url(), is_current(item))
        for item in admin.menu()
        if not item.is_category()
        and item.is_visible()
        and may(f"{item._view.endpoint}.{item._view._default_view}")
    ]


class WithoutIndents(Extension):
    """Keeps what templates are indented by out of the pages."""

    def preprocess(
        self, source: str, name: str | None, filename: str | None = None
    ) -> str:
        return INDENTS.sub("", source)


def install(app: Flask) -> None:
    app.jinja_env.add_extension(WithoutIndents)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.add_template_filter(after_field)
    app.add_template_filter(ago_element, "ago")
    app.add_template_filter(browser_text, "browser")
    app.add_template_filter(number_text, "number")
    app.add_template_filter(share_text, "share")
    app.add_template_filter(time_text, "time")
    app.add_template_filter(with_field)
    app.extensions["hostadmin_made_once"] = {}
    app.add_template_global(made_once)
    app.add_template_global(icon)
    app.jinja_env.globals["flask"] = COMMAND
    app.add_template_global(navigation)
