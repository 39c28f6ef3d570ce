"""The book on paper: one page of HTML that holds together, and a PDF of it."""

import re

import pytest
from playwright.sync_api import Error

from book import pdf
from book.build import HTML


@pytest.fixture(scope="module")
def whole():
    return pdf.one_page(HTML)


def test_every_page_is_in_it_once_and_in_order(whole):
    starts = [whole.index(f'id="{pdf.anchor(page)}"') for page in pdf.printed_pages()]
    assert starts == sorted(starts)
    for page in pdf.printed_pages():
        assert whole.count(f'id="{pdf.anchor(page)}"') == 1


def test_links_inside_the_book_lead_to_places_that_are_there(whole):
    places = set(re.findall(r' id="([^"]+)"', whole))
    led = set(re.findall(r'<a[^>]* href="#([^"]+)"', whole))
    assert len(led) > 200
    assert led <= places, sorted(led - places)[:5]


def test_no_link_leads_to_a_file_of_this_machine(whole):
    for address in re.findall(r'<a[^>]* href="([^"]+)"', whole):
        assert re.match(r"#|https?:|mailto:", address), address


def test_formulas_are_set_though_some_pages_have_none(whole):
    assert whole.count("mathjax/tex-") == 1


def test_no_two_places_have_one_name(whole):
    places = re.findall(r' id="([^"]+)"', re.sub(r"<svg.*?</svg>", "", whole, flags=re.DOTALL))
    twice = {place for place in places if places.count(place) > 1}
    assert not {place for place in twice if "-content" not in place}


def test_files_that_it_needs_are_there(whole):
    for address in re.findall(r'(?:href|src)="(_[^"#?]+)', whole):
        assert (HTML / address).is_file(), address


def test_what_paper_cannot_show_is_left_out(whole):
    for tag in ("<details", "<audio", "best-lines", "<button"):
        assert tag not in whole


def test_a_book_that_is_not_rendered_is_not_printed(tmp_path):
    with pytest.raises(FileNotFoundError, match="make book comes first"):
        pdf.print_book(tmp_path, tmp_path / "book.pdf")


def test_it_prints(tmp_path, browser, monkeypatch):
    """A short book: printing all of it takes minutes, and is for ``make pdf``."""
    short = ["chapters/teaching", "chapters/manual_rnn", "chapters/references"]
    monkeypatch.setattr(pdf, "pages", lambda: short)
    monkeypatch.setattr(pdf, "_contents", lambda titles: ", ".join(titles.values()))
    text = pdf.one_page(HTML)
    path = HTML / ".short.html"
    path.write_text(text, encoding="utf-8")
    try:
        page = browser.new_page(viewport={"width": 643, "height": 970})  # A4 within its margins
        page.emulate_media(media="print")
        page.goto(path.as_uri())
        page.evaluate("window.MathJax && MathJax.startup.promise")
        assert page.locator("mjx-container").count() > 20
        assert "\\(" not in page.locator("body").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 2
        printed = page.pdf(format="A4", outline=True, tagged=True)
    except Error as error:
        pytest.skip(f"this browser does not print: {error}")
    finally:
        path.unlink()
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", printed)) > 5
