"""Tables gathered from the chapters: notation, and what a chapter takes."""

import re

from book import reference
from book.build import HTML

CHAPTER = """---
jupytext: x
---

# Title

Four words of prose.

| symbol | what it is | shape |
|---|---|---|
| $X_{(t)}$ | input | batch × features |
| $\\lVert a \\rVert$ | a length with \\| in it | |

```{code-cell} ipython3
one = 1
two = 2
```

More words here.

```{code-cell} ipython3
---
tags: [hide-input]
---
not = counted
```

| other | table |
|---|---|
| $q$ | is not in it |

| symbol | what it is |
|---|---|
| $\\varphi$ | an activation |

## Self-test

:::{admonition} 1. Why?
:class: dropdown
Because.
:::

## Exercises

:::{exercise}
:label: a
:::

:::{exercise-start}
:label: b
:::
"""


def test_symbols_are_read_from_tables_of_symbols_only():
    found = reference.symbols_in("one", CHAPTER)
    assert [s.written for s in found] == ["$X_{(t)}$", "$\\lVert a \\rVert$", "$\\varphi$"]
    assert found[0].shape == "batch × features"
    assert found[2].shape == ""
    assert {s.chapter for s in found} == {"one"}


def test_the_index_is_by_letter_and_says_a_symbol_once():
    def symbol(written, chapter="one"):
        return reference.Symbol(written, "meaning", "", chapter)

    scattered = ["$\\varphi$", "$W$", "$b$", "$\\hat x$", "$w$", "$\\beta$", "$B$", "$h_t$"]
    table = reference.symbol_index([*map(symbol, scattered), symbol("$b$", "two")])
    rows = [row.split(" | ") for row in table.splitlines()[2:]]
    order = [row[0].strip("| ") for row in rows]
    wanted = ["$b$", "", "$B$", "$h_t$", "$w$", "$W$", "$\\hat x$", "$\\beta$", "$\\varphi$"]
    assert order == wanted
    assert rows[1][3].startswith("[](./two.md)")


def test_every_symbol_of_every_chapter_is_on_the_page():
    page = (HTML / "chapters" / "notation.html").read_text(encoding="utf-8")
    rows = page.count("<tr")
    found = [s for n in reference.lessons() for s in reference.symbols_in(n, reference.source(n))]
    assert len(found) > 60
    assert rows >= len(found)
    for symbol in found:
        assert f'href="{symbol.chapter}.html"' in page


def test_times_count_what_is_read():
    t = reference.times(CHAPTER)
    assert (t.lines, t.exercises, t.questions) == (2, 2, 1)
    assert 15 < t.words < 90
    assert t.minutes == 5
    longer = CHAPTER.replace("More words here.", "word " * 3000)
    assert reference.times(longer).minutes == 20


def test_the_table_adds_up():
    one = reference.Times(words=1500, lines=0, exercises=3, questions=4)
    table = reference.times_table({"a": one, "b": one}, {"a": 12.4})
    last = table.splitlines()[-1]
    assert re.findall(r"\*\*(\w+)\*\*", last) == ["all", "20", "12", "6", "8"]


def test_the_page_for_teachers_leads_to_every_deck():
    page = (HTML / "chapters" / "teaching.html").read_text(encoding="utf-8")
    decks = re.findall(r'href="\.\./(slides/\w+\.html)"', page)
    assert len(decks) >= 15
    for deck in decks:
        assert (HTML / deck).is_file()


def test_every_exercise_that_a_plan_names_is_linked():
    page = (reference.ROOT / "chapters" / "teaching.md").read_text(encoding="utf-8")
    labels = set(re.findall(r"\]\(([a-z]+-[a-z-]+)\)", page))
    defined = set()
    for name in reference.lessons():
        defined |= set(re.findall(r"^:label: (\S+)", reference.source(name), re.MULTILINE))
    assert labels
    assert labels <= defined


def test_the_glossary_links_each_word_to_a_chapter():
    text = reference.source("glossary")
    entries = re.findall(r"^(\S[^\n]*)\n  (.+)$", text, re.MULTILINE)
    assert len(entries) >= 60
    for word, meaning in entries:
        assert re.search(r"\]\(\w+\.md\)$", meaning), word
    words = [word.lower() for word, _ in entries]
    assert words == sorted(words)
    assert len(set(words)) == len(words)
