"""Sphinx extension: what a book needs where others find it, once it is told its address.

The address is ``html: baseurl`` in ``_config.yml``, or ``RNNCOURSE_SITE`` for one build. With it
come a sitemap, previews for those who pass a link on, and their picture. Without it come none of
them, as all three hold whole addresses. The page for addresses that lead nowhere is always made.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

LOST = """
<section id="lost"><h1>There is no such page</h1>
<p>Something has been forgotten on the way. The <a href="{home}">first page</a> has a map of all
chapters, and the search field knows every word.</p></section>
"""
CARD = "_static/card.png"


def address(app) -> str:
    """Where the book will stand, with a slash at its end; empty if nobody has said."""
    site = os.environ.get("RNNCOURSE_SITE") or app.config.overrides.get("html_baseurl") or ""
    return site.rstrip("/") + "/" if site else ""


def lost_page(app) -> Iterator[tuple[str, dict, str]]:
    """The page 404.html. It is shown at any depth, so its links start from the site's address."""
    site = address(app)
    context = {"title": "There is no such page", "body": LOST.format(home=site or "index.html")}
    if site:
        context["metatags"] = f'<base href="{site}" />'
    yield "404", context, "page.html"


def draw_card(path: Path, title: str) -> None:
    """Draw the picture that goes with a link to the book, 1,200 by 630 pixels.

    Args:
        path: The PNG to write.
        title: What stands above the drawing.
    """
    from matplotlib.figure import Figure

    from rnncourse import plots

    figure = Figure(figsize=(12, 6.3), dpi=100, facecolor=plots.PAPER)
    figure.text(0.5, 0.86, title, ha="center", va="center", size=34, color=plots.INK)
    axis = figure.add_axes((0.05, 0.06, 0.9, 0.7))
    plots.draw_unrolled(axis, steps=4)
    for text in axis.texts:
        text.set_fontsize(20)
    figure.savefig(path, metadata={"Software": None})


def finish(app, exception) -> None:
    """Put the picture in its place, and the mark that tells GitHub to leave the files alone."""
    if exception or app.builder.name != "html":
        return
    Path(app.outdir, ".nojekyll").touch()
    if address(app):
        draw_card(Path(app.outdir, CARD), app.config.html_title or app.config.project)


def setup(app) -> dict:
    """Register with Sphinx, and bring in the two libraries if there is an address."""
    site = address(app)
    if site:
        app.setup_extension("sphinx_sitemap")
        app.setup_extension("sphinxext.opengraph")
        app.config.overrides.update(
            html_baseurl=site,
            sitemap_url_scheme="{link}",
            sitemap_excludes=["404.html", "search.html", "genindex.html"],
            ogp_site_url=site,
            ogp_image=site + CARD,
            ogp_image_alt="A recurrent layer, and the same layer unrolled over four steps.",
            ogp_social_cards={"enable": False},
            ogp_description_length=200,
        )
    app.connect("html-collect-pages", lost_page)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
