"""Recorded numbers: bounds that hold, values that survive, files that are whole."""

import json

import nbformat
import pytest
from nbclient import NotebookClient

from rnncourse import results


def test_a_kept_bound_returns_the_result():
    result = results.record(
        "mnist.accuracy", 0.9871, at_least=0.985, unit="share", source="98.09 %"
    )
    assert result.value == 0.9871
    assert (
        repr(result).replace(results.NO_BREAK, " ") == "mnist.accuracy = 98.71 % (at least 98.50 %)"
    )


@pytest.mark.parametrize(
    ("value", "bound"),
    [
        (0.9, {"at_least": 0.91}),
        (3, {"at_most": 2}),
        (5, {"between": (1, 4)}),
        (0, {"between": (1, 4)}),
    ],
)
def test_a_broken_bound_raises(value, bound):
    with pytest.raises(results.BoundError, match=r"a\.b is .*promises"):
        results.record("a.b", value, **bound)


@pytest.mark.parametrize(
    ("value", "bound"), [(1, {"at_least": 1}), (1, {"at_most": 1}), (1, {"between": (1, 1)})]
)
def test_bounds_are_inclusive(value, bound):
    assert results.record("a.b", value, **bound).value == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_must_be_finite(value):
    with pytest.raises(ValueError, match=r"a\.b must be a finite number"):
        results.record("a.b", value, at_most=1)


@pytest.mark.parametrize("bounds", [{}, {"at_least": 1, "at_most": 2}])
def test_exactly_one_bound(bounds):
    with pytest.raises(ValueError, match="exactly one bound"):
        results.record("a.b", 1, **bounds)


def test_a_bound_the_wrong_way_round():
    with pytest.raises(ValueError, match="between must be"):
        results.record("a.b", 1, between=(2, 1))


@pytest.mark.parametrize("name", ["accuracy", "Mnist.accuracy", "mnist.", "a.b.c", "a b.c"])
def test_names_are_chapter_dot_what(name):
    with pytest.raises(ValueError, match=r"chapter\.what"):
        results.record(name, 1, at_least=0)


def test_an_unknown_keyword_is_refused():
    with pytest.raises(TypeError, match="at_leats"):
        results.record("a.b", 1, at_leats=0)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.98765, "share", "98.77 %"),
        (0.99994, "share", "99.99 %"),
        (0.99998, "share", "99.998 %"),
        (1.0, "share", "100.00 %"),
        (12.345, "s", "12.3 s"),
        (1234567, "", "1,234,567"),
        (2.5e12, "", "2.5e+12"),
        (54344, "characters a second", "54,344 characters a second"),
    ],
)
def test_how_numbers_are_written(value, unit, shown):
    assert results.show(value, unit).replace(results.NO_BREAK, " ") == shown


def executed(*sources):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    NotebookClient(notebook, kernel_name="python3").execute()
    return notebook


def test_a_result_travels_with_the_output_and_can_be_quoted(tmp_path):
    notebook = executed(
        "from rnncourse import results",
        "results.record('a.b', 0.5, between=(0, 1), source='a paper', data='MNIST');",
    )
    kept = nbformat.reads(nbformat.writes(notebook), as_version=4)  # as the cache does
    (result,) = results.in_notebook(kept)
    assert result == results.Result("a.b", 0.5, "", "between 0 and 1", "a paper", "MNIST")
    (output,) = kept.cells[1].outputs
    assert output.metadata.scrapbook.name == "a.b"
    assert output.data == {"application/papermill.record/text/plain": "'0.5'"}


def test_results_are_saved_and_loaded(tmp_path):
    recorded = [
        results.record("a.b", 1, at_least=0, data="MNIST"),
        results.record("a.c", 2, at_most=3, unit="s"),
    ]
    path = tmp_path / "deep" / "results.json"
    results.save(recorded, path)
    assert list(results.load(path).values()) == recorded
    assert json.loads(path.read_text())["a.c"] == {
        "value": 2.0,
        "unit": "s",
        "bound": f"at most 3.0{results.NO_BREAK}s",
        "source": None,
        "data": None,
        "timed": True,
    }
    assert [p.name for p in path.parent.iterdir()] == ["results.json"]


def test_a_name_belongs_to_one_place(tmp_path):
    twice = [results.record("a.b", value, at_least=0) for value in (1, 2)]
    with pytest.raises(ValueError, match=r"two chapters record a\.b"):
        results.save(twice, tmp_path / "results.json")
    assert not list(tmp_path.iterdir())


def test_before_the_first_build_there_are_none(tmp_path):
    assert results.load(tmp_path / "results.json") == {}


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "kept.json"
    results.write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        results.write_atomically(path, "half \udc80")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["kept.json"]


