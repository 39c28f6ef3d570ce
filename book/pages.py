"""Sphinx extension: pages follow the executed notebooks, and load nothing that they do not use.

What stands between ``<!-- book`` and ``-->`` is for the book alone. JupyterLab takes it for a
comment and shows nothing, where it would else complain of a directive that it does not know.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from book.chapters import BUILD, EXECUTED

FOR_THE_BOOK = re.compile(r"^<!-- book\n(.*?)^-->$", re.MULTILINE | re.DOTALL)


def opened(text: str) -> str:
    """A page's text with what is for the book alone taken out of its comments, line for line."""
    return FOR_THE_BOOK.sub(r"\n\1", text)


def open_comments(app, page: str, source: list[str]) -> None:
    """Open the comments of a page when Sphinx reads it."""
    source[0] = opened(source[0])


def outdated(app, env, added, changed, removed) -> list[str]:
    """Pages to read again: those whose notebook ran since, and those that may quote from them."""
    executed = {page: EXECUTED / f"{Path(page).name}.ipynb" for page in env.all_docs}
    newer = {
        page
        for page, read_at in env.all_docs.items()  # read_at is in microseconds
        if executed[page].is_file() and executed[page].stat().st_mtime_ns // 1000 > read_at
    }
    prose = {page for page, path in executed.items() if not path.is_file()}
    quoting = {page for page in env.all_docs if ".md::" in _source(env, page)}
    return sorted(newer | prose | quoting) if newer else []


def _source(env, page: str) -> str:
    """The text of a page, or nothing if it has gone."""
    path = Path(env.doc2path(page))
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def without_thebe(app, pagename, templatename, context, doctree) -> None:
    """Leave out the scripts of Thebe: it runs cells on a server, and this book asks none."""

    def is_thebe(script) -> bool:
        inline = (getattr(script, "attributes", None) or {}).get("body", "")
        return "thebe" in f"{script} {inline}".lower()

    scripts = context.get("script_files", [])
    context["script_files"] = [script for script in scripts if not is_thebe(script)]


def offer_notebook(app, pagename, templatename, context, doctree) -> None:
    """Put the chapter as a notebook under the theme's download button."""
    notebook = BUILD / "notebooks" / f"{Path(pagename).name}.ipynb"
    if notebook.is_file():
        target = Path(app.outdir, "_sources", f"{pagename}.ipynb")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(notebook, target)
        context["ipynb_source"] = f"{pagename}.ipynb"


def plain_bibliography(app, pagename, templatename, context, doctree) -> None:
    """Take away roles that docutils gives a bibliography: they promise a list, which it is not."""
    if "citation-list" in (context.get("body") or ""):
        for role in ('role="list" ', ' role="doc-biblioentry"'):
            context["body"] = context["body"].replace(role, "")


def setup(app) -> dict:
    """Register with Sphinx."""
    app.connect("env-get-outdated", outdated)
    app.connect("source-read", open_comments)
    app.connect("html-page-context", without_thebe)
    app.connect("html-page-context", offer_notebook)
    app.connect("html-page-context", plain_bibliography)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
