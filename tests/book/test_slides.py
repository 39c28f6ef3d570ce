"""Slides: whole, readable, alone."""

import re

import pytest

from book import articles, slides
from book.build import HTML
from book.chapters import read_chapters

DECKS = [c.name for c in read_chapters() if c.name not in slides.NO_SLIDES]

PAGE = """<html><head>
<script>window.MathJax = {"a": 1}</script><script defer src="../_static/mathjax/tex.js"></script>
</head><body><article class="bd-article"><section id="t" class="x">
<h1>Title<a class="headerlink">#</a></h1>
<section id="s"><h2>Idea</h2>
<p>%s</p>
<p>See <a href="two.html#there">there</a>, <a href="#s">here</a>, <a href="https://a.b/c">far</a>.</p>
<div class="math">\\[x\\]</div>
<figure id="f"><svg class="course-figure"><g id="g"/></svg><figcaption>Caption</figcaption></figure>
<section id="inner"><h3>Deeper</h3>
<div class="cell"><details><summary>Show</summary><pre>hidden()</pre></details>
<div class="cell_output"><pre>printed</pre></div></div>
<div class="cell"><details><pre>only hidden</pre></details></div>
<div class="dropdown admonition"><p class="admonition-title">1. Why?</p><p>Because.</p></div>
</section></section></section></article></body></html>"""


@pytest.fixture
def article(tmp_path):
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "one.html").write_text(PAGE % ("word " * 150))
    return articles.read(tmp_path, "chapters/one")


def test_an_article_is_read_with_its_drawings_apart(article):
    assert article.title == "Title"
    assert len(article.drawings) == 1
    assert "<svg " not in str(article.body)
    assert '<svg class="course-figure"><g id="g"/></svg>' in article.html(article.body)
    assert 'src="../_static/mathjax/tex.js"' in article.mathjax


def test_a_page_without_article_is_refused(tmp_path):
    (tmp_path / "index.html").write_text("<p>nothing</p>")
    with pytest.raises(ValueError, match=r"index\.html has no article"):
        articles.read(tmp_path, "index")


def test_a_section_is_cut_at_headings_and_when_it_is_full(article):
    (section,) = article.body.find_all("section", recursive=False)
    cut = slides.cut(article, section)
    assert [slide.heading for slide in cut] == ["Idea", "Idea", "Deeper", "Deeper"]
    texts = ["".join(slide.parts) for slide in cut]
    assert r"\[x\]" in texts[0], "a formula stays with what introduces it"
    assert "<figcaption>Caption" in texts[1]
    assert "printed" in texts[2] and "hidden" not in "".join(texts)
    assert '<p class="fragment">Because.</p>' in texts[3]


def test_links_lead_from_the_deck(article):
    made = slides.deck(article)
    targets = re.findall(r'href="([^"]+)"', made)
    wanted = ["../chapters/two.html#there", "../chapters/one.html#s", "https://a.b/c"]
    assert targets == wanted


@pytest.mark.parametrize("name", DECKS)
def test_a_deck_has_all_of_its_chapter(name):
    deck = (HTML / "slides" / f"{name}.html").read_text(encoding="utf-8")
    page = (HTML / "chapters" / f"{name}.html").read_text(encoding="utf-8")
    assert deck.count('class="course-figure"') == page.count('class="course-figure"')
    assert deck.count('class="admonition-title"') >= 8
    for address in re.findall(r'(?:href|src)="(\.\./[^"#]+)', deck):
        assert (HTML / "slides" / address.split("?")[0]).resolve().is_file(), address


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["manual_rnn", "retrospective", "cells"])
def test_a_deck_runs_alone(browser, site, name, theme):
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, color_scheme=theme, reduced_motion="reduce"
    )
    page = context.new_page()
    trouble = []
    page.on("console", lambda m: m.type == "error" and trouble.append(m.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda r: r.url.startswith((site, "data:")) or trouble.append(r.url))
    page.goto(f"{site}/slides/{name}.html", wait_until="networkidle")
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    total = page.evaluate("Reveal.getTotalSlides()")
    assert total > 20
    first = page.evaluate("Reveal.getSlidePastCount()")
    page.keyboard.press("Space")
    assert page.evaluate("Reveal.getSlidePastCount()") == first + 1
    assert page.locator("mjx-merror").count() == 0
    full = page.evaluate(
        """() => {
            const fills = [...document.querySelectorAll('.fill')];
            return fills.filter(f => f.scrollHeight > 1.6 * 690).length / fills.length;
        }"""
    )
    assert full < 0.1, "too much on too many slides"
    ink, paper = page.evaluate(
        """() => [getComputedStyle(document.querySelector('.reveal')).color,
                  getComputedStyle(document.body).backgroundColor]"""
    )
    light = sum(map(int, re.findall(r"\d+", paper)[:3])) > sum(
        map(int, re.findall(r"\d+", ink)[:3])
    )
    assert light == (theme == "light")
    assert trouble == []
    context.close()
