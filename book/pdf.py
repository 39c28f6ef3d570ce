"""``make pdf``: the whole book on paper, printed by a browser from the rendered pages.

The pages are put one after the other, in the order of the table of contents, with their links led
to the places where those pages now begin; then Chromium prints them.
"""

from __future__ import annotations

import html
import re
import shutil
import sys
from pathlib import Path

import yaml
from playwright.sync_api import Error, sync_playwright

from book import articles
from book.chapters import BUILD, ROOT, pages

HTML = BUILD / "html"
TARGET = BUILD / "rnncourse.pdf"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
PATIENCE = 600_000  # milliseconds; some thousands of formulas are set before printing
NOT_ON_PAPER = ("chapters/api", "chapters/modules")  # to look up in, by links
ONLY_ON_SCREEN = (
    "details, .landing, .drawn, .drawn-caption, audio, [data-live], .cell_output script"
)

PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="_static/pygments.css">
<link rel="stylesheet" href="_static/course.css">
<link rel="stylesheet" href="_static/slides.css">
<link rel="stylesheet" href="_static/print.css">
{mathjax}
</head>
<body class="tex2jax_ignore mathjax_ignore">
<header><h1>{title}</h1><p>{author}</p><p>{licence}</p></header>
<nav><h2>Contents</h2>{contents}</nav>
{chapters}
</body>
</html>
"""
LICENCE = "Text: CC BY 4.0. Code: MIT licence."
NO_BROWSER = (
    "there is no browser that starts; .venv/bin/playwright install chromium brings one, and so do "
    "most systems' own packages ({})"
)
FOOTER = (
    '<div style="width:100%;font-size:8px;text-align:center;font-family:sans-serif">'
    '<span class="pageNumber"></span></div>'
)


def one_page(folder: Path = HTML) -> str:
    """The book as the text of one HTML page, which has to lie in the folder of the book.

    Args:
        folder: The rendered book.
    """
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    printed = printed_pages()
    read = [_prepared(articles.read(folder, page), printed) for page in printed]
    return PAGE.format(
        title=html.escape(config["title"]),
        author=html.escape(config["author"]),
        licence=LICENCE,
        mathjax=next(filter(None, (a.mathjax for a in read)), "").replace("../_static", "_static"),
        contents=_contents({article.page: article.title for article in read}),
        chapters="\n".join(article.html(article.body) for article in read),
    )


def printed_pages() -> list[str]:
    """The pages that paper holds, in order."""
    return [page for page in pages() if page not in NOT_ON_PAPER]


def anchor(page: str, fragment: str = "") -> str:
    """The identifier of a page, or of a place in it, where all pages are one."""
    return f"{page.replace('/', '-')}--{fragment}" if fragment else page.replace("/", "-")


def _prepared(article: articles.Article, known: list[str]) -> articles.Article:
    """Take out what paper cannot show, and keep the identifiers of different pages apart."""
    for element in article.body.select(ONLY_ON_SCREEN):
        element.decompose()

    def address(target: str, mark: str) -> str:
        page = target.removesuffix(".html")
        return f"#{anchor(page, mark[1:])}" if page in known else f"{target}{mark}"

    articles.redirect(article.body, article.page, address)
    for link in article.body.select("a[href]"):
        if not re.match(r"#|[a-z]+:", link["href"]):
            link.unwrap()  # a file beside the pages, which is not on paper
    for element in article.body.find_all(id=True):
        element["id"] = anchor(article.page, element["id"])
    article.body["id"] = anchor(article.page)
    article.body["class"] = ["chapter", *article.body.get("class", [])]
    apart = anchor(article.page, "svg")
    article.drawings[:] = [
        re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{apart}", drawing) for drawing in article.drawings
    ]
    return article


def _contents(titles: dict[str, str]) -> str:
    """The table of contents by parts, with links to the pages that paper holds."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = [(toc["root"], [])]
    parts += [
        (part.get("caption", ""), [c["file"] for c in part["chapters"] if c["file"] in titles])
        for part in toc["parts"]
    ]
    lines = []
    for caption, files in parts:
        items = "".join(
            f'<li><a href="#{anchor(file)}">{html.escape(titles[file])}</a></li>' for file in files
        )
        lines.append(f"<h3>{html.escape(caption)}</h3><ul>{items}</ul>" if files else "")
    return "".join(lines)


def print_book(folder: Path = HTML, target: Path = TARGET) -> None:
    """Print the book, whole or not at all.

    Args:
        folder: The rendered book.
        target: The PDF.

    Raises:
        FileNotFoundError: If the book has not been rendered.
        playwright.sync_api.Error: If there is no browser, or it fails.
    """
    if not (folder / "index.html").is_file():
        raise FileNotFoundError(f"no rendered book in {folder}; make book comes first")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    whole, partial = folder / ".book.html", target.with_suffix(".partial")
    whole.write_text(one_page(folder), encoding="utf-8")
    try:
        with sync_playwright() as playwright:
            try:
                browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
            except Error as error:
                raise Error(NO_BROWSER.format(str(error).splitlines()[0])) from error
            page = browser.new_page()
            page.set_default_timeout(PATIENCE)
            page.goto(whole.as_uri())
            page.evaluate("window.MathJax && MathJax.startup.promise")
            if page.locator(".math").count() and not page.locator("mjx-container").count():
                raise Error("the formulas were not set")
            page.pdf(
                path=partial,
                format="A4",
                margin={"top": "18mm", "bottom": "18mm", "left": "20mm", "right": "20mm"},
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=FOOTER,
                print_background=True,
                outline=True,
                tagged=True,
            )
            browser.close()
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
        whole.unlink(missing_ok=True)


def main() -> int:
    """Print the book and say where it is; 0 if all is well."""
    try:
        print_book()
    except (OSError, Error) as error:  # a full disk among them
        print(f"The book was not printed: {error}", file=sys.stderr)
        return 1
    print(f"The book is printed: {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
