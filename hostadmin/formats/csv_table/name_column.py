"""Which of several columns names the hosts."""

from collections.abc import Sequence

from ...errors import InvalidFile
from ...validation.values import quoted
from .aliases import DNS_NAME, GUEST, HOSTNAME, NAME, NAMED_THING, THING, reduced

_GROUPS = tuple(
    frozenset(map(reduced, group))
    for group in (HOSTNAME, GUEST, DNS_NAME, NAME, NAMED_THING, THING)
)
_HOSTNAME, _GUEST, _DNS_NAME, _NAME, _NAMED_THING, _THING = range(len(_GROUPS))
# A name beside one of these may be that of a user, a disk or a port of the thing.
_DOUBTFUL_BESIDE_NAME = frozenset({_GUEST, _NAMED_THING, _THING})
# So many values of a column are shown.
_SHOWN = 2


class SeveralNames(InvalidFile):
    """More than one column could be the name of the hosts."""

    def __init__(self, message: str, candidates: Sequence[int]) -> None:
        self.candidates = tuple(candidates)
        super().__init__(message)


def name_column(
    headers: Sequence[str], free: Sequence[int], samples: Sequence[Sequence[str]]
) -> int:
    """Return the column of names among those that may be it.

    Raises ``SeveralNames`` where it could be one or the other, and they differ.
    """
    found: dict[int, list[int]] = {}
    for index in free:
        name = reduced(headers[index])
        for rank, group in enumerate(_GROUPS):
            if name in group:
                found.setdefault(rank, []).append(index)
    candidates = _candidates(found)
    filled = [index for index in candidates if _texts(index, samples)]
    first = (filled or candidates)[0]
    if any(_differ(first, other, samples) for other in filled[1:]):
        raise SeveralNames(_question(headers, filled, samples), filled)
    return first


def _candidates(found: dict[int, list[int]]) -> list[int]:
    """Return the columns that may be the name, the likeliest first."""
    best = min(found)
    if best == _HOSTNAME or _NAME not in found:
        return found[best]
    # Beside a name of the DNS, the other one is how people call it.
    doubtful = sorted(_DOUBTFUL_BESIDE_NAME & found.keys())
    return found[_NAME] + [index for rank in doubtful for index in found[rank]]


def _differ(one: int, other: int, samples: Sequence[Sequence[str]]) -> bool:
    """Whether two columns name different things, but for a domain."""
    pairs = [
        (cells[one].strip().casefold(), cells[other].strip().casefold())
        for cells in samples
        if max(one, other) < len(cells)
    ]
    pairs = [pair for pair in pairs if all(pair)]
    return not pairs or any(
        a.partition(".")[0] != b.partition(".")[0] for a, b in pairs
    )


def _question(
    headers: Sequence[str],
    candidates: Sequence[int],
    samples: Sequence[Sequence[str]],
) -> str:
    shown = " or ".join(
        f"{quoted(headers[index])}{_such_as(index, samples)}" for index in candidates
    )
    choices = " or ".join(
        f"--column 'hostname={headers[index]}'" for index in candidates
    )
    return f"more than one column could be the name: {shown}. Choose with {choices}."


def _such_as(index: int, samples: Sequence[Sequence[str]]) -> str:
    texts = dict.fromkeys(_texts(index, samples))
    some = [quoted(text, 30) for text in texts][:_SHOWN]
    return f" (such as {', '.join(some)})" if some else ""


def _texts(index: int, samples: Sequence[Sequence[str]]) -> list[str]:
    return [
        cells[index].strip()
        for cells in samples
        if index < len(cells) and cells[index].strip()
    ]
