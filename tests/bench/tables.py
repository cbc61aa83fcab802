"""Puts what was measured into docs/performance.md, between marks."""

import re
from collections.abc import Iterable, Sequence

from ..helpers.paths import ROOT


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(name: str, text: str) -> None:
    """Put the text in the place of what the marks of that name hold."""
    page = ROOT / "docs" / "performance.md"
    start, end = f"<!-- {name}: made by make bench -->", f"<!-- end of {name} -->"
    old = page.read_text()
    assert old.count(start) == old.count(end) == 1, name
    between = f"{re.escape(start)}.*?{re.escape(end)}"
    new = f"{start}\n{text}\n{end}"
    page.write_text(re.sub(between, lambda _: new, old, flags=re.DOTALL))
