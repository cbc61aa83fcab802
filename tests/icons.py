"""Draw static/icons.svg from the icons of Lucide that pages show: ``make icons``."""

from pathlib import Path

from lucide.jinja import lucide

FILE = Path(__file__).parent.parent / "static" / "icons.svg"
# Pages show them by ``icon('name')``; what is added here has to be drawn again.
NAMES = (
    "arrow-down",
    "arrow-right",
    "arrow-up",
    "bookmark",
    "chart-column",
    "chevron-left",
    "chevron-right",
    "circle-alert",
    "circle-check",
    "circle-user-round",
    "columns-3",
    "contrast",
    "copy",
    "download",
    "info",
    "layout-grid",
    "list",
    "list-filter",
    "menu",
    "plus",
    "search",
    "server",
    "triangle-alert",
    "x",
)
LICENSE = """<!--
Icons of Lucide, https://lucide.dev/license. ISC License. Copyright (c) for portions
of Lucide are held by Cole Bemis 2013-2022 as part of Feather (MIT). All other
copyright (c) for Lucide are held by Lucide Contributors 2022. Permission to use,
copy, modify, and/or distribute this software for any purpose with or without fee is
hereby granted, provided that the above copyright notice and this permission notice
appear in all copies. THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL
WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL,
DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM
LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER
TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS
SOFTWARE.
-->
"""


def draw() -> str:
    """Return a file in which each icon is a symbol with its name as id."""
    symbols = "\n".join(map(_symbol, NAMES))
    start = '<svg xmlns="http://www.w3.org/2000/svg">'
    return f"{start}\n{LICENSE}{symbols}\n</svg>\n"


def _symbol(name: str) -> str:
    svg = " ".join(lucide(name).split()).replace("> <", "><").replace(" />", "/>")
    _, _, inside = svg.partition(">")
    shapes = inside.removesuffix("</svg>").strip()
    return f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>'


if __name__ == "__main__":
    FILE.write_text(draw())
