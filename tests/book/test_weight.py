"""What a page costs to fetch, and how soon it can be read on a slow line.

What counts is what crosses the line: text is sent compressed, here as by every host of pages. The
figures of all pages stand in the report at the end of the tests.
"""

import contextlib
import re

import pytest
from playwright.sync_api import TimeoutError

from book.build import HTML
from book.chapters import pages
from book.light import deferred, only

FIRST, CHAPTER = 1_000_000, 3_000_000  # bytes
PATIENCE = 2.0  # seconds until there is something to read
BEGINNING = 20_000  # bytes of a page that hold its head and its first words
AWAITED = """() => [...document.head.querySelectorAll("link[rel=stylesheet], script[src]")]
    .filter((file) => !file.defer && !file.async)  // as is a script that a script has added
    .map((file) => file.href || file.src)"""
FIRST_WORDS = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
FAST_3G = {
    "offline": False,
    "latency": 150,  # milliseconds there and back
    "downloadThroughput": 1_600_000 / 8,  # bytes a second
    "uploadThroughput": 750_000 / 8,
}


@pytest.fixture
def fetch(browser, site):
    """Open a page with an empty cache; `sent` is the bytes of each file that crossed the line."""
    contexts = []

    def go(name, slow=False):
        context = browser.new_context(viewport={"width": 390, "height": 844})
        contexts.append(context)
        page = context.new_page()
        session = context.new_cdp_session(page)
        urls, page.sent = {}, {}
        session.on(
            "Network.requestWillBeSent",
            lambda e: urls.update({e["requestId"]: e["request"]["url"]}),
        )
        session.on(
            "Network.loadingFinished",
            lambda e: page.sent.update({urls.get(e["requestId"], "?"): e["encodedDataLength"]}),
        )
        session.send("Network.enable")
        if slow:
            session.send("Network.emulateNetworkConditions", FAST_3G)
            session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        answer = page.goto(f"{site}/{name}.html", wait_until="commit" if slow else "networkidle")
        assert answer.ok, f"no page {name}"
        return page

    yield go
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", pages())
def test_a_page_is_light_and_its_words_are_soon_there(fetch, record_property, name):
    """The line alone must leave time to spare; how long it took in all is told in the report.

    A browser shows nothing before it has the styles and the scripts that are not deferred. What
    follows is fetched while a reader reads.
    """
    page = fetch(name)
    sent = {u: n for u, n in page.sent.items() if not u.startswith("data:")}
    total = sum(sent.values())
    record_property("page", name)
    record_property("kB sent", round(total / 1000))
    heaviest = sorted(sent.items(), key=lambda item: -item[1])[:5]
    assert total < (FIRST if name == pages()[0] else CHAPTER), heaviest

    awaited = page.evaluate(AWAITED)
    size = BEGINNING + sum(sent[url] for url in awaited)
    rounds = 1 + -(-len(awaited) // 6)  # six connections at a time
    seconds = rounds * FAST_3G["latency"] / 1000 + size / FAST_3G["downloadThroughput"]
    record_property("s on the line", round(seconds, 1))
    assert seconds < PATIENCE

    page.context.close()  # it may still be at work
    record_property("s to words", round(first_words(fetch, name) / 1000, 1))


def first_words(fetch, name):
    """Milliseconds until there is something to read; the browser's slow line may lose an answer."""
    for patience in (20_000, 60_000):
        page = fetch(name, slow=True)
        with contextlib.suppress(TimeoutError):
            page.wait_for_function(FIRST_WORDS, polling=100, timeout=patience)
            return page.evaluate(FIRST_WORDS)
        page.context.close()
    raise AssertionError(f"{name} shows nothing")


def test_no_icon_is_missing(fetch):
    page = fetch(pages()[0])
    page.wait_for_function("document.querySelectorAll('svg.svg-inline--fa').length > 5")
    assert page.locator("i[class*='fa-']").count() == 0, "icons that were not drawn"
    assert page.locator("svg.svg-inline--fa .missing").count() == 0


def test_only_icons_that_are_named_are_kept():
    theirs = (HTML / "_static" / "scripts" / "fontawesome.js").read_text(encoding="utf-8")
    few = only({"sun", "search"}, theirs)  # the latter is another name of the magnifying glass
    assert len(few) < len(theirs) / 10
    for name in ("sun", "magnifying-glass"):
        assert re.search(rf'"?{name}"?:\[\d', few)
    assert not re.search(r'"?moon"?:\[\d', few)


def test_scripts_with_a_file_wait_for_the_text():
    page = (
        '<head><script src="a.js"></script><script>let b = 1</script>'
        '<script async src="c.js"></script><script id="d" src="d.js"></script></head>'
        '<body><script src="e.js"></script></body>'
    )
    waiting = (
        '<head><script defer src="a.js"></script><script>let b = 1</script>'
        '<script async src="c.js"></script><script defer id="d" src="d.js"></script></head>'
        '<body><script src="e.js"></script></body>'
    )
    assert deferred(page) == deferred(waiting) == waiting
