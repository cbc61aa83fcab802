"""What an Ansible inventory cannot hold, or must not: kept out of it, and counted."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...formatting import counted
from ..document import some
from .fields import may_be_template, without_misread

# No names for a variable (ansible-core, validate_variable_name).
_WORDS = frozenset(("none", "None", "true", "True", "false", "False", "not"))


class LeftOut:
    """Passes on what a layout can hold, and counts the rest.

    ``is_literal`` says whether the layout takes a host name for just this name.
    """

    def __init__(self, is_literal: Callable[[str], bool] = bool) -> None:
        self._is_literal = is_literal
        self._variables = 0
        self._misread: list[str] = []
        self._templates: list[str] = []
        self._known_names: set[str] = set()
        self._refused_names: list[str] = []

    def variables(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the variables at which Ansible does not refuse the inventory."""
        kept = without_misread(given)
        self._variables += len(given) - len(kept)
        if new := kept.keys() - self._known_names:
            self._known_names |= new
            self._refused_names += sorted(name for name in new if not _is_name(name))
        return kept

    def holds(self, hostname: str) -> bool:
        """Whether a host may be in the inventory under this name."""
        return not may_be_template(hostname) and self._is_literal(hostname)

    def takes(self, hostname: str) -> bool:
        """Return what ``holds`` does, and keep in mind what is left out."""
        if self.holds(hostname):
            return True
        is_template = may_be_template(hostname)
        (self._templates if is_template else self._misread).append(hostname)
        return False

    def notes(self) -> Iterator[str]:
        """Yield a sentence for each kind of thing that was left out."""
        if self._templates:
            yield (
                "Hosts whose names Ansible could run as a template were left out: "
                f"{some(self._templates)}."
            )
        if self._misread:
            yield (
                "Hosts whose names Ansible would read as a range or as a name with a "
                f"port were left out: {some(self._misread)}."
            )
        if self._variables:
            yield (
                f"Left out: {counted(self._variables, 'variable')} that would make "
                "Ansible refuse the whole inventory."
            )
        if self._refused_names:
            yield (
                "Ansible 2.23 and later refuses variable names with characters other "
                "than letters, digits and underscores: "
                f"{some(self._refused_names)}."
            )


def _is_name(name: str) -> bool:
    return name.isascii() and name.isidentifier() and name not in _WORDS
