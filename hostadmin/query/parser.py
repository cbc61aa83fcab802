"""From the text of a query to its tree.

    query := [or]
    or    := and {"or" and}
    and   := unary {["and"] unary}
    unary := {"not" | "-"} ("(" or ")" | term)
    term  := field operator value {"," value} | field ["not"] "in" "(" … ")"
           | field "is" ["not"] "empty" | word

Every error knows its place. docs/query-language.md says the same to users.
"""

from dataclasses import dataclass, field

from ..errors import QueryError
from .ast import EVERYTHING, Node, all_of, any_of, negated
from .fields import Field
from .parse_terms import TERM_STARTS, Conditions, Token, marked

MAX_LENGTH = 10_000
MAX_DEPTH = 20


@dataclass
class Reading:
    """What was read of a text, up to its end or to its first error."""

    node: Node = EVERYTHING
    error: QueryError | None = None
    slots: list[Token] = field(default_factory=list)


def parse(text: str) -> Node:
    """Return the tree of a query; ``EVERYTHING`` for an empty one.

    Raises ``QueryError`` that knows its place in the text.
    """
    reading = read(text)
    if reading.error is not None:
        raise reading.error
    return reading.node


def read(text: str) -> Reading:
    """Read a text as far as it makes sense: to complete it, or to mark an error."""
    reading = _read(text)
    fixed = reading.error.fixed if reading.error is not None else None
    if reading.error is not None and fixed is not None and _read(fixed).error:
        # Something else is wrong, too: no link leads from one error to the next.
        reading.error.fixed = None
    return reading


def _read(text: str) -> Reading:
    reading = Reading()
    parser = _Parser(text, reading.slots)
    try:
        reading.node = parser.query()
    except QueryError as error:
        reading.error = error
    return reading


def placed(error: QueryError, text: str, of: Field | None = None) -> QueryError:
    """Return an error that arose after parsing with its place in the text, if found.

    Only the database knows which groups there are. ``of`` says whose value it is,
    where several fields may have it.
    """
    if error.text is None and error.value is not None:
        for slot in read(text).slots:
            is_value = slot.kind == "value" and of in (None, slot.field)
            if is_value and slot.value == error.value:
                return marked(error, text, slot.start, slot.end)
    return error


class _Parser(Conditions):
    def __init__(self, text: str, slots: list[Token]) -> None:
        super().__init__(text, slots)
        self.depth = 0

    def query(self) -> Node:
        if len(self.text) > MAX_LENGTH:
            self.fail(
                f"The query has {len(self.text):,} characters; "
                f"at most {MAX_LENGTH:,} are allowed.",
                MAX_LENGTH,
                len(self.text),
            )
        self.skip_blanks()
        if self.at_end():
            self.note("term", self.position)
            return EVERYTHING
        node = self.alternatives()
        if not self.at_end():
            here = self.position
            self.fail(
                "This closing parenthesis has no opening one.",
                here,
                here + 1,
                fixed=(self.text[:here] + self.text[here + 1 :]).strip(),
            )
        return node

    def alternatives(self) -> Node:
        parts = [self.conjunction()]
        while self.take_keyword("or"):
            parts.append(self.conjunction())
        return any_of(*parts)

    def conjunction(self) -> Node:
        parts = [self.unary()]
        while True:
            end = self.position
            self.skip_blanks()
            if self.position > end:
                self.note("joint", self.position)
            if self.at_end() or self.peek() == ")" or self.keyword() == "or":
                return all_of(*parts)
            self.take_keyword("and")
            parts.append(self.unary())

    def unary(self) -> Node:
        negative = False
        while self.take_keyword("not") or self.take_minus():
            negative = not negative
        node = self.group() if self.peek() == "(" else self.term()
        return negated(node) if negative else node

    def take_minus(self) -> bool:
        start = self.position
        if not self.take_sign("-"):
            return False
        end = self.blanks_end(self.position)
        if end == self.position < len(self.text) and self.peek() not in "),":
            return True
        self.note("term", end)
        more = self.text[end : end + 1] not in ("", ")", ",", "-")
        self.fail(
            "Write a minus directly before a condition, as in -env:prod.",
            start,
            start + 1,
            expected=TERM_STARTS,
            fixed=f"{self.text[: start + 1]}{self.text[end:]}" if more else None,
        )

    def group(self) -> Node:
        start = self.position
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(
                f"Parentheses are nested more than {MAX_DEPTH} levels deep.",
                start,
                start + 1,
            )
        self.take(start + 1)
        node = self.alternatives()
        self.close(start, "This parenthesis is not closed.")
        self.depth -= 1
        return node
