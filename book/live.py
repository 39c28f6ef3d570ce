"""Sphinx extension: the live demos' style and scripts, linked once a page.

A demo carries all that it needs, so that it runs in JupyterLab. In the book its files lie beside
the pages, as they are in the package today, and a page with demos asks for each of them once.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from book.chapters import ROOT

FILES = ROOT / "rnncourse" / "live"
CARRIED = re.compile(r'<(style|script) data-live-file="([^"]+)">.*?</\1>\n?', re.DOTALL)


def without_files(page: str) -> tuple[str, list[str]]:
    """A page without the files that its demos carry, and their names, each once and in order."""
    names = dict.fromkeys(name for _, name in CARRIED.findall(page))
    return CARRIED.sub("", page), list(names)


def copy_files(app) -> None:
    """Put style and scripts among the book's static files."""
    for pattern in ("*.css", "*.js", "demos/*.js"):
        for path in FILES.glob(pattern):
            target = Path(app.outdir, "_static", "live", path.relative_to(FILES))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def link_files(app, pagename, templatename, context, doctree) -> None:
    """Take the files out of a page and link them instead."""
    if "body" not in context:  # such as the page of the search
        return
    context["body"], names = without_files(context["body"])
    for name in names:
        if name.endswith(".css"):
            app.add_css_file(f"live/{name}")
        else:
            app.add_js_file(f"live/{name}", loading_method="defer")


def setup(app) -> dict:
    """Register with Sphinx."""
    app.connect("builder-inited", copy_files)
    app.connect("html-page-context", link_files, priority=400)  # before pages leave scripts out
    return {"parallel_read_safe": True, "parallel_write_safe": True}
