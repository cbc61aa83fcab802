"""Words that people and spreadsheets write where there is nothing."""

PLACEHOLDERS = frozenset(
    (
        *("n/a", "n.a.", "#n/a", "#n/d", "#nv", "#ref!", "#value!", "#name?"),
        *("#div/0!", "#null!", "#num!", "null", "<null>", "(null)", "none", "<none>"),
        *("(none)", "nil", "nan", "<na>", "-", "--", "---", "–", "—", "?", "??", "???"),
        *("tbd", "t.b.d.", "unknown", "undefined", "not set", "(not set)"),
        *("not available", "not applicable"),
    )
)
_LONGEST = max(map(len, PLACEHOLDERS))


def is_placeholder(text: str) -> bool:
    return len(text) <= _LONGEST + 4 and text.strip().casefold() in PLACEHOLDERS
