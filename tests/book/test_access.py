"""The book for those who do not see it, do not see it well, or have no pointer."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from book.build import HTML
from book.chapters import pages

EVERY = [*pages(), "404", "search", "genindex", "slides/manual_rnn", "slides/retrospective"]
WORSE = ("serious", "critical")

# A figure is one picture with a description; test_pages holds its letters against the paper.
CONTEXT = {"exclude": [["svg.course-figure > *"]]}

# Chapters fold answers, solutions and code; slides keep answers for a key press.
UNFOLD = """() => {
    for (const fold of document.querySelectorAll('details')) fold.open = true;
    for (const title of document.querySelectorAll('.toggle-hidden > .admonition-title'))
        title.click();
}"""
# Of all code in one colour on one paper one word is left to look at; thousands take minutes.
ONE_OF_EACH = """() => {
    const seen = new Set();
    const again = [...document.querySelectorAll('pre span')].filter((word) => {
        const paper = getComputedStyle(word.closest('pre')).backgroundColor;
        const kind = [word.className, getComputedStyle(word).color, paper].join();
        return seen.size === seen.add(kind).size;
    });
    for (const word of again) word.replaceWith(...word.childNodes);
}"""
THEME_MEASURES = 600  # milliseconds after which the theme knows what scrolls


@pytest.fixture
def page(browser):
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme="light", reduced_motion="reduce"
    )
    context.set_default_timeout(120_000)
    yield context.new_page()
    context.close()


def complaints(page, **options):
    """What axe-core finds serious, and where."""
    found = Axe().run(page, CONTEXT, {"resultTypes": ["violations"], **options})
    return [
        (fault["id"], node["target"], re.sub(r"\s+", " ", node["failureSummary"]))
        for fault in found.response["violations"]
        if fault["impact"] in WORSE
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("name", EVERY)
def test_axe_finds_nothing_serious(page, site, name):
    page.goto(f"{site}/{name}.html")
    page.evaluate("window.MathJax?.startup?.promise")
    page.evaluate(UNFOLD)
    page.evaluate(ONE_OF_EACH)
    page.wait_for_timeout(THEME_MEASURES)
    assert complaints(page) == []
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    assert complaints(page, runOnly=["color-contrast"]) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index", "chapters/manual_rnn", "404"])
def test_one_sees_where_the_keyboard_is(page, site, name, theme):
    page.emulate_media(color_scheme=theme)
    page.goto(f"{site}/{name}.html")
    article = page.locator("article").first
    article.locator(":is(a, button, summary, input):visible").first.focus()
    page.keyboard.press("Shift+Tab")  # whatever a key led to is shown, not what a click did
    seen = set()
    for _ in range(25):
        page.keyboard.press("Tab")
        where, line, width = page.evaluate(
            """() => {
                const at = document.activeElement, style = getComputedStyle(at);
                return [at.outerHTML.slice(0, 200), style.outlineStyle, style.outlineWidth];
            }"""
        )
        if where.startswith("<body"):
            break
        assert line != "none" and float(width.removesuffix("px")) >= 1, where
        seen.add(where)
    assert seen


def test_every_page_says_its_language_and_has_a_way_past_the_menu():
    for name in pages():
        text = (HTML / f"{name}.html").read_text(encoding="utf-8")
        assert re.search(r'<html[^>]* lang="en"', text), name
        assert 'href="#main-content"' in text, name
