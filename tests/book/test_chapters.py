"""The chapters as the build executed them: the template, the exercises, the example."""

import re

import nbformat
import pytest

from book.build import HTML
from book.chapters import read_chapters
from book.pages import opened

CHAPTERS = {chapter.name: chapter for chapter in read_chapters()}
REFERENCE = {"index", "scoreboard", "status", "errata", "live", "tf1_dictionary"}
LESSONS = sorted(set(CHAPTERS) - REFERENCE)
TEMPLATE = (
    "What you will build",
    "The idea",
    "By hand",
    "For real",
    "Look inside",
    "Self-test",
    "Exercises",
    "Summary",
)


def source(name):
    return CHAPTERS[name].path.read_text(encoding="utf-8")


def verdicts(name):
    """For every exercise in code: what its checker said to the stub, and to the solution."""
    notebook = nbformat.read(CHAPTERS[name].download, as_version=4)
    said, place = {}, None
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for kind, label in re.findall(
                r":::\{(exercise|solution)-start\}(?: (\S+))?", cell.source
            ):
                label = label or re.findall(r"exercise-start\}\n:label: (\S+)", cell.source)[-1]
                place = (label, kind)
            if re.search(r":::\{(exercise|solution)-end\}\n:::\s*$", cell.source):
                place = None
        elif place and re.search(r"^check\.", cell.source, re.MULTILINE):
            said[place] = cell.outputs[-1].data["text/plain"]
    return said


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_has_every_part_in_order(name):
    headings = re.findall(r"^## (.+)$", source(name), re.MULTILINE)
    assert [heading for heading in headings if heading in TEMPLATE] == list(TEMPLATE)


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_has_questions_and_exercises(name):
    text = source(name)
    assert len(re.findall(r"^:::\{admonition\} \d+\. ", text, re.MULTILINE)) >= 4
    exercises = set(re.findall(r"\{exercise(?:-start)?\}\n:label: (\S+)", text))
    solutions = set(re.findall(r"\{solution(?:-start)?\} (\S+)", text))
    assert len(exercises) >= 3
    assert exercises == solutions


@pytest.mark.parametrize("name", LESSONS)
def test_stubs_fail_and_solutions_pass(name):
    said = verdicts(name)
    labels = {label for label, _ in said}
    assert labels, "no exercise with a checker"
    for label in labels:
        assert said[label, "exercise"].startswith("Not yet: "), label
        assert said[label, "solution"].startswith("Right: "), label


def test_the_example_is_the_same_in_all_three_chapters():
    printed = []
    for name in ("manual_rnn", "static_unrolling", "dynamic_unrolling"):
        notebook = nbformat.read(CHAPTERS[name].executed, as_version=4)
        outputs = (o for c in notebook.cells for o in c.get("outputs", ()))
        texts = [o.text for o in outputs if o.get("name") == "stdout"]
        printed.append(next(text for text in texts if text.startswith("[[")))
    assert printed[0] == printed[1] == printed[2]
    assert len(re.findall(r"-?\d+\.\d*", printed[0])) == 40


def test_what_is_for_the_book_alone_keeps_its_lines():
    text = "Before.\n<!-- book\n```{glue:figure} one.two\n```\n-->\nAfter. <!-- a note -->\n"
    assert opened(text) == "Before.\n\n```{glue:figure} one.two\n```\n\nAfter. <!-- a note -->\n"


@pytest.mark.parametrize("name", LESSONS)
def test_a_figure_fetched_from_below_stands_on_the_page_and_not_in_jupyterlab(name):
    bare = re.sub(r"^<!-- book\n.*?^-->$", "", source(name), flags=re.MULTILINE | re.DOTALL)
    assert "{glue:figure}" not in bare, "JupyterLab does not know this directive"
    fetched = re.findall(
        r"^```\{glue:figure\}.*?^:name: (\S+)$", source(name), re.MULTILINE | re.DOTALL
    )
    page = (HTML / "chapters" / f"{name}.html").read_text(encoding="utf-8")
    assert [label for label in fetched if f'id="{label}"' not in page] == []
