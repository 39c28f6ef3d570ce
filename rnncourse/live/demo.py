"""A demo: what it needs to know, and the page elements that run it.

JupyterLab gets everything in one piece: the element, its data, the style and the scripts. In the
rendered book ``book.live`` takes style and scripts out of the page and links them once.
"""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
STYLE = "live.css"


@dataclass(frozen=True)
class Demo:
    """Something to play with, which shows itself in JupyterLab and on the rendered page.

    Attributes:
        name: Of the demo; its script is ``demos/<name>.js``.
        label: What it is, for those who listen to the page.
        data: What the script is given; anything that JSON can hold.
    """

    name: str
    label: str
    data: dict

    @property
    def scripts(self) -> tuple[str, ...]:
        """The scripts it needs, in order."""
        return ("cells.js", "page.js", f"demos/{self.name}.js")

    def __repr__(self) -> str:
        return f"live demo {self.name!r}: {self.label}"

    def _repr_html_(self) -> str:
        style = f'<style data-live-file="{STYLE}">\n{source(STYLE)}</style>'
        scripts = (
            f'<script data-live-file="{name}">\n{source(name)}</script>' for name in self.scripts
        )
        return "\n".join([self.element(), style, *scripts, BEGIN])

    def element(self) -> str:
        """The root element and its data, without style and scripts."""
        name, label = html.escape(self.name), html.escape(self.label)
        return (
            f'<div class="live" data-live="{name}" role="group" aria-label="{label}">'
            f"<p>{label} (This needs JavaScript.)</p>"
            f'<script type="application/json">{in_script(self.data)}</script></div>'
        )


BEGIN = "<script>globalThis.rnncourse?.page?.begin();</script>"


def source(name: str) -> str:
    """The text of one of the files that a page needs."""
    return (HERE / name).read_text(encoding="utf-8")


def in_script(data) -> str:
    """JSON that cannot end the script element it stands in, whatever strings it holds.

    Raises:
        ValueError: If a number is not finite: JSON has no word for it.
    """
    text = json.dumps(data, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
