"""``make book`` on a small book: what runs again, what fails, and that nothing half done stays."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from small_book import (
    TWO,
    Held,
    add_chapter,
    build,
    edit,
    execute,
    executed,
    left_behind,
    make,
    page,
    running,
    said,
    snapshot,
    start,
    write,
)

from book import pace
from book.chapters import ROOT, Chapter
from book.execute import kernel_environment
from rnncourse import results


@pytest.fixture
def project(tmp_path):
    return make(tmp_path)


def test_a_book_is_built_and_what_changed_is_built_again(project):
    printed = build(project)
    assert re.search(r"one +\d+\.\d s", printed), "the chapter and its seconds"
    assert str(project / "_build" / "html" / "index.html") in printed.splitlines()[-1]
    assert "the cell says hello" in page(project)
    assert "The answer is 42" in page(project)
    assert "42" in page(project, "index")
    recorded = json.loads((project / "_build" / "results.json").read_text())
    assert recorded["one.answer"]["value"] == 42
    assert recorded["one.answer"]["data"] == "MNIST"

    assert "unchanged" in build(project), "nothing to do the second time"

    edit(project, "chapters/one.md", "The answer is", "It is")
    assert "unchanged" in build(project), "prose runs nothing"
    assert "It is 42" in page(project)

    write(project, "rnncourse/unused.py", '"""Nobody imports this."""\n')
    assert "unchanged" in execute(project), "only what the chapter imports counts"

    edit(project, "rnncourse/small.py", "hello", "good evening")
    assert "unchanged" not in build(project)
    assert "the cell says good evening" in page(project), "the page follows the package"

    edit(project, "chapters/one.md", 'answer", 42', 'answer", 43')
    assert "unchanged" not in build(project)
    assert "43" in page(project, "index"), "a page that quotes another follows it"

    edit(project, "requirements.txt", "# ", "# locked again ")
    assert "unchanged" not in execute(project), "another lock, another run"


def test_a_chapter_depends_on_the_records_that_it_names(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RECORDS", tmp_path)
    code = 'model.build()\nresults.recorded_run("depth")'
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    chapter = Chapter("any", tmp_path / "any.md", notebook)
    before = chapter.key()
    (tmp_path / "build.json").write_text("{}")
    assert chapter.key() == before
    (tmp_path / "depth.json").write_text("{}")
    assert chapter.key() != before


def test_a_list_of_who_imports_a_module_is_made_anew_when_that_changes_and_not_before(project):
    add_chapter(project, "listing", "# List\n\n```{taught-in} rnncourse.small\n```\n")
    build(project)
    assert "Used in: One." in page(project, "chapters/listing")
    edit(project, "chapters/one.md", "The answer is", "It is")
    build(project)
    log = project / "_build" / "sphinx.log"
    assert "chapters/one" in log.read_text(encoding="utf-8")
    assert "chapters/listing" not in log.read_text(encoding="utf-8")
    add_chapter(project, "two", TWO.replace("print", "from rnncourse import small\n\nprint"))
    build(project)
    assert "Used in: One, Two." in page(project, "chapters/listing")


def test_a_chapter_that_quotes_another_follows_it(project):
    add_chapter(project, "two", TWO)
    build(project)
    assert "One said 42." in page(project, "chapters/two")
    taken_away = project / "_build" / "notebooks" / "two.ipynb"
    assert "One said 42." in taken_away.read_text(encoding="utf-8")

    edit(project, "chapters/one.md", 'answer", 42', 'answer", 43')
    assert re.search(r"two +unchanged", build(project)), "its own code does not run again"
    assert "One said 43." in page(project, "chapters/two")
    assert "One said 43." in taken_away.read_text(encoding="utf-8")


def test_a_deck_follows_its_page(project):
    build(project)
    assert "the cell says hello" in page(project, "slides/one")
    edit(project, "rnncourse/small.py", "hello", "good evening")
    build(project)
    assert "the cell says good evening" in page(project, "slides/one")


def test_a_book_without_an_address_names_none(project):
    build(project)
    html = project / "_build" / "html"
    assert not (html / "sitemap.xml").exists()
    assert not (html / "_static" / "card.png").exists()
    assert (html / ".nojekyll").is_file()
    lost = (html / "404.html").read_text(encoding="utf-8")
    assert "There is no such page" in lost and "<base" not in lost
    assert "og:" not in (html / "index.html").read_text(encoding="utf-8")


def test_an_address_brings_sitemap_previews_and_a_404_for_any_depth(project, monkeypatch):
    monkeypatch.setenv("RNNCOURSE_SITE", "https://example.org/book")
    build(project)
    html = project / "_build" / "html"
    listed = re.findall("<loc>(.*?)</loc>", (html / "sitemap.xml").read_text(encoding="utf-8"))
    root = "https://example.org/book/"
    assert sorted(listed) == [root + "chapters/one.html", root + "index.html"]
    shown = (html / "chapters" / "one.html").read_text(encoding="utf-8")
    preview = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)"', shown))
    assert preview["title"] == "One"
    assert preview["url"] == root + "chapters/one.html"
    assert preview["image"] == root + "_static/card.png"
    assert "The answer is 42" in preview["description"]
    assert (html / "_static" / "card.png").read_bytes().startswith(b"\x89PNG")
    lost = (html / "404.html").read_text(encoding="utf-8")
    assert lost.index(f'<base href="{root}"') < lost.index("<link"), "before anything is loaded"


FAULTS = {
    "a failing cell": (
        ("chapters/one.md", "print(", "1 / 0\nprint("),
        ["chapters/one.md, code cell 1 (line 16)", "ZeroDivisionError"],
    ),
    "a broken bound": (
        ("chapters/one.md", "42", "101"),
        ["chapters/one.md, code cell 1", "one.answer is 101.0", "between 0 and 100"],
    ),
    "a Python warning": (
        ("chapters/one.md", "print(", "import warnings; warnings.warn('old ways')\nprint("),
        ["chapters/one.md, code cell 1", "old ways"],
    ),
    "a killed kernel": (
        ("chapters/one.md", "print(", "import os; os.kill(os.getpid(), 9)\nprint("),
        ["chapters/one.md, code cell 1", "died"],
    ),
    "a time measured too late": (
        (
            "chapters/one.md",
            "from rnncourse import results, small\n",
            "---\ntags: [untimed-from-here]\n---\nfrom rnncourse import results, small\n\n"
            "results.record('one.time', 1, at_most=2, unit='s')\n",
        ),
        ["chapters/one.md measures one.time", "untimed-from-here"],
    ),
    "a name recorded twice": (
        ("chapters/one.md", "print(", "results.record('one.answer', 1, at_least=0)\nprint("),
        ["two chapters record one.answer"],
    ),
    "options that are not YAML": (
        ("chapters/one.md", "from rnncourse", "---\nname: a: b\n---\nfrom rnncourse"),
        ["chapters/one.md", "line 15"],
    ),
    "a link to nowhere": (
        ("chapters/one.md", "The answer", "[Gone](nowhere.md). The answer"),
        ["chapters/one.md:13", "nowhere.md"],
    ),
    "a citation of nothing": (
        ("chapters/one.md", "The answer", "{cite}`nobody1999`. The answer"),
        ["chapters/one.md:13", "nobody1999"],
    ),
    "an unknown directive": (
        ("chapters/one.md", "The answer", ":::{nonsense}\n:::\n\nThe answer"),
        ["chapters/one.md:13", "nonsense"],
    ),
    "a value that nobody recorded": (
        ("chapters/one.md", "`one.answer`", "`one.question`"),
        ["chapters/one.md:13", "one.question"],
    ),
    "a missing page": (
        ("_toc.yml", "chapters/one", "chapters/two"),
        ["_toc.yml names chapters/two"],
    ),
}


@pytest.mark.fault
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_the_build_and_is_named(project, fault):
    (name, old, new), named = FAULTS[fault]
    whole = (project / name).read_text(encoding="utf-8")
    edit(project, name, old, new)
    printed = build(project, fails=True)
    for word in named:
        assert word in printed, printed
    write(project, name, whole)
    build(project)
    assert "The answer is 42" in page(project), "once mended, it builds"


def test_how_fast_the_machine_is_can_be_measured():
    assert 1 <= pace.slower() < 100


def with_a_known_pace(project):
    write(project, "book/pace.py", "def slower():\n    return 1.3\n")


@pytest.mark.parametrize(("slow_runs", "ci"), [(1, "true"), (2, "true"), (2, "")])
def test_a_slow_chapter_gets_a_second_try(project, slow_runs, ci):
    """A busy machine breaks no build, a slow one breaks that of the continuous integration."""
    with_a_known_pace(project)
    tries = (
        "from pathlib import Path\n"
        "tries = Path('tries.txt')\n"
        "tries.write_text(tries.read_text() + '.' if tries.exists() else '.')\n"
        f"seconds = 99 if len(tries.read_text()) <= {slow_runs} else 9\n"
        "results.record('one.seconds', seconds, at_most=10, unit='s')\nprint("
    )
    edit(project, "chapters/one.md", "print(", tries)
    fails = slow_runs == 2 and bool(ci)
    printed = build(project, fails=fails, CI=ci)
    assert "slow (machine 1.3), once more" in printed
    assert ("one.seconds is 99.0" in printed) == fails
    assert len((project / "chapters" / "tries.txt").read_text()) == slow_runs + (not fails)


GOES_ON = """# deep

