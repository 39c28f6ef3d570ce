"""A small book of its own in another folder, and the command that builds it, as a process."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import psutil

from book.chapters import ROOT

HEADER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  name: python3
---

"""

CHAPTER = """# One

The answer is {glue:text}`one.answer`.

```{code-cell} ipython3
from rnncourse import results, small

print("the cell says", small.WORD)
results.record("one.answer", 42, between=(0, 100), data="MNIST");
```
"""

TWO = """# Two

One said {glue:text}`one.md::one.answer:s`.

```{code-cell} ipython3
print("nothing to do with it")
```
"""

INDEX = """# Home

See [](chapters/one.md): {glue:text}`chapters/one.md::one.answer:s`.
"""


def make(folder: Path) -> Path:
    """A copy of this project, in a new folder, with a single small chapter of its own."""
    copied = shutil.ignore_patterns("__pycache__")
    for part in ("book", "rnncourse"):
        shutil.copytree(ROOT / part, folder / part, ignore=copied)
    for name in ("_config.yml", "requirements.txt"):
        shutil.copy(ROOT / name, folder)
    write(
        folder,
        "_toc.yml",
        "format: jb-book\nroot: index\nparts:\n- chapters:\n  - file: chapters/one\n",
    )
    write(folder, "index.md", INDEX)
    write(folder, "chapters/one.md", HEADER + CHAPTER)
    write(folder, "chapters/references.bib", "")
    write(folder, "rnncourse/small.py", '"""For this test."""\n\nWORD = "hello"\n')
    return folder


def add_chapter(project: Path, name: str, text: str) -> None:
    """Write a chapter and put it last in the table of contents."""
    write(project, f"chapters/{name}.md", HEADER + text)
    with open(project / "_toc.yml", "a", encoding="utf-8") as toc:
        toc.write(f"  - file: chapters/{name}\n")


def write(project: Path, name: str, text: str) -> None:
    """Write a file of the project."""
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text(text, encoding="utf-8")


def edit(project: Path, name: str, old: str, new: str) -> None:
    """Replace what stands in a file of the project."""
    text = (project / name).read_text(encoding="utf-8")
    assert old in text
    write(project, name, text.replace(old, new))


def start(project: Path, command: tuple = ("-m", "book.build"), **variables: str | None):
    """Start a build, or another command of Python's; a variable that is None is taken away.

    It is a reader's build: that of continuous integration first measures how fast the machine is.
    """
    environment = {**os.environ, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {"CI": None} | variables
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=project,
        env={name: value for name, value in environment.items() if value is not None},
        text=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def build(project: Path, *, fails: bool = False, **variables: str | None) -> str:
    """Build, and return what was printed."""
    process = start(project, **variables)
    printed, _ = process.communicate(timeout=120)
    assert (process.returncode != 0) == fails, printed
    assert "Traceback (most recent call last):\n  File" not in printed, "a message, not a crash"
    return printed


def execute(project: Path) -> str:
    """Run the chapters, render no page, and return what was printed."""
    process = start(
        project, ("-c", "from book import build as b; b.execute_all(b.read_chapters())")
    )
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0, printed
    return printed


def executed(project: Path, name: str) -> nbformat.NotebookNode:
    """A chapter as it was executed."""
    return nbformat.read(project / "_build" / "executed" / f"{name}.ipynb", as_version=4)


def said(project: Path, name: str) -> str:
    """What the cells of an executed chapter printed."""
    outputs = (
        output for cell in executed(project, name).cells for output in cell.get("outputs", ())
    )
    return "".join(output.text for output in outputs if output.output_type == "stream")


def page(project: Path, name: str = "chapters/one") -> str:
    """What a page says, without its markup."""
    html = (project / "_build" / "html" / f"{name}.html").read_text(encoding="utf-8")
    return " ".join(re.sub("<[^>]+>", "", html).split())


def snapshot(folder: Path) -> dict[Path, tuple[int, int]]:
    """Every file under a folder, with its size and the time of its last change."""
    stats = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in stats.items()}


def wait_for(true: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.05)


def running(pid: int) -> bool:
    """Whether a process is there and is not merely waiting to be buried."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def left_behind(project: Path) -> list[str]:
    """The processes that still work in a project's folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if Path(process.cwd()).is_relative_to(project) and running(process.pid):
                found.append(" ".join(process.cmdline()))
    return found


class Held:
    """A chapter that says the id of its kernel, and then waits until the test lets it go on."""

    name = "held"
    text = """# Held

```{code-cell} ipython3
import os
import time
from pathlib import Path

Path("kernel.tmp").write_text(str(os.getpid()))
Path("kernel.tmp").replace("kernel.pid")
while not Path("go").exists():
    time.sleep(0.05)
print("held no longer")
```
"""

    def __init__(self, project: Path):
        self.folder = project / "chapters"
        add_chapter(project, self.name, self.text)

    def kernel(self) -> int:
        """Wait until the chapter is in the middle; the process id of its kernel."""
        wait_for((self.folder / "kernel.pid").exists, "the chapter is running")
        pid = int((self.folder / "kernel.pid").read_text())
        (self.folder / "kernel.pid").unlink()
        return pid

    def release(self) -> None:
        """Let it go on, now and in later runs."""
        (self.folder / "go").touch()
