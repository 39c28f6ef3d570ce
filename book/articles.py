"""The rendered pages, read back: what slides and the printed book are made of.

Both could be made from the notebooks; then each would need its own rendering of citations, quoted
numbers, exercises and figures. Taken from the page, they show what the page shows.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bs4 import BeautifulSoup, Tag

SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
UNUSED = ("a.headerlink", "button", "style", ".toggle-details")


@dataclass
class Article:
    """The article of one page.

    Attributes:
        page: The page, without suffix, from the root of the book.
        title: Its first heading.
        body: Its outermost section. Drawings stand in it as empty elements, since they are large;
            :meth:`html` puts them back.
        drawings: The SVG of each.
        mathjax: The page's script elements that set formulas; empty if it has none.
    """

    page: str
    title: str
    body: Tag
    drawings: list[str]
    mathjax: str

    def html(self, element: Tag | str) -> str:
        """An element's HTML, with its drawings."""
        return re.sub(r'<svg-place n="(\d+)"></svg-place>', self._drawing, str(element))

    def _drawing(self, place: re.Match) -> str:
        return self.drawings[int(place[1])]


def read(html: Path, page: str) -> Article:
    """Read a page of the rendered book.

    Args:
        html: The folder of the book.
        page: The page, without suffix.

    Raises:
        ValueError: If the page has no article.
    """
    text = (html / f"{page}.html").read_text(encoding="utf-8")
    mathjax = "\n".join(re.findall(r"<script[^>]*>window\.MathJax = .*?</script>", text))
    mathjax += "\n".join(re.findall(r"<script[^>]*mathjax/[^>]*></script>", text))
    found = re.search(r'<article class="bd-article">(.*)</article>', text, re.DOTALL)
    if not found:
        raise ValueError(f"{page}.html has no article")
    drawings: list[str] = []

    def stash(svg: re.Match) -> str:
        drawings.append(svg[0])
        return f'<svg-place n="{len(drawings) - 1}"></svg-place>'

    soup = BeautifulSoup(SVG.sub(stash, found[1]), "html.parser")
    for element in soup.select(", ".join(UNUSED)):
        element.decompose()
    body = soup.section
    heading = body.h1.get_text(" ", strip=True)
    return Article(page, heading, body, drawings, mathjax)


def redirect(body: Tag, page: str, address: Callable[[str, str], str]) -> None:
    """Rewrite every address in an article that leads into this book.

    Args:
        body: The article, changed in place.
        page: Where it comes from.
        address: Page or file from the root, and fragment with its ``#`` or nothing -> address.
    """
    folder = posixpath.dirname(page)
    for name in ("href", "src"):
        for element in body.find_all(attrs={name: True}):
            path, mark, fragment = element[name].partition("#")
            if re.match(r"[a-z]+:", path):
                continue
            target = posixpath.normpath(posixpath.join(folder, path)) if path else f"{page}.html"
            element[name] = address(target, mark + fragment)
