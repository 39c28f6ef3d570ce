"""Small files in the place of registered ones, or none at all."""

import hashlib

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


@pytest.hookimpl(specname="pytest_terminal_summary")
def pytest_faults_survived(terminalreporter):
    """Say how many of the faults that were provoked did no harm; with ``-n`` too."""
    survived = [r for r in terminalreporter.stats.get("passed", ()) if "fault" in r.keywords]
    if survived:
        terminalreporter.write_line(f"{len(survived)} faults survived")
