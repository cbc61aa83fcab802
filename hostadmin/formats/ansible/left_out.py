"""What an Ansible inventory cannot hold, or must not: kept out of it, and counted."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..document import some
from .fields import may_be_template, without_misread


class LeftOut:
    """Passes on what a layout can hold, and counts the rest.

    ``is_literal`` says whether the layout takes a host name for just this name.
    """

    def __init__(self, is_literal: Callable[[str], bool] = bool) -> None:
        self._is_literal = is_literal
        self._variables = 0
        self._misread: list[str] = []
        self._templates: list[str] = []

    def variables(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the variables at which Ansible does not refuse the inventory."""
        kept = without_misread(given)
        self._variables += len(given) - len(kept)
        return kept

    def holds(self, hostname: str) -> bool:
        """Whether a host may stand in the inventory under this name."""
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
                "Hosts were left out whose names Ansible could run as a template: "
                f"{some(self._templates)}."
            )
        if self._misread:
            yield (
                "Hosts were left out whose names Ansible takes for a range or for a "
                f"name with a port: {some(self._misread)}."
            )
        if self._variables:
            yield (
                f"{self._variables:,} variables were left out, at which Ansible would "
                "refuse the whole inventory."
            )
