"""Sphinx extension: a page is out of date when its executed notebook is newer than the page."""

from __future__ import annotations

from pathlib import Path

from book.chapters import EXECUTED


def outdated(app, env, added, changed, removed) -> list[str]:
    """The pages whose outputs have changed since Sphinx last read them."""
    newer = []
    for page, read_at in env.all_docs.items():  # read_at is in microseconds
        executed = EXECUTED / f"{Path(page).name}.ipynb"
        if executed.is_file() and executed.stat().st_mtime_ns // 1000 > read_at:
            newer.append(page)
    return newer


def setup(app) -> dict:
    """Register with Sphinx."""
    app.connect("env-get-outdated", outdated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
