"""The shared training loop: timed, quiet when told, the same twice."""

import keras
import numpy as np
import pytest

from rnncourse import training


def small_problem(seed=3):
    training.seed_everything(seed)
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(64, 5, 3)).astype("float32")
    targets = inputs.sum((1, 2))
    model = keras.Sequential([keras.Input((5, 3)), keras.layers.LSTM(8), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model, inputs, targets


def test_two_runs_with_one_seed_are_equal():
    runs = []
    for _ in range(2):
        model, inputs, targets = small_problem()
        runs.append(training.fit(model, inputs, targets, epochs=3, batch_size=16).metrics)
    assert runs[0] == runs[1]


def test_the_environment_moves_the_seed(monkeypatch):
    assert training.seed_everything(3) == 3
    first = np.random.rand()
    monkeypatch.setenv("RNNCOURSE_SEED", "4")
    assert training.seed_everything(3) == 7
    assert np.random.rand() != first


def test_history_has_every_epoch_and_the_validation():
    model, inputs, targets = small_problem()
    history = training.fit(
        model, inputs, targets, epochs=4, batch_size=16, validation=(inputs[:8], targets[:8])
    )
    assert {name: len(values) for name, values in history.metrics.items()} == {
        "loss": 4,
        "val_loss": 4,
    }
    assert history.metrics["loss"][-1] < history.metrics["loss"][0]
    assert history.seconds > 0
    assert repr(history).startswith("4 epochs: loss ")


@pytest.mark.parametrize(("quiet", "bar"), [("1", False), ("", True)])
def test_the_bar_is_for_people(monkeypatch, capsys, quiet, bar):
    monkeypatch.setenv("RNNCOURSE_QUIET", quiet)
    model, inputs, targets = small_problem()
    training.fit(model, inputs, targets, epochs=1, batch_size=16)
    assert ("4/4" in capsys.readouterr().out) == bar


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": np.zeros((0, 5, 3)), "targets": np.zeros(0)}, "inputs must hold at least one"),
        ({"targets": np.zeros(3)}, r"targets must be as many as inputs \(64\), got 3"),
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"batch_size": -1}, "batch_size must be at least 1, got -1"),
    ],
)
def test_bad_arguments_are_named(change, message):
    model, inputs, targets = small_problem()
    arguments = {"inputs": inputs, "targets": targets, "epochs": 1, "batch_size": 16} | change
    with pytest.raises(ValueError, match=message):
        training.fit(model, **arguments)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="seed must be a non-negative integer, got -1"):
        training.seed_everything(-1)


def test_warmup_cosine_rises_and_falls():
    rate = training.warmup_cosine(peak=0.01, steps=100, warmup=0.2, final=0.1)
    values = [float(rate(step)) for step in range(101)]
    assert values[0] == pytest.approx(0.0005)
    assert values[20] == pytest.approx(0.01)
    assert values[60] == pytest.approx(0.01 * (0.1 + 0.9 * 0.5))
    assert values[100] == pytest.approx(0.001)
    assert values[:21] == sorted(values[:21])
    assert values[20:] == sorted(values[20:], reverse=True)
