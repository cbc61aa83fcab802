"""Nothing that somebody sends costs more than its size."""

import contextlib
import unicodedata
from collections.abc import Callable

import pytest

from hostadmin.errors import HostadminError
from hostadmin.paste import read_pasted
from hostadmin.query.parser import parse
from hostadmin.validation import accounts, values
from hostadmin.validation.values import LONGEST_FOLDED

# Normalizing such a text takes time with the square of its length: 19 s for 120,000.
COMBINING = "a" + "\u0301\u0316" * 60_000


@pytest.mark.parametrize(
    "read",
    [
        values.fold,
        values.name_key,
        values.clean_hostname,
        values.clean_term,
        values.clean_status,
        values.clean_group_name,
        accounts.username_key,
        parse,
        lambda text: parse(f"owner:{text}"),
        lambda text: parse(f"{text}:x"),
        read_pasted,
        lambda text: values.nearest(text, ["prod", "dev"]),
    ],
)
def test_no_text_is_normalized_before_its_length_is_known(
    read: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = []
    normalize = unicodedata.normalize

    def note(form: str, text: str) -> str:
        lengths.append(len(text))
        return normalize(form, text) if len(text) <= LONGEST_FOLDED else text

    monkeypatch.setattr(unicodedata, "normalize", note)
    with contextlib.suppress(HostadminError):
        read(COMBINING)

    assert max(lengths, default=0) <= LONGEST_FOLDED


def test_the_nearest_of_ten_thousand_is_found() -> None:
    known = [f"web-server-{number:05}" for number in range(10_000)]

    assert values.nearest("web-servr-01234", known) == "web-server-01234"
    assert values.nearest("w" * 300, ["w" * 300]) is None
