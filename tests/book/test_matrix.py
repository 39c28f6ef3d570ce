"""What ``make matrix`` says at its end."""

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
