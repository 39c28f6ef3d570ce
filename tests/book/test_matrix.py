"""What ``make matrix`` says at its end."""

import subprocess
import types

from book import matrix
from book.matrix import summary


def session(name, result):
    return {"signatures": [name], "result": result}


def test_a_python_passes_if_something_ran_and_nothing_failed():
    said = summary(
        [
            session("newest-3.10", "success"),
            session("newest-3.11", "skipped"),
            session("newest-3.12", "failed"),
            session("newest-3.13", "success"),
            session("oldest-3.10", "success"),
        ]
    ).splitlines()
    assert said[-1] == "Pythons passed: 3.10, 3.13"
    assert "skipped   newest-3.11" in said


def test_a_python_fails_with_any_of_its_sessions():
    last = summary([session("newest-3.10", "success"), session("oldest-3.10", "failed")])
    assert last.endswith("Pythons passed: none")


def test_all_sessions_that_are_named_are_run(monkeypatch, tmp_path):
    ran = []
    monkeypatch.setattr(matrix, "BUILD", tmp_path)
    monkeypatch.setattr(matrix, "REPORT", tmp_path / "matrix.json")

    def run(command, **how):
        ran.extend(command)
        return types.SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    matrix.main(["book-3.12", "newest-3.13"])
    assert ran[-3:] == ["--session", "book-3.12", "newest-3.13"], "nox heeds the last one only"