```{code-cell} ipython3
import time
from pathlib import Path

while not Path("quiet.txt").exists():
    Path("moment.txt").write_text(str(time.time()))
    time.sleep(0.05)
```
"""

LISTENS = """# listens

```{code-cell} ipython3
import time
from pathlib import Path

from rnncourse import results

moment, before = Path("moment.txt"), Path("before.txt")
while not moment.exists():
    time.sleep(0.05)
then = moment.stat().st_mtime_ns
time.sleep(1)
quiet = moment.stat().st_mtime_ns == then
second = before.exists()
print("quiet the first time:", before.read_text() if second else "", "now:", quiet)
before.write_text(str(quiet))
results.record("listens.seconds", 9 if second else 99, at_most=10, unit="s")
Path("quiet.txt").write_text("yes")
```
"""


def test_at_a_second_try_nothing_runs_beside_the_chapter(project):
    add_chapter(project, "deep", GOES_ON)
    add_chapter(project, "listens", LISTENS)
    with_a_known_pace(project)
    printed = execute(project)
    assert "once more" in printed
    assert "quiet the first time: False now: True" in said(project, "listens")
    assert re.search(r"deep +\d", printed), "afterwards it goes on"


PRIORITY = """# {name}

```{{code-cell}} ipython3
import os
from pathlib import Path

group = Path("/proc/self/autogroup")
by_session = group.read_text().split()[-1] if group.is_file() else None
print("{name} has the priority", os.getpriority(os.PRIO_PROCESS, 0), by_session)
```
"""


def priority(value, of_session):
    """What a chapter of that priority prints."""
    by_session = Path("/proc/self/autogroup").is_file()
    return f"{value} {of_session if by_session else None}\n"


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="the system knows no priorities")
def test_a_chapter_beside_others_leaves_them_the_machine(project):
    for name in ("deep", "tunes"):
        add_chapter(project, name, PRIORITY.format(name=name))
    printed = execute(project)
    assert printed.index("  deep ") < printed.rindex("  one "), "it did not wait for its turn"
    usual = priority(os.getpriority(os.PRIO_PROCESS, 0), 0)
    assert f"tunes has the priority {usual}" in said(project, "tunes")
    assert f"deep has the priority {priority(19, 19)}" in said(project, "deep")


def test_a_kernel_does_its_linear_algebra_in_one_thread():
    asked = (
        "import numpy, threadpoolctl as t; print([p['num_threads'] for p in t.threadpool_info()])"
    )
    command = [sys.executable, "-c", asked]
    done = subprocess.run(command, env=kernel_environment(), capture_output=True, text=True)
    assert done.stdout.split() in (["[1]"], ["[]"])  # none where NumPy has another library


def seconds(project, name):
    """What a chapter took, as the build counts it."""
    return executed(project, name).metadata["rnncourse"]["seconds"]


MOMENTS = """# {name}

