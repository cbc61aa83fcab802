"""Tags of answers that are made of the inventory: who has one is not sent it again.

A tag is that of the state of the inventory and of what was asked for, not of the bytes;
so it is known before anything is read.
"""

import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Response, request
from sqlalchemy import orm

from .history.inventory_version import last_place
from .query.ast import Node, terms_of
from .query.fields import find_field
from .query.to_text import to_text

# Old sets of hosts go by themselves.
VOLATILE = frozenset({"set"})
# What writes answers: where it was changed, the same inventory is shown in another way.
WRITERS = ("api", "exports", "formats", "stats")


@functools.cache
def _writers_digest() -> bytes:
    """Return a digest of the code, the same on every server that runs it."""
    digest = hashlib.sha256()
    for room in WRITERS:
        for path in sorted((Path(__file__).parent / room).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.digest()


def inventory_tag(session: orm.Session, node: Node, *asked: object) -> str | None:
    """Return the tag of what is made of the hosts of a query in a certain way.

    None where the answer may become another one though nothing was changed.
    """
    if not is_steady(node):
        return None
    state = last_place(session)
    parts = (str(state), to_text(node), request.path, *map(str, asked))
    text = "\0".join(parts).encode(errors="replace")
    return hashlib.sha256(_writers_digest() + text).hexdigest()[:32]


def is_steady(node: Node) -> bool:
    """Whether a query means the same hosts until something is changed."""
    return not any(map(_is_volatile, terms_of(node)))


def _is_volatile(term: Any) -> bool:
    if term.field in VOLATILE:
        return True
    kind = find_field(term.field).kind
    return any(kind.instant(value) for value in term.values)


def not_modified(tag: str | None) -> Response | None:
    """Return the answer to somebody who has what has this tag; None for all others."""
    if tag is None or not request.if_none_match.contains_weak(tag):
        return None
    return Response(status=304, headers=not_modified_headers(tag))


def not_modified_headers(tag: str | None) -> Mapping[str, str]:
    """Return what says that an answer may be kept, and asked about, if it has a tag."""
    if tag is None:
        return {}
    return {"ETag": f'W/"{tag}"', "Cache-Control": "private, no-cache"}
