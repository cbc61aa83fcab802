"""Words that people and spreadsheets write where there is nothing."""

PLACEHOLDERS = frozenset(
    (
        *("n/a", "n.a.", "#n/a", "#n/d", "#nv", "#ref!", "#value!", "#name?"),
        *("#div/0!", "#null!", "#num!", "null", "<null>", "(null)", "none", "<none>"),
        *("(none)", "nil", "nan", "<na>", "-", "--", "---", "–", "—", "?", "??", "???"),
        *("tbd", "t.b.d.", "unknown", "undefined", "not set", "(not set)"),
        *("not available", "not applicable", "not specified"),
        # What boards say whose maker wrote nothing.
        *("to be filled by o.e.m.", "default string", "system serial number"),
    )
)
_LONGEST = max(map(len, PLACEHOLDERS))


# Looked at first, since nearly all cells begin with something else.
BEGINNINGS = frozenset(
    {" ", "\t", *(word[0] for word in PLACEHOLDERS)}
    | {word[0].upper() for word in PLACEHOLDERS}
)


def is_placeholder(text: str) -> bool:
    if text[:1] not in BEGINNINGS or len(text) > _LONGEST + 4:
        return False
    return text.strip().casefold() in PLACEHOLDERS
