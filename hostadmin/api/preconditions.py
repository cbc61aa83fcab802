"""Anyone who changes something says which version they saw."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import NoReturn

from flask import abort, request

from ..errors import Conflict
from ..validation.numbers import MAX_ID, whole_number


def version_tag(version: int) -> Mapping[str, str]:
    """Return the header that names the version of an object."""
    return {"ETag": f'"{version}"'}


def seen_version(*, is_required: bool = True) -> int | None:
    """Return the version that If-Match names; None for ``*``, which is any.

    Without it, nothing is changed: 428.
    """
    if "If-Match" not in request.headers:
        if not is_required:
            return None
        abort(
            428,
            "Nothing was changed. Read the object first and send its ETag as If-Match. "
            "If-Match: * accepts any version.",
        )
    tags = request.if_match
    if tags.star_tag:
        return None
    found = tags.as_set(include_weak=True)
    if len(found) != 1:
        _stale("If-Match must name one version.")
    version = whole_number(found.pop(), 0, MAX_ID)
    if version is None:
        _stale("If-Match is not an ETag of this object.")
    return version


@contextlib.contextmanager
def stale_refused() -> Iterator[None]:
    """Answer 412 where the block finds another version than was seen."""
    try:
        yield
    except Conflict as error:
        _stale(f"{error} Nothing was changed. Read it again.")


def _stale(message: str) -> NoReturn:
    abort(412, message)
