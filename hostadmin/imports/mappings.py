"""What the columns of tables were read as before: found by headings, or by a name."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import orm

from ..clock import utcnow
from ..errors import InvalidFile, InvalidValue
from ..formats.document import some
from ..formats.read_options import ReadOptions
from ..models import ImportMapping
from ..validation.values import clean_term, did_you_mean, fold, quoted
from .choices import known_columns

# So many are kept without a name, the newest.
MOST_NAMELESS = 200


@dataclass(frozen=True)
class Found:
    """A mapping as it can be used now; ``gone`` are fields that are none any more."""

    id: int
    label: str
    columns: Mapping[str, tuple[str, ...]]
    values: Mapping[str, Mapping[str, str]]
    gone: Sequence[str]


def hash_of(headings: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(list(headings)).encode()).hexdigest()


def find_mapping(session: orm.Session, headings: Sequence[str]) -> Found | None:
    """Return what a file with these headings was read as last."""
    row = _newest(session, hash_of(headings))
    return _found(row) if row else None


def _newest(session: orm.Session, key: str) -> ImportMapping | None:
    return session.scalar(
        sa.select(ImportMapping)
        .where(ImportMapping.headings == key)
        .order_by(ImportMapping.updated_at.desc(), ImportMapping.id.desc())
        .limit(1)
    )


def has_mappings(session: orm.Session) -> bool:
    return session.scalar(sa.select(ImportMapping.id).limit(1)) is not None


def named_mapping(session: orm.Session, name: str) -> Found:
    """Return the mapping of that name. Raises ``InvalidFile`` for what is none."""
    names = {row.name or "": row for row in list_named(session)}
    row = next((r for n, r in names.items() if fold(n) == fold(name.strip())), None)
    if row is None:
        hint = did_you_mean(name, names) or (
            f"Known: {some(list(names))}." if names else "There are no saved mappings."
        )
        raise InvalidFile(f"Mapping {quoted(name)} does not exist. {hint}")
    found = _found(row)
    if found.gone:
        verb = "exists" if len(found.gone) == 1 else "exist"
        raise InvalidFile(
            f"The mapping {quoted(found.label)} has columns for "
            f"{', '.join(map(quoted, found.gone))}, which no longer {verb}. "
            "Import such a file in the browser to change the mapping."
        )
    return found


def with_named_mapping(
    session: orm.Session, name: str, options: ReadOptions
) -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, Mapping[str, str]]]:
    """Return columns and values of a mapping, those of the options before its own."""
    found = named_mapping(session, name)
    return combined(found, options)


def combined(
    found: Found, options: ReadOptions
) -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, Mapping[str, str]]]:
    named = {head for heads in options.columns.values() for head in heads}
    columns = {
        field: rest
        for field, heads in found.columns.items()
        if field not in options.columns
        and (rest := tuple(head for head in heads if head not in named))
    }
    names = {*found.values, *options.values}
    values = {
        name: {**found.values.get(name, {}), **options.values.get(name, {})}
        for name in names
    }
    return {**columns, **options.columns}, values


def _found(row: ImportMapping) -> Found:
    columns, gone = known_columns(
        {name: tuple(heads) for name, heads in row.columns.items()}
    )
    label = row.name or f"of {row.updated_at:%Y-%m-%d} by {row.actor}"
    return Found(row.id, label, columns, row.meanings, gone)


def list_named(session: orm.Session) -> list[ImportMapping]:
    return list(
        session.scalars(
            sa.select(ImportMapping)
            .where(ImportMapping.name.is_not(None))
            .order_by(ImportMapping.name_key)
        )
    )


# ---- kept


def keep_mapping(
    session: orm.Session, headings: Sequence[str], options: ReadOptions, actor: str
) -> None:
    """Keep how a table was read, for the next with its headings.

    A mapping with a name that was used for these headings is brought up to date.
    """
    key = hash_of(headings)
    row = _newest(session, key)
    if row is None:
        _make_room(session)
        row = ImportMapping(headings=key)
        session.add(row)
    row.columns = {name: list(heads) for name, heads in options.columns.items()}
    row.meanings = {name: dict(of) for name, of in options.values.items()}
    row.actor, row.updated_at = actor, utcnow()
    session.flush()


def name_mapping(session: orm.Session, headings: Sequence[str], name: str) -> None:
    """Give the mapping for these headings a name; one that had it gives it up.

    Raises ``InvalidValue``.
    """
    text = clean_term(name)
    if text is None:
        raise InvalidValue("Enter a name for the mapping.")
    row = _newest(session, hash_of(headings))
    if row is None:
        raise InvalidValue("There is no mapping to save.")
    session.execute(
        sa.update(ImportMapping)
        .where(ImportMapping.name_key == fold(text), ImportMapping.id != row.id)
        .values(name=None, name_key=None)
    )
    row.name, row.name_key = text, fold(text)
    session.flush()


def delete_mapping(session: orm.Session, mapping_id: int) -> None:
    session.execute(sa.delete(ImportMapping).where(ImportMapping.id == mapping_id))


def _make_room(session: orm.Session) -> None:
    nameless = sa.select(ImportMapping.id).where(ImportMapping.name.is_(None))
    newest = nameless.order_by(ImportMapping.updated_at.desc())
    old = list(session.scalars(newest.offset(MOST_NAMELESS - 1)))
    if old:
        session.execute(sa.delete(ImportMapping).where(ImportMapping.id.in_(old)))
