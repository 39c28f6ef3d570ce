"""Small files in the place of registered ones, or none at all."""

import hashlib
import shutil
import subprocess

import pytest

from rnncourse import datasets


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Put a small file, text or bytes, where a loader looks, and register it."""
    monkeypatch.setenv("RNNCOURSE_DATA", str(tmp_path))
    monkeypatch.setenv("RNNCOURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RNNCOURSE_OFFLINE", "1")

    def write(filename, content):
        content = content.encode() if isinstance(content, str) else content
        (tmp_path / filename).write_bytes(content)
        entry = datasets.DataFile("http://127.0.0.1:9/", hashlib.sha256(content).hexdigest())
        monkeypatch.setitem(datasets.REGISTRY, filename, entry)

    return write


@pytest.fixture
def nothing(tmp_path, monkeypatch):
    """No folder, an empty cache, no network."""
    monkeypatch.delenv("RNNCOURSE_DATA", raising=False)
    monkeypatch.setenv("RNNCOURSE_CACHE", str(tmp_path))
    monkeypatch.setenv("RNNCOURSE_OFFLINE", "1")


@pytest.fixture
def mount():
    """Put a disk of its own, with mount options such as its size, in the place of a folder."""
    mounted = set()

    def put(folder, options):
        folder.mkdir(exist_ok=True)
        if shutil.which("mount") is None:
            pytest.skip("no mount here")
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"mounting is not permitted here: {done.stderr.strip()}")
        mounted.add(folder)

    yield put
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.hookimpl(specname="pytest_terminal_summary")
def pytest_faults_survived(terminalreporter):
    """Say how many of the faults that were provoked did no harm; with ``-n`` too."""
    survived = [r for r in terminalreporter.stats.get("passed", ()) if "fault" in r.keywords]
    if survived:
        terminalreporter.write_line(f"{len(survived)} faults survived")


@pytest.hookimpl(specname="pytest_terminal_summary")
def pytest_inputs_tried(terminalreporter):
    """How many inputs the tests have tried, in all processes together."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    counts = [
        count
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, count in report.user_properties
        if name == "inputs tried"
    ]
    if counts:
        terminalreporter.write_line(f"{sum(counts):,} inputs tried")
