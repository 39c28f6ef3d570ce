"""The second run: what is equal passes, what is declared may differ, anything else is named."""

import json
import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from small_book import HEADER

from book import chapters, compare, execute
from book.chapters import ROOT

BODY = """# One

```{code-cell} ipython3
import json
from pathlib import Path

from IPython.display import HTML, Markdown
from matplotlib import pyplot as plt

from rnncourse import plots, results

plots.use_course_style()


def chance(what):
    return json.loads(Path("chances.json").read_text()).get(what, 1.0)
```

```{code-cell} ipython3
print("the loss is", chance("printed"))
```

```{code-cell} ipython3
results.record("one.loss", 0.5 + 1e-12 * chance("number"), at_most=1);
```

```{code-cell} ipython3
plt.plot([0, 1, chance("curve"), 2])
plt.show()
```

```{code-cell} ipython3
HTML(f"<div data-weights='{chance('weights')}'></div>")
```

```{code-cell} ipython3
if chance("error") > 1:
    raise ArithmeticError("by chance")
```

```{code-cell} ipython3
print(f"all that took {chance('seconds')} s")
```

```{code-cell} ipython3
results.record("one.seconds", chance("time"), at_most=9, unit="s")
```

```{code-cell} ipython3
faster = results.timed(f"{chance('time'):.1f}")
Markdown(f"| {chance('beside the time')} times | {faster} |")
```

```{code-cell} ipython3
figure, (left, right) = plt.subplots(1, 2, layout="none")
plots.declare_timed(right)
left.plot([0, 1, chance("beside the axis")])
left.set(title="equal")
right.plot([0, chance("time")])
right.set(title="seconds")
plt.show()
```
"""
CHAPTER = HEADER + BODY
CELLS = CHAPTER.count("{code-cell}")