def test_a_model_is_saved_whole_or_not_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "BUILD", tmp_path)

    class Model:
        compiled = False

        def __init__(self, fails):
            self.fails = fails

        def save(self, path):
            path.write_text("weights")
            if self.fails:
                raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        results.save_model(Model(fails=True), "mnist")
    assert list((tmp_path / "models").iterdir()) == []
    results.save_model(Model(fails=False), "mnist")
    assert [p.name for p in (tmp_path / "models").iterdir()] == ["mnist.keras"]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
def test_a_model_is_saved_without_its_optimiser(tmp_path, monkeypatch):
    import keras
    import numpy as np

    class Mine(keras.optimizers.Adam):  # nothing that a reader could load
        pass

    monkeypatch.setattr(results, "BUILD", tmp_path)
    model = keras.Sequential([keras.Input((3, 2)), keras.layers.GRU(4), keras.layers.Dense(1)])
    model.compile(Mine(), "mse")
    x = np.ones((5, 3, 2), "float32")
    model.fit(x, np.ones((5, 1)), verbose=0)
    results.save_model(model, "mnist")
    again = keras.saving.load_model(tmp_path / "models" / "mnist.keras")
    np.testing.assert_array_equal(again.predict_on_batch(x), model.predict_on_batch(x))
    assert not again.compiled
    assert model.compiled
    assert isinstance(model.optimizer, Mine)


def test_recorded_runs_are_kept_and_their_spread_known(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RECORDS", tmp_path)
    run = results.RecordedRun(
        "x_seeds",
        "python -m x",
        "2026-01-31",
        "2 cores",
        {"keras": "3"},
        "MNIST",
        [0, 1],
        {"a.b": [3.0, 2.0]},
    )
    run.save()
    assert results.recorded_run("x_seeds") == run
    measured = results.record("a.b", 2.5, at_least=0, data="MNIST")
    assert results.spreads({"a.b": measured}) == {"a.b": (2.0, 3.0)}
    elsewhere = results.record("a.b", 2.5, at_least=0, data="stand-in for MNIST")
    assert results.spreads({"a.b": elsewhere}) == {}, "a spread belongs to its data"
    assert results.spreads({}) == {}
    assert "python -m x" in run._repr_html_()
    with pytest.raises(FileNotFoundError, match="there are: x_seeds"):
        results.recorded_run("y")


def test_bounds_can_be_reported_while_a_spread_is_measured(monkeypatch, capsys):
    monkeypatch.setenv("RNNCOURSE_BOUNDS", "report")
    assert results.record("a.b", 3, at_most=2).value == 3
    assert "a.b is 3.0, and this chapter promises at most 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("how", "timed"),
    [
        ({"unit": "s"}, True),
        ({"unit": "ms"}, True),
        ({"unit": "MiB"}, True),
        ({"unit": "characters a second"}, True),
        ({"unit": "times", "timed": True}, True),
        ({"unit": "times"}, False),
        ({"unit": "steps"}, False),
        ({}, False),
    ],
)
def test_what_another_run_cannot_repeat_is_said(how, timed):
    assert results.record("a.b", 3, at_most=4, **how).timed is timed


def test_a_time_in_a_table_is_marked():
    assert results.timed("1.5") == '<span class="timed">1.5</span>'


@pytest.mark.parametrize("unit", ["s", "characters a second"])
def test_a_slow_machine_is_told_and_stopped_only_in_a_build(monkeypatch, capsys, unit):
    monkeypatch.delenv("RNNCOURSE_BOUNDS", raising=False)
    assert results.record("a.b", 3, at_most=2, unit=unit).value == 3
    assert "a.b is 3.0, and this chapter promises at most 2" in capsys.readouterr().out
    monkeypatch.setenv("RNNCOURSE_BOUNDS", "raise")
    with pytest.raises(results.TooSlowError, match=r"a\.b is 3\.0"):
        results.record("a.b", 3, at_most=2, unit=unit)


def test_a_slow_machine_is_allowed_what_it_was_found_to_need(monkeypatch):
    monkeypatch.setenv("RNNCOURSE_BOUNDS", "raise")
    monkeypatch.setenv("RNNCOURSE_SLOWER", "1.5")
    results.record("a.b", 14.9, at_most=10, unit="s")
    results.record("a.b", 6.7, at_least=10, unit="characters a second")
    with pytest.raises(results.TooSlowError):
        results.record("a.b", 15.1, at_most=10, unit="s")
    with pytest.raises(results.TooSlowError):
        results.record("a.b", 6.6, at_least=10, unit="characters a second")
    with pytest.raises(results.TooSlowError):
        results.record("a.b", 1.1, at_most=1, unit="times", timed=True)
    with pytest.raises(results.BoundError, match="promises at most 10"):
        results.record("a.b", 14.9, at_most=10)
