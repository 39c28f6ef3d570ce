"""What the machine does to a build: it is killed, the disk is full, the clock jumps, no browser.

Interruptions by the author, and two builds at once, are in ``test_build.py``.
"""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from small_book import (
    Held,
    build,
    edit,
    left_behind,
    make,
    page,
    running,
    snapshot,
    start,
    wait_for,
    write,
)

from book import build as whole_build
from book import execute
from book.chapters import ROOT, Chapter

pytestmark = pytest.mark.fault

NO_LOCALE = dict.fromkeys(("LANG", "LANGUAGE", "LC_CTYPE", "PYTHONUTF8", "PYTHONIOENCODING"))


@pytest.fixture
def project(tmp_path):
    return make(tmp_path)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A book in a folder with a name that is hard to spell, built where no language is set."""
    folder = tmp_path_factory.mktemp("fault") / "mein Büchlein № 1"
    folder.mkdir()
    project = make(folder)
    edit(project, "chapters/one.md", "print(", 'print("naïve – 日本語")\nprint(')
    edit(project, "chapters/one.md", "The answer", "Ἡ ἀπόκρισις: the answer")
    return project, build(project, LC_ALL="C", **NO_LOCALE)


def without_a_browser(folder):
    """Variables by which neither the system's browsers nor Playwright's are found."""
    return {"PATH": str(folder), "PLAYWRIGHT_BROWSERS_PATH": str(folder)}


def test_a_killed_build_goes_on_where_it_stopped(project):
    held = Held(project)
    process = start(project)
    kernel = held.kernel()
    process.kill()
    process.communicate(timeout=60)
    wait_for(lambda: not running(kernel), "the kernel sees that nobody asks any more", 20)
    assert left_behind(project) == []
    held.release()
    assert re.search(r"one +unchanged", build(project)), "what was done is not done again"
    assert "held no longer" in page(project, "chapters/held")


def test_a_build_can_be_stopped_while_a_kernel_starts(project):
    write(project, "_toc.yml", "format: jb-book\nroot: index\nparts:\n- chapters:\n")
    Held(project)
    process = start(project)
    printed = ""
    while "held" not in printed:
        printed += os.read(process.stdout.fileno(), 100).decode()
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=30)
    assert "Stopped." in printed
    assert left_behind(project) == []
    assert not (project / "_build" / "executed" / "held.ipynb").exists()


class Interrupted(ThreadPoolExecutor):
    """Ctrl-C comes when the first thread works already and nobody knows of it yet."""

    def submit(self, *work):
        super().submit(*work)
        time.sleep(0.3)
        raise KeyboardInterrupt


def test_a_build_can_be_stopped_while_its_threads_start(monkeypatch):
    begun = []
    monkeypatch.setattr(whole_build, "ThreadPoolExecutor", Interrupted)
    monkeypatch.setattr(whole_build, "brought_up_to_date", lambda *asked: begun.append(asked))
    with pytest.raises(KeyboardInterrupt):
        whole_build.execute_all([Chapter("one", Path("one.md"), nbformat.v4.new_notebook())])
    assert begun == [], "what runs then is not stopped"


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals go to no thread here")
def test_ctrl_c_is_heard_though_it_woke_nobody(monkeypatch):
    """It may come when the main thread is just about to wait, or to a thread that does not look."""
    stopped, heard = threading.Event(), []

    def runs(*asked):
        time.sleep(0.5)  # by now the main thread waits
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        heard.append(stopped.wait(10))

    monkeypatch.setattr(whole_build, "brought_up_to_date", runs)
    monkeypatch.setattr(execute, "stop", lambda lanes: stopped.set())
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            whole_build.execute_all([Chapter("one", Path("one.md"), nbformat.v4.new_notebook())])
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [True]


class Starting:
    """A client whose kernel is not there at once, and whose cells end when the kernel is killed."""

    km = None

    def __init__(self):
        self.killed = threading.Event()

    def execute(self):
        time.sleep(0.3)
        self.km = types.SimpleNamespace(provisioner=self)
        assert self.killed.wait(10), "nobody has stopped it"

    async def kill(self):
        self.killed.set()


def at_once(call):
    call()


def in_an_event_loop(call):
    """As in a notebook, or beside a browser that Playwright drives."""

    async def called():
        call()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, called()).result()


@pytest.mark.parametrize("in_which", [at_once, in_an_event_loop])
def test_a_kernel_that_is_not_there_yet_is_killed_when_it_is(in_which, monkeypatch):
    client = Starting()
    monkeypatch.setattr(execute, "RUNNING", {client})

    def interrupted():
        with ThreadPoolExecutor(1) as pool:
            execute.stop([pool.submit(client.execute)])

    in_which(interrupted)
    assert client.killed.is_set()


def test_a_full_disk_is_named_and_room_on_it_is_all_it_takes(project, mount):
    folder = project / "_build"
    for options in ("size=8k", "remount,size=1m"):
        mount(folder, options)
        printed = build(project, fails=True)
        assert "The book was not built." in printed
        assert "No space left on device" in printed
        assert not list(folder.rglob("*.tmp*"))
    mount(folder, "remount,size=200m")
    printed = build(project)
    assert re.search(r"one +unchanged", printed), "there was room for that"
    assert "The answer is 42" in page(project)


DAY = 86_400 * 10**9  # nanoseconds
TOMORROW = f"""
import os
import time