class Project:
    """A book of one chapter, whose chances can be set between two runs."""

    def __init__(self, folder):
        self.folder = folder
        self.executed = folder / "_build" / "executed" / "one.ipynb"

    def write(self, name, text):
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")

    def chances(self, **values):
        self.write("chapters/chances.json", json.dumps(values))

    def run(self, *command):
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=180,
        )
        return done.returncode, done.stdout

    def again(self, *options):
        """The second run, as ``make notebooks`` makes it."""
        return self.run("-m", "pytest", "--nbval", *options, "chapters")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A project whose chapter has run, as far as ``make book`` runs chapters."""
    project = Project(tmp_path_factory.mktemp("project"))
    for folder in ("book", "rnncourse"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, project.folder / folder, ignore=ignored)
    for name in ("requirements.txt", "conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, project.folder)
    toc = "format: jb-book\nroot: index\nparts:\n- chapters:\n  - file: chapters/one\n"
    project.write("_toc.yml", toc)
    project.write("index.md", "# Home\n")
    project.write("chapters/one.md", CHAPTER)
    project.chances()
    run_all = "from book import build; build.execute_all(build.read_chapters())"
    code, said = project.run("-c", run_all)
    assert code == 0, said
    return project


@pytest.fixture
def project(built):
    """The same project as it was built."""
    whole = built.executed.read_text(encoding="utf-8")
    built.chances()
    yield built
    built.write("chapters/one.md", CHAPTER)
    built.write("_build/executed/one.ipynb", whole)


def line_of(cell):
    """The line of the file below the fence of a code cell."""
    fences = [n for n, line in enumerate(CHAPTER.splitlines(), 1) if "{code-cell}" in line]
    return fences[cell - 1] + 1


def test_a_second_run_like_the_first_passes_and_is_counted_over_workers(project):
    code, said = project.again("-n", "2", "--dist", "loadfile")
    assert code == 0, said
    assert f"{CELLS} passed" in said
    assert f"\n{CELLS} cells compared: " in said
    assert re.search(r": \d+ texts, 1 numbers, 2 figures; 4 declared times left out", said)


def test_declared_times_may_be_others_and_break_their_promise(project):
    project.chances(time=90.5)
    code, said = project.again()
    assert code == 0, said


DIFFERENCES = {
    "printed": (2, ["- the loss is 1.0", "+ the loss is 1.25"]),
    "number": (3, ["one.loss", "- value: 0.500000000001", "+ value: 0.50000000000125"]),
    "curve": (4, ["figure", "- L ", "+ L "]),
    "weights": (5, ["text/html", "data-weights='1.0'", "data-weights='1.25'"]),
    "error": (6, ["ArithmeticError: by chance"]),
    "seconds": (7, ["- all that took 1.0 s", "+ all that took 1.25 s"]),
    "beside the time": (9, ["text/markdown", "- | 1.0 times", "+ | 1.25 times"]),
    "beside the axis": (10, ["figure"]),
}


def test_each_difference_is_named_with_chapter_cell_and_line(project):
    project.chances(**dict.fromkeys(DIFFERENCES, 1.25))
    project.write("chapters/one.md", CHAPTER.replace("# One", "# One\n\nMore, and later.", 1))
    code, said = project.again()
    assert code == 1, said
    assert f"{len(DIFFERENCES)} failed, {CELLS - len(DIFFERENCES)} passed" in said
    failures = re.search(r"^=+ FAILURES =+$(.*?)^=+ ", said, re.MULTILINE | re.DOTALL)[1]
    told = re.split(r"^_+ one, code cell (\d+) _+$", failures, flags=re.MULTILINE)
    complaints = {int(cell): text for cell, text in zip(told[1::2], told[2::2], strict=True)}
    for what, (cell, words) in DIFFERENCES.items():
        place = f"chapters/one.md, code cell {cell} (line {line_of(cell) + 2})"
        assert place in complaints[cell], "the line of today"
        for word in words:
            assert word in complaints[cell], what
        assert len(complaints[cell].splitlines()) < 40, "short"
        assert max(map(len, complaints[cell].splitlines())) < 120, "no drawing at full length"


def test_without_an_executed_notebook_there_is_nothing_to_compare_with(project):
    project.executed.unlink()
    code, said = project.again()
    assert code != 0
    assert "one.ipynb is missing" in said and "run `make book`" in said


def test_a_stale_executed_notebook_is_refused(project):
    project.write("chapters/one.md", CHAPTER.replace("the loss is", "the loss was"))
    code, said = project.again("-n", "2")
    assert code != 0
    assert "older than what the chapter is made of" in " ".join(said.split())
    assert "run `make book`" in said


def test_a_book_from_another_machine_is_run_and_not_compared(project):
    notebook = nbformat.read(project.executed, as_version=4)
    notebook.metadata["rnncourse"]["machine"] = "another"
    nbformat.write(notebook, project.executed)
    project.chances(printed=2.0)
    code, said = project.again()
    assert code == 0, said
    assert "0 cells compared" in said
    assert f"{CELLS} cells run and not compared" in said


@pytest.fixture
def clone(project, tmp_path):
    """The build of another folder; hands out its executed notebook."""
    copied = tmp_path / "_build" / "executed" / "one.ipynb"
    copied.parent.mkdir(parents=True)
    shutil.copy(project.executed, copied)
    return copied


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_two_builds_are_compared(project, clone):
    command = ("-m", "book.compare", str(clone.parents[2]))
    edit(clone, '<span class=\\"timed\\">1.0</span>', '<span class=\\"timed\\">7.5</span>')
    code, said = project.run(*command)
    assert code == 0, said
    assert said.startswith(f"{CELLS} cells compared")

    edit(clone, "the loss is 1.0", "the loss is 1.5")
    code, said = project.run(*command)
    assert code == 1
    assert f"chapters/one.md, code cell 2 (line {line_of(2)}): printed text" in said
    assert "+ the loss is 1.5" in said
    assert f"\n{CELLS} cells compared" in said

    edit(clone, "raise ArithmeticError", "raise Exception")
    code, said = project.run(*command)
    assert code == 1
    assert "one: the code here, and in the two builds, is not the same" in said

    clone.unlink()
    code, said = project.run(*command)
    assert code == 1
    assert f"there is no {clone}" in said
    code, said = project.run("-m", "book.compare", str(clone.parent))
    assert code == 2
    assert "run `make book` there" in said


def test_data_that_a_later_chapter_downloads_make_no_notebook_stale(tmp_path, monkeypatch):
    monkeypatch.setattr(chapters, "EXECUTED", tmp_path)
    monkeypatch.setattr(chapters, "data_at_hand", lambda: "nothing")
    cell = nbformat.v4.new_code_cell("from rnncourse import datasets")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    chapter = chapters.Chapter("one", tmp_path / "one.md", notebook)
    execute.store(chapter, nbformat.from_dict(notebook), 1.0)
    executed = execute.stored(chapter)

    monkeypatch.setattr(chapters, "data_at_hand", lambda: "a file of somebody else's")
    assert execute.stored(chapter) is None, "the next build might find other data"
    execute.confirm(chapter, executed)
    executed = execute.stored(chapter)
    assert executed is not None, "this build did not"

    cell.source += "\n1 + 1"
    execute.confirm(chapter, executed)
    assert execute.stored(chapter) is None, "other code is another thing"


def stream(text, name="stdout"):
    return nbformat.v4.new_output("stream", name=name, text=text)


def shown(**data):
    data = {mime.replace("_", "/"): content for mime, content in data.items()}
    return nbformat.v4.new_output("display_data", data=data)


def test_a_text_in_pieces_is_the_same_text():
    assert not compare.differences([stream("a"), stream("b")], [stream("ab")])


def test_what_went_to_stderr_is_not_on_the_page():
    assert not compare.differences([stream("09:14:02", "stderr")], [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([stream("a")], []),
        ([], [shown(text_plain="a")]),
        ([shown(text_plain="a")], [shown(text_plain="a", text_html="a")]),
        ([shown(text_plain="a"), shown(text_plain="b")], [shown(text_plain="a")]),
        ([shown(text_plain="a")], [shown(text_html="a")]),
        ([stream("a\n")], [stream("a")]),
        ([shown(text_html='<span class="timed">1</span>')], [shown(text_html="(timed)")]),
    ],
)
def test_what_is_missing_or_more_is_a_difference(before, after):
    assert compare.differences(before, after)
    assert compare.differences(after, before)


def test_a_long_line_is_shown_where_it_differs():
    (said,) = compare.differences([stream("x" * 5000 + "a")], [stream("x" * 5000 + "b")])
    assert "xa" in said and "xb" in said
    assert max(map(len, said.splitlines())) < 120
