"""Every rendered page, opened in a real browser, light and dark, wide and on a phone."""

import importlib
import itertools
import json
import re

import nbformat
import pytest

from book.build import HTML
from book.chapters import BUILD, RESULTS, ROOT, pages, read_chapters
from rnncourse import results

CHAPTERS = [
    chapter.path.relative_to(results.PROJECT).with_suffix("").as_posix()
    for chapter in read_chapters()
]
DRAWN = [name for name in CHAPTERS if "plt.show()" in (ROOT / f"{name}.md").read_text("utf-8")]
SCREENS = {"wide": (1440, 900), "phone": (390, 844)}
THEMES = {"wide": ("light", "dark"), "phone": ("dark", "light")}  # opened in one, then switched

# What must never reach a reader: markup that was not rendered, a log, a progress bar.
RAW = re.compile(r"\{(glue|cite|numref|eq|doc|ref|code-cell)[:}]|^:::|```|^---$", re.MULTILINE)
LOG = re.compile(
    r"[IWE]0000 |oneDNN custom operations|cuda|\[IPKernelApp\]|Traceback|Warning:", re.IGNORECASE
)
BAR = re.compile(r"━|\d+/\d+ \[|ms/step|\|█")

# What most of a figure's letters are written in, and the page's background. Numbers in the cells of
# a matrix are left out: they stand on the cell, not on the page.
INKS = """() => {
    const inCell = /--pst-color-background|#202428/;
    const onPaper = t => !inCell.test(t.getAttribute('style'));
    const most = svg => {
        const text = [...svg.querySelectorAll('text')].filter(onPaper);
        const fills = text.map(t => getComputedStyle(t).fill);
        return fills.sort((a, b) => fills.filter(c => c === b).length
            - fills.filter(c => c === a).length)[0];
    };
    const figures = [...document.querySelectorAll('svg.course-figure')];
    const paper = getComputedStyle(document.body).backgroundColor;
    return [figures.map(most).filter(Boolean), paper];
}"""


@pytest.fixture(params=SCREENS)
def screen(request):
    return request.param


@pytest.fixture
def open_page(browser, site, screen):
    """Open a page in one of the sizes, and keep account of what went wrong."""
    width, height = SCREENS[screen]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=THEMES[screen][0],
        reduced_motion="reduce",
    )

    def go(name):
        page = context.new_page()
        page.trouble = []
        page.on("console", lambda m: m.type == "error" and page.trouble.append(m.text))
        page.on("pageerror", lambda error: page.trouble.append(str(error)))
        page.on("requestfailed", lambda request: page.trouble.append(f"failed: {request.url}"))
        page.on(
            "request", lambda r: r.url.startswith((site, "data:")) or page.trouble.append(r.url)
        )
        page.on(
            "response", lambda r: r.status >= 400 and page.trouble.append(f"{r.status} {r.url}")
        )
        page.goto(f"{site}/{name}.html", wait_until="networkidle")
        return page

    yield go
    context.close()