```{{code-cell}} ipython3
import time

begun = time.time()
time.sleep({seconds})
print("{name} ran from", begun, "to", time.time())
```
"""


def test_chapters_have_the_machine_one_after_another_in_their_order(project):
    names = ("late", "later", "latest", "last")
    for name in names:
        add_chapter(project, name, MOMENTS.format(name=name, seconds=0.5))
    execute(project)
    ran = [re.search(r"ran from ([\d.]+) to ([\d.]+)", said(project, name)) for name in names]
    moments = [float(moment) for found in ran for moment in found.groups()]
    assert moments == sorted(moments)
    assert all(0.5 < seconds(project, name) < 3 for name in names), "the wait does not count"


def test_a_chapter_beside_others_is_told_what_the_processor_took(project):
    add_chapter(project, "deep", MOMENTS.format(name="deep", seconds=10))
    execute(project)
    assert 0 < seconds(project, "deep") < 5


STEPS_BACK = """# steps_back

```{code-cell} ipython3
import os
import threading
import time
from pathlib import Path

written = threading.Event()
waits = threading.Thread(target=written.wait)
waits.start()
```

```{code-cell} ipython3
---
tags: [untimed-from-here]
---
while not Path("another.txt").exists():
    time.sleep(0.1)
thread = waits.native_id if Path("/proc/self/task").exists() else 0
priorities = [os.getpriority(os.PRIO_PROCESS, i) for i in (0, thread)]
written.set()
print("this was written meanwhile, with the priorities", *priorities)
```
"""

WRITES = """# writes

