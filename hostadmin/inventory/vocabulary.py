"""One spelling per value of the short text fields."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import IntegrityError

from ..models import Host, VocabularyEntry
from ..validation.values import fold, sort_key


def canonical_value(session: orm.Session, field: str, text: str) -> str:
    """Return how this value is written; a new value is written as it comes."""
    return canonical_values(session, field, {text})[text]


def canonical_values(
    session: orm.Session, field: str, texts: Iterable[str]
) -> dict[str, str]:
    """Return text → spelling. New values are added; among them the first wins."""
    wanted = {text: fold(text) for text in texts}
    known = _known(session, field, set(wanted.values()))
    # Of several texts that fold alike, the first decides.
    for folded, text in _first_by_fold(wanted).items():
        entry = known.get(folded)
        if entry is None:
            known[folded] = _add(session, field, folded, text)
        elif entry.spelling != text and not in_use(session, field, entry.spelling):
            # Nobody writes it the old way any more, so the new way holds.
            entry.spelling = text
    return {text: known[folded].spelling for text, folded in wanted.items()}


def rename_value(session: orm.Session, field: str, text: str) -> None:
    """Write a value this way from now on; who calls it writes the hosts, too."""
    entry = _known(session, field, {fold(text)}).get(fold(text))
    if entry is None:
        _add(session, field, fold(text), text)
    else:
        entry.spelling = text
    session.flush()


def find_spellings(
    session: orm.Session, field: str, texts: Iterable[str]
) -> dict[str, str]:
    """Return text → spelling as ``canonical_values`` would, and write nothing."""
    wanted = {text: fold(text) for text in texts}
    known = _known(session, field, set(wanted.values()))
    found = _first_by_fold(wanted)
    for folded, text in found.items():
        entry = known.get(folded)
        if entry is not None and (
            entry.spelling == text or in_use(session, field, entry.spelling)
        ):
            found[folded] = entry.spelling
    return {text: found[folded] for text, folded in wanted.items()}


def _first_by_fold(wanted: dict[str, str]) -> dict[str, str]:
    first: dict[str, str] = {}
    for text, folded in wanted.items():
        first.setdefault(folded, text)
    return first


def _known(
    session: orm.Session, field: str, folded: set[str]
) -> dict[str, VocabularyEntry]:
    found: dict[str, VocabularyEntry] = {}
    keys = sorted(folded)
    for start in range(0, len(keys), 500):
        rows = session.scalars(
            sa.select(VocabularyEntry).where(
                VocabularyEntry.field == field,
                VocabularyEntry.folded.in_(keys[start : start + 500]),
            )
        )
        found |= {row.folded: row for row in rows}
    return found


def _add(session: orm.Session, field: str, folded: str, text: str) -> VocabularyEntry:
    entry = VocabularyEntry(field=field, folded=folded, spelling=text)
    try:
        with session.begin_nested():
            session.add(entry)
    except IntegrityError:
        # Somebody else wrote the same value for the first time at the same moment.
        return session.scalars(
            sa.select(VocabularyEntry).filter_by(field=field, folded=folded)
        ).one()
    return entry


def in_use(session: orm.Session, field: str, spelling: str) -> bool:
    """Whether a host has this value, spelt so."""
    column = getattr(Host, field)
    query = sa.select(Host.id).where(column == spelling).limit(1)
    return session.scalar(query) is not None


def spellings(session: orm.Session, field: str, limit: int = 200) -> list[str]:
    """Return the values of a field that hosts have, in order."""
    in_use = sa.exists().where(getattr(Host, field) == VocabularyEntry.spelling)
    found = session.scalars(
        sa.select(VocabularyEntry.spelling)
        .where(VocabularyEntry.field == field, in_use)
        .order_by(VocabularyEntry.folded)
        .limit(limit)
    )
    return sorted(found, key=sort_key)
