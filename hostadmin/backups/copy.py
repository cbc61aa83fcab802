"""Everything from one database, or from a backup, into another database."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from ..clock import utcnow
from ..db import schema
from .archive import check_archive, read_archive
from .rows import read_parts
from .shapes import kept_shapes
from .snapshot import at_one_moment
from .target import Progress, fill


@dataclass(frozen=True)
class Copied:
    """What was written: ``made`` is the moment that was read."""

    made: datetime
    rows: int
    digest: str


def copy(source: sa.Engine, target: sa.Engine, progress: Progress) -> Copied:
    """Copy all that the source holds in this moment. Raises ``Conflict``."""
    with at_one_moment(source) as connection:
        made = utcnow()
        parts = read_parts(connection, kept_shapes())
        digest = fill(target, schema.newest_revision(), parts, progress)
    return Copied(made, digest.rows, digest.text())


def restore(path: Path, target: sa.Engine, progress: Progress) -> Copied:
    """Write a backup into an empty database. Raises ``InvalidFile``, ``Conflict``.

    The file is read to its end before anything is written. One of an older version
    gets its own schema first, and is upgraded with what it holds.
    """
    contents = check_archive(path)
    parts = read_archive(path, contents)
    digest = fill(target, contents.schema, parts, progress)
    return Copied(contents.made, digest.rows, digest.text())