```{code-cell} ipython3
import time
from pathlib import Path

Path("another.txt").write_text("done")
```
"""


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="the system knows no priorities")
def test_a_chapter_that_has_measured_its_times_lets_the_next_have_the_machine(project):
    add_chapter(project, "steps_back", STEPS_BACK)
    add_chapter(project, "writes", WRITES)
    execute(project)
    assert "written meanwhile, with the priorities 19 19" in said(project, "steps_back")


def test_a_page_that_shows_results_is_made_of_nothing_that_a_build_writes_later(project):
    add_chapter(project, "status", WRITES.replace("writes", "status"))
    build(project)
    assert build(project).count("unchanged") == 2


def test_what_a_cold_build_took_is_known_until_a_chapter_runs_again(project):
    cold = project / "_build" / "cold.json"
    build(project)
    assert 0 < json.loads(cold.read_text())["seconds"] < 120
    build(project)
    assert cold.exists(), "nothing ran"
    edit(project, "rnncourse/small.py", "hello", "good evening")
    build(project)
    assert not cold.exists()


@pytest.mark.fault
def test_an_interrupted_build_goes_on_where_it_stopped(project):
    held = Held(project)
    process = start(project)
    kernel = held.kernel()
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "Stopped." in printed
    assert not running(kernel), "no kernel is left behind"
    assert left_behind(project) == []
    kept = [path for path in (project / "_build").rglob("*") if path.is_file()]
    whole = [path.name for path in kept if path.suffix in (".ipynb", ".json", ".html")]
    assert whole == ["one.ipynb"], "what had been executed, and nothing half done"

    held.release()
    printed = build(project)
    assert re.search(r"one +unchanged", printed), "what was done is not done again"
    assert "held no longer" in page(project, "chapters/held")


def test_a_hidden_environment_in_the_folder_is_no_part_of_the_book(project):
    package = project / ".nox" / "3.12" / "lib" / "site-packages" / "other"
    package.mkdir(parents=True)
    (package / "README.md").write_text("## What Sphinx would warn of\n")
    build(project)
    assert not list((project / "_build" / "html").rglob("README.html"))


@pytest.mark.fault
def test_a_killed_rendering_is_done_over(project):
    build(project)
    (project / "_build" / "html" / "chapters" / "one.html").write_text("half a pa")
    (project / "_build" / ".rendering").touch()  # what a kill leaves behind
    assert "unchanged" in build(project)
    assert "The answer is 42" in page(project)
    assert not (project / "_build" / ".rendering").exists()


@pytest.mark.fault
def test_two_builds_at_once_do_not_mix(project):
    held = Held(project)
    first = start(project)
    held.kernel()
    before = snapshot(project)
    assert "Another build" in build(project, fails=True)
    assert snapshot(project) == before, "the second touches nothing"
    held.release()
    printed, _ = first.communicate(timeout=120)
    assert first.returncode == 0, printed


def test_nbval_runs_every_cell_and_fails_with_it(project):
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, project)

    def recheck():
        command = [sys.executable, "-m", "pytest", "--nbval-lax", "chapters"]
        environment = {**os.environ, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            command, cwd=project, env=environment, text=True, capture_output=True, timeout=120
        )

    whole = recheck()
    assert whole.returncode == 0, whole.stdout
    assert "1 passed" in whole.stdout
    edit(project, "chapters/one.md", "print(", "1 / 0\nprint(")
    broken = recheck()
    assert broken.returncode == 1
    assert "ZeroDivisionError" in broken.stdout
    assert "chapters/one.md" in broken.stdout