@pytest.mark.parametrize("name", pages())
def test_a_page_is_whole(open_page, name, screen):
    page = open_page(name)
    page.evaluate("window.MathJax?.startup?.promise")
    shots = BUILD / "screenshots"
    shots.mkdir(exist_ok=True)
    for theme in THEMES[screen]:
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(f"document.documentElement.dataset.theme === '{theme}'")
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == theme
        shot = shots / f"{name.replace('/', '-')}-{theme}-{screen}.jpg"
        page.screenshot(path=shot, full_page=True, quality=80)
        inks, paper = page.evaluate(INKS)
        for ink in inks:
            assert contrast(ink, paper) >= 4.5, f"{ink} on {paper} is hard to see when {theme}"
        assert inks or name not in DRAWN

    assert page.trouble == []
    content = page.locator("#main-content")
    assert content.locator("article h1").count() == 1
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0, "the page is wider than the screen"

    for cell in page.locator("details.hide summary").all():
        cell.click()  # open the folded cells, to read what is in them too
    text = content.inner_text()
    for pattern in (RAW, LOG, BAR):
        assert not pattern.search(text), pattern.search(text)

    assert page.locator("[data-live]:not([data-begun])").count() == 0, "a demo did not begin"
    assert page.locator("mjx-merror").count() == 0
    if page.locator(".math").count():
        assert page.locator("mjx-container").count() > 0, "formulas were not set"
    for image in page.locator("article img").all():
        assert image.get_attribute("alt"), "a picture without alt text"
    for figure in page.locator("svg.course-figure").all():
        assert len(figure.get_attribute("aria-label")) > 20, "a figure without alt text"
    headings = page.locator("article :is(h1, h2, h3, h4)")
    levels = [int(tag[1]) for tag in headings.evaluate_all("all => all.map(h => h.tagName)")]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two CSS colours, as WCAG 2 defines it."""

    def luminance(colour):
        channels = [int(c) / 255 for c in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_can_be_downloaded_as_a_notebook(name):
    downloaded = nbformat.read(HTML / "_sources" / f"{name}.ipynb", as_version=4)
    nbformat.validate(downloaded)
    assert any(cell.get("outputs") for cell in downloaded.cells)
    assert f"_sources/{name}.ipynb" in (HTML / f"{name}.html").read_text(encoding="utf-8")


def test_search_finds_pages_without_a_server_side(open_page):
    page = open_page("search")
    page.goto(page.url + "?q=saturated")
    found = page.locator("#search-results li a")
    found.first.wait_for()
    assert "A recurrent layer by hand" in found.all_inner_texts()
    assert page.trouble == []


def test_search_works_without_any_server(browser):
    """The book opened from a folder, as from a stick in a classroom."""
    page = browser.new_page()
    page.goto((HTML / "search.html").as_uri() + "?q=saturated")
    found = page.locator("#search-results li a")
    found.first.wait_for()
    titles = found.all_inner_texts()
    assert "A recurrent layer by hand" in titles
    found.nth(titles.index("A recurrent layer by hand")).click()
    page.wait_for_url("file://**/chapters/manual_rnn.html*")
    page.close()


def test_the_first_screen_shows_what_is_inside(open_page, screen):
    page = open_page("index")
    if screen == "wide":
        last = page.locator("svg.course-map").bounding_box()
        assert last["y"] + last["height"] < 900, "picture, best lines and map on one screen"
    assert page.locator("svg.unrolling").count() == 1
    assert page.locator(".best-lines li").count() >= 4
    captions = page.locator(".drawn-caption").all_inner_texts()
    assert len(captions) == 2 and all(len(caption) > 30 for caption in captions)


def test_the_map_leads_to_every_lesson_by_keyboard_too(open_page):
    page = open_page("index")
    links = page.locator("svg.course-map a")
    for link in links.all():
        target = link.get_attribute("href")
        assert (HTML / target).is_file(), target
        assert "Builds on: " in link.get_attribute("aria-label")
    links.nth(2).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/chapters/*.html")


def test_the_picture_moves_unless_one_minds_or_holds_it(browser, site):
    for motion, moves in (("reduce", False), ("no-preference", True)):
        context = browser.new_context(reduced_motion=motion)
        page = context.new_page()
        page.goto(f"{site}/index.html")
        running = "document.querySelector('svg.unrolling').getAnimations({subtree: true}).length"
        assert (page.evaluate(running) > 10) == moves
        hold = page.get_by_label("hold the picture still")
        assert hold.is_visible() == moves
        if moves:
            hold.focus()
            page.keyboard.press("Space")
            assert page.evaluate(running) == 0
        context.close()


def test_a_lost_reader_is_led_home(open_page):
    page = open_page("404")
    assert page.trouble == []
    assert page.locator("article h1").inner_text().startswith("There is no such page")
    page.locator("article").get_by_role("link", name="first page").click()
    page.wait_for_url("**/index.html")


def test_code_can_be_copied(open_page):
    page = open_page("chapters/manual_rnn")
    assert page.locator("button.copybtn").count() >= page.locator(".cell_input").count() > 0


def test_every_result_stands_on_the_scoreboard():
    board = (HTML / "chapters" / "scoreboard.html").read_text(encoding="utf-8")
    recorded = results.load()
    assert recorded
    for result in recorded.values():
        assert str(result) in board, result


def test_stand_ins_are_named_on_the_page():
    """Where a result comes from one. Beside it may stand recorded runs on the real data."""
    stand_ins = {}
    for name, result in results.load().items():
        if result.data:
            chapter = name.split(".")[0]
            stand_ins[chapter] = stand_ins.get(chapter, False) or result.data.startswith("stand-in")
    assert stand_ins
    for chapter, made_up in stand_ins.items():
        page = (HTML / "chapters" / f"{chapter}.html").read_text(encoding="utf-8")
        assert ("Stand-in data" in page) == made_up, chapter


def test_the_trained_models_are_offered_and_open():
    import keras

    models = sorted((BUILD / "models").glob("*.keras"))
    assert models
    for path in models:
        page = (HTML / "chapters" / f"{path.stem}.html").read_text(encoding="utf-8")
        (link,) = re.findall(rf'href="\.\./(_downloads/[^"]+/{path.name})"', page)
        source = (ROOT / "chapters" / f"{path.stem}.md").read_text("utf-8")
        for module in re.findall(r"`(rnncourse[\w.]*)` (?:is|to be) imported", source):
            importlib.import_module(module)  # where its own layers are, as the page says
        assert keras.saving.load_model(HTML / link).count_params() > 0


def test_the_results_file_has_what_it_promises():
    entries = json.loads(RESULTS.read_text(encoding="utf-8"))
    for name, entry in entries.items():
        assert re.fullmatch(r"[a-z0-9_]+\.[a-z0-9_]+", name)
        assert set(entry) == {"value", "unit", "bound", "source", "data", "timed"}
        assert isinstance(entry["value"], float)
        assert isinstance(entry["timed"], bool)


def test_no_path_of_this_machine_is_on_a_page():
    for path in HTML.rglob("*.html"):
        assert str(results.PROJECT) not in path.read_text(encoding="utf-8"), path
