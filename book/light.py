"""Sphinx extension: pages that can be read before all that they link has arrived.

The theme links a script of 1.5 MB with two thousand icons, more than any page of this book weighs
without it. The pages are given a copy with the icons that one of them names. And a browser shows
nothing before it has read the scripts in a page's head, among them an index of every word of the
book; here they wait until the text stands.
"""

from __future__ import annotations

import re
from pathlib import Path

from rnncourse.results import write_atomically

THEIRS = re.compile(r"_static/scripts/fontawesome\.js(\?digest=\w+)?")
OURS = "_static/icons.js"
NAMED = re.compile(r"\bfa-([a-z0-9-]+)")
# An icon in the script: its name, two sizes, other names, a character, one path or two.
ICON = re.compile(
    r'("[\w-]+"|\w+):\[\d+,\d+,\[([^\]]*)\],"[0-9a-f]+",(?:"[^"]*"|\["[^"]*","[^"]*"\])\],?'
)
SCRIPT = re.compile(r"<script (?![^>]*\b(?:defer|async)\b)(?=[^>]*\bsrc=)")


def deferred(page: str) -> str:
    """The HTML of a page; scripts of its head that have a file are run after the text, in order."""
    head, end, body = page.partition("</head>")
    return SCRIPT.sub("<script defer ", head) + end + body


def only(names: set[str], script: str) -> str:
    """The script without the icons that go by none of these names."""

    def kept(icon: re.Match) -> str:
        known_as = re.findall(r"[a-z][a-z0-9-]*", f"{icon[1]} {icon[2]}")
        return icon[0] if names.intersection(known_as) else ""

    return ICON.sub(kept, script)


def finish(app, exception) -> None:
    """Write the smaller script, let every page ask for it, and let all scripts wait."""
    static = Path(app.outdir, "_static", "scripts")
    if exception or not (static / "fontawesome.js").is_file():
        return
    pages = {path: path.read_text(encoding="utf-8") for path in Path(app.outdir).rglob("*.html")}
    texts = [*pages.values(), *(path.read_text("utf-8") for path in static.glob("*-theme.js"))]
    names = {name for text in texts for name in NAMED.findall(text)}
    script = (static / "fontawesome.js").read_text(encoding="utf-8")
    write_atomically(Path(app.outdir, OURS), only(names, script))
    for path, text in pages.items():
        lighter = deferred(THEIRS.sub(OURS, text))
        if lighter != text:
            write_atomically(path, lighter)


def setup(app) -> dict:
    """Register with Sphinx."""
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
