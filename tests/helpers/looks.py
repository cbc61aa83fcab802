"""How pages are looked at."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Viewport:
    """How the page is looked at."""

    width: int = 1280
    height: int = 800
    scheme: Literal["light", "dark"] = "light"


VIEWPORTS = {
    "light": Viewport(),
    "dark": Viewport(scheme="dark"),
    "phone": Viewport(width=390, height=844),
    "phone-dark": Viewport(width=390, height=844, scheme="dark"),
}
