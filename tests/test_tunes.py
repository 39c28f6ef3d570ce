"""The loader of the tunes."""

import hashlib

import pytest

from rnncourse import datasets
from rnncourse.music import abc_notation as abc


@pytest.fixture(scope="module")
def made_up():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RNNCOURSE_DATA", raising=False)
        patch.setenv("RNNCOURSE_CACHE", "nowhere")
        patch.setenv("RNNCOURSE_OFFLINE", "1")
        return datasets.load_tunes()


def use(monkeypatch, folder, content):
    (folder / "irish.abc").write_bytes(content)
    entry = datasets.DataFile("http://127.0.0.1:9/irish.abc", hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(datasets.REGISTRY, "irish.abc", entry)
    monkeypatch.setenv("RNNCOURSE_DATA", str(folder))


def test_a_tune_cut_by_a_blank_line_is_joined(tmp_path, monkeypatch):
    content = b"X:1\nT:One\nK:C\n\nA8|\nB8|]\n\n\nX:2\nT:Two\nK:D\nd8|]\n"
    use(monkeypatch, tmp_path, content)
    loaded = datasets.load_tunes()
    assert loaded.texts == ("X:1\nT:One\nK:C\nA8|\nB8|]", "X:2\nT:Two\nK:D\nd8|]")
    assert not loaded.source.stand_in


def test_the_wrong_file_is_refused(tmp_path, monkeypatch):
    use(monkeypatch, tmp_path, b"X:1\nK:C\nA8|]")
    (tmp_path / "irish.abc").write_bytes(b"X:1\nK:C\nB8|]")
    with pytest.raises(datasets.DataError, match=r"irish\.abc"):
        datasets.load_tunes()


def test_the_stand_in_is_made_of_good_tunes_and_the_same_every_time(made_up, monkeypatch):
    assert made_up.source.stand_in
    assert len(set(made_up.texts)) == 400
    assert all(abc.parse(text).faults() == [] for text in made_up.texts)
    assert all(len(abc.parse(text).bars) >= 8 for text in made_up.texts)
    digest = hashlib.sha256("".join(made_up.texts).encode()).hexdigest()
    monkeypatch.setenv("RNNCOURSE_OFFLINE", "1")
    monkeypatch.delenv("RNNCOURSE_DATA", raising=False)
    again = datasets.load_tunes().texts
    assert hashlib.sha256("".join(again).encode()).hexdigest() == digest
