"""Links to queries that were probably meant by one that finds nothing."""

from markupsafe import Markup

from ..db.session import db
from ..inventory.hints import find_hints
from ..query.ast import Node
from .generated.urls import QUERY, ViewUrl


def hint_links(url: ViewUrl, node: Node) -> Markup:
    """Return links to queries that were probably meant, and how many hosts each has."""
    return Markup(" ").join(
        Markup('{} <a href="{}"><code>{}</code></a> ({}){}').format(
            f"{hint.why}:" if hint.why else "Did you mean",
            url.setting(QUERY, hint.text),
            hint.text,
            hint.hosts,
            "." if hint.why else "?",
        )
        for hint in find_hints(db.session(), node)
    )
