"""Sphinx extension: the live demos' style and scripts, linked once a page.

A demo carries all that it needs, so that it runs in JupyterLab. In the book its files lie beside
the pages, as they are in the package today, and only pages with a demo ask for them.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from rnncourse.live import demo

CARRIED = re.compile(r'<(style|script) data-live-file="[^"]+">.*?</\1>\n?', re.DOTALL)
ROOT_ELEMENT = re.compile(r'<div class="live" data-live="(\w+)"')


class LinkedDemos(SphinxPostTransform):
    """Take the style and the scripts out of each demo's output."""

    default_priority = 400  # after outputs have been chosen and glued
    formats = ("html",)

    def run(self, **kwargs) -> None:
        """Lighten the demos of one page."""
        for raw in list(self.document.findall(nodes.raw)):
            if "data-live-file" in raw.astext():
                raw.replace_self(nodes.raw("", without_files(raw.astext()), format="html"))


def without_files(output: str) -> str:
    """A demo's output without what pages link."""
    return CARRIED.sub("", output)


def copy_files(app) -> None:
    """Put style and scripts among the book's static files."""
    static = Path(app.outdir, "_static", "live")
    (static / "demos").mkdir(parents=True, exist_ok=True)
    for pattern in ("*.js", "*.css", "demos/*.js"):
        for path in demo.HERE.glob(pattern):
            shutil.copyfile(path, static / path.relative_to(demo.HERE))


def link_files(app, pagename, templatename, context, doctree) -> None:
    """Ask for the files on the pages that have a demo."""
    names = dict.fromkeys(ROOT_ELEMENT.findall(context.get("body", "")))
    if names:
        app.add_css_file(f"live/{demo.STYLE}")
    scripts = [script for name in names for script in demo.Demo(name, "", {}).scripts]
    for script in dict.fromkeys(scripts):
        app.add_js_file(f"live/{script}", loading_method="defer")


def setup(app) -> dict:
    """Register with Sphinx."""
    app.add_post_transform(LinkedDemos)
    app.connect("builder-inited", copy_files)
    app.connect("html-page-context", link_files, priority=400)  # before pages leave scripts out
    return {"parallel_read_safe": True, "parallel_write_safe": True}
