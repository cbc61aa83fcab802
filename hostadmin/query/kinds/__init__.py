"""One class for each kind of value: how it is written, compared, found and shown.

Adding a kind is one class here, named in ``KINDS``; a field then says it is of it.
"""

from .addresses import Address
from .base import Kind
from .choices import Check, Status
from .members import Change, Group, Set
from .names import Alias, Name
from .ordered import Port, Time
from .texts import Notes, Text, Variable

KINDS: dict[str, Kind] = {
    kind.name: kind()
    for kind in (
        *(Name, Alias, Address, Port, Status, Text),
        *(Group, Notes, Time, Variable, Check, Set, Change),
    )
}
