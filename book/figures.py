"""Sphinx extension: figures that follow the reader's light or dark theme.

Matplotlib's SVGs are set into the page itself, with ink, paper and grid lines replaced by the
theme's own colours, so that one drawing serves both themes and its text can be read, found and
enlarged like any other.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from rnncourse import plots

NARROWEST = 480  # pixels; on a narrower screen a figure scrolls

THEME_COLOURS = {
    plots.INK: "var(--pst-color-text-base)",
    plots.PAPER: "var(--pst-color-background)",
    plots.FAINT: "var(--pst-color-border)",
    plots.INPUT: "var(--course-input)",
    plots.STATE: "var(--course-state)",
    plots.OUTPUT: "var(--course-output)",
}


class InlineFigures(SphinxPostTransform):
    """Replace each SVG that Matplotlib drew by its own text."""

    default_priority = 400  # after figures have been fetched from other pages
    formats = ("html",)

    def run(self, **kwargs) -> None:
        """Set the figures of one page."""
        for number, image in enumerate(list(self.document.findall(nodes.image))):
            path = Path(self.app.srcdir, image["uri"])
            if path.suffix == ".svg" and path.is_file():
                svg = themed(path.read_text(encoding="utf-8"), image.get("alt", ""), f"f{number}")
                image.replace_self(nodes.raw("", svg, format="html"))


def themed(svg: str, alt: str, prefix: str) -> str:
    """Make an SVG file fit to stand in a page.

    Args:
        svg: The file's text.
        alt: What a screen reader says instead.
        prefix: Unlike that of any other figure on the page; keeps the identifiers apart.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}", svg)
    for colour, variable in THEME_COLOURS.items():
        svg = re.sub(rf"(?<=: ){colour}\b", variable, svg, flags=re.IGNORECASE)
    label = html.escape(alt, quote=True)
    points = re.search(r'<svg[^>]* width="([\d.]+)pt"', svg)
    narrowest = min(NARROWEST, round(float(points[1]) * 4 / 3)) if points else 0
    attributes = (
        f'class="course-figure" style="min-width: {narrowest}px" role="img" aria-label="{label}"'
    )
    return svg.replace("<svg", f"<svg {attributes}", 1)


def setup(app) -> dict:
    """Register with Sphinx."""
    app.add_post_transform(InlineFigures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
