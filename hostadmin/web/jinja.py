"""What templates can use besides their context: filters, icons and the menu."""

import functools
from typing import Any

from flask import Flask, current_app, request
from lucide.jinja import lucide as lucide_svg
from markupsafe import Markup

from ..formatting import ago_element, number_text, share_text, time_text
from ..permissions import may


@functools.cache
def icon(name: str) -> Markup:
    """Return an icon of the lucide set; it is decoration, the words stand beside it."""
    # The package builds this from its own files, never from what users typed.
    svg = lucide_svg(name, size=16, **{"class": "icon", "aria-hidden": "true"})
    return Markup(" ".join(svg.split()).replace("> <", "><"))  # noqa: S704


def navigation(view: Any = None) -> list[tuple[str, str, bool]]:
    """Return the menu that Flask-Admin made of its views: label, address, current."""

    def is_current(item: Any) -> bool:
        # An error page belongs to no view, but stands where one was asked for.
        return bool(
            item.is_active(view) if view else request.path.startswith(item.get_url())
        )

    admin = view.admin if view else current_app.extensions["admin"][0]
    return [
        (item.name, item.get_url(), is_current(item))
        for item in admin.menu()
        if not item.is_category()
        and item.is_visible()
        and may(f"{item._view.endpoint}.{item._view._default_view}")
    ]


def install(app: Flask) -> None:
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.add_template_filter(ago_element, "ago")
    app.add_template_filter(number_text, "number")
    app.add_template_filter(share_text, "share")
    app.add_template_filter(time_text, "time")
    app.add_template_global(icon)
    app.add_template_global(navigation)
