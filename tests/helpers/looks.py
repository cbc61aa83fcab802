"""How pages are looked at."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Look:
    """How the page is looked at."""

    width: int = 1280
    height: int = 800
    scheme: Literal["light", "dark"] = "light"


LOOKS = {
    "light": Look(),
    "dark": Look(scheme="dark"),
    "phone": Look(width=390, height=844),
    "phone-dark": Look(width=390, height=844, scheme="dark"),
}