real = time.time_ns
if os.environ.get("TOMORROW"):
    time.time_ns = lambda: real() + {DAY}
    time.time = lambda: time.time_ns() / 1e9
"""


def test_a_clock_that_was_set_back_hides_no_change(project):
    write(project, "sitecustomize.py", TOMORROW)
    build(project, TOMORROW="1")
    for path, (_, changed) in snapshot(project / "_build").items():
        os.utime(path, ns=(changed + DAY, changed + DAY))
    edit(project, "chapters/one.md", "The answer is", "After all it is")
    build(project)
    assert "After all it is 42" in page(project)


def test_a_book_is_built_in_any_folder_and_without_a_locale(elsewhere):
    project, printed = elsewhere
    assert str(project / "_build" / "html" / "index.html") in printed
    shown = page(project)
    assert "Ἡ ἀπόκρισις: the answer is 42" in shown
    assert "naïve – 日本語" in shown
    assert "naïve – 日本語" in (project / "_build" / "notebooks" / "one.ipynb").read_text("utf-8")
    assert (project / "_build" / "html" / "slides" / "one.html").is_file()


def test_a_book_without_a_browser_is_not_printed_and_says_so(elsewhere, tmp_path):
    project, _ = elsewhere
    before = snapshot(project)
    process = start(project, ("-m", "book.pdf"), **without_a_browser(tmp_path))
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert printed.startswith("The book was not printed: there is no browser")
    assert "playwright install chromium" in printed
    assert len(printed.splitlines()) < 4, "a message, not a crash"
    assert snapshot(project) == before


@pytest.mark.parametrize("ci", ["", "true"])
def test_pages_without_a_browser_are_skipped_with_a_reason_or_fail(tmp_path, ci):
    """A reader's machine may have none; that of the continuous integration has to."""
    here = Path(__file__).parent
    shutil.copy(here / "conftest.py", tmp_path)
    (tmp_path / "test_it.py").write_text("def test_it(browser): pass\n")
    (tmp_path / "nothing").mkdir()
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(here)]), "CI": ci}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", "test_it.py"],
        cwd=tmp_path,
        env={**os.environ, **paths, **without_a_browser(tmp_path / "nothing")},
        text=True,
        capture_output=True,
        timeout=60,
    )
    if ci:
        assert done.returncode == 1
        assert "playwright install" in done.stdout
    else:
        assert done.returncode == 0
        assert "no browser here to open the pages in" in done.stdout
