"""Which changes somebody asks for: the same words on the page and in the command."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from ..errors import InvalidValue, QueryError
from ..query.parse_times import parse_time
from ..validation.values import clean_text, did_you_mean, quoted
from .writer import SOURCES, Recorded

MODELS = get_args(Recorded)
KINDS = tuple(model.__subject__ for model in MODELS)
# What people did, not what hosts are: for admins only.
PERSONAL = ("account", "token")
FIELDS = tuple(dict.fromkeys(name for m in MODELS for name in m.__recorded__))
# As the query calls them.
SYNONYMS = {
    "ip": "ip_addr",
    "address": "ip_addr",
    "env": "environment",
    "alias": "aliases",
    "group": "groups",
    "var": "vars",
    "variables": "vars",
}
# "host" and "group" say kind and object at once.
NAMES = ("actor", "source", "kind", "object", "field", "since", "until")
SHORTHANDS = ("host", "group")


@dataclass(frozen=True)
class HistoryFilter:
    """Conditions that all hold; what is empty is none.

    ``object`` is a name, a number, or "#17" for a number and nothing else.
    """

    actor: str = ""
    source: str = ""
    kind: str = ""
    object: str = ""
    field: str = ""
    since: datetime | None = None
    until: datetime | None = None
    # Kinds that the current user may not read.
    hidden: tuple[str, ...] = ()
    # Only log-ins and what belongs to them, or all but these; None is either.
    sign_ins: bool | None = None


def read(given: Mapping[str, str], now: datetime) -> HistoryFilter:
    """Return what the texts ask for. Raises ``QueryError`` for one that makes no sense.

    Unknown names are the caller's to refuse.
    """
    texts = {name: _text(name, given.get(name, "")) for name in (*NAMES, *SHORTHANDS)}
    for name in SHORTHANDS:
        if texts[name]:
            if texts["object"] or texts["kind"] not in ("", name):
                raise QueryError(f"Use either “{name}” or “object”, not both.")
            texts["kind"], texts["object"] = name, texts[name]
    since, until = texts["since"], texts["until"]
    field = texts["field"].casefold()
    return HistoryFilter(
        actor=texts["actor"],
        source=_one_of(texts["source"].casefold(), "source", SOURCES),
        kind=_one_of(texts["kind"].casefold(), "kind", KINDS),
        object=texts["object"],
        field=_one_of(SYNONYMS.get(field, field), "field", FIELDS),
        since=parse_time(since, now).start if since else None,
        # A day is meant as a whole.
        until=parse_time(until, now).end if until else None,
    )


def _text(name: str, text: str) -> str:
    try:
        return clean_text(text) or ""
    except InvalidValue as error:
        raise QueryError(f"“{name}”: {error}") from None


def _one_of(text: str, name: str, known: tuple[str, ...]) -> str:
    if text and text not in known:
        raise QueryError(
            f"{quoted(text)} is not a valid {name}.",
            did_you_mean(text, known) or f"Use one of: {', '.join(known)}.",
        )
    return text
