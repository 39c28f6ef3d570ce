"""A run that is killed and gone on with ends like one that was never stopped."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from rnncourse import resuming, training
from rnncourse.resuming import fit_resumable

EPOCHS = 4


def problem(folder, units=6):
    """A model with all that has a memory of its own: Adam, dropout, a falling learning rate."""
    training.seed_everything(3)
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(40, 5, 3)).astype("float32")
    layers = [
        keras.layers.GRU(units, recurrent_dropout=0.2),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(1),
    ]
    model = keras.Sequential([keras.Input((5, 3)), *layers])
    model.compile(keras.optimizers.Adam(training.warmup_cosine(0.01, 40)), "mse")
    arguments = {"folder": folder, "epochs": EPOCHS, "batch_size": 8, "seed": 1}
    data = {"inputs": inputs, "targets": inputs.sum((1, 2))}
    return model, data | arguments | {"validation": (inputs[:8], inputs[:8].sum((1, 2)))}


def state(model):
    return [v.numpy() for v in (*model.variables, *model.optimizer.variables)]


class Killed(keras.callbacks.Callback):
    """The end of this process, in the middle of its third epoch."""

    def __init__(self):
        super().__init__()
        self.batches = 0

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1
        if self.batches == 12:  # five a epoch
            os.kill(os.getpid(), signal.SIGKILL)


def main(folder):
    """Train and die of it; run in a process of its own."""
    model, arguments = problem(folder)
    fit, killed = model.fit, Killed()
    model.fit = lambda *args, callbacks, **options: fit(*args, callbacks=[killed], **options)
    fit_resumable(model, **arguments)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nothing stops: its state, its history and its folder."""
    folder = tmp_path_factory.mktemp("whole")
    model, arguments = problem(folder)
    history = fit_resumable(model, **arguments)
    return state(model), history, folder


@pytest.fixture
def kept(whole, tmp_path):
    """A copy of that run's folder."""
    return shutil.copytree(whole[2], tmp_path / "kept")


@pytest.mark.fault
def test_a_killed_run_ends_like_a_whole_one(whole, tmp_path, monkeypatch):
    killed = subprocess.run([sys.executable, __file__, tmp_path], capture_output=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    model, arguments = problem(tmp_path)
    keras.utils.set_random_seed(99)  # whatever else happened in this process
    made = []
    fit = training.fit
    monkeypatch.setattr(training, "fit", lambda *a, **k: made.append(1) or fit(*a, **k))
    history = fit_resumable(model, **arguments)
    assert len(made) == 2, "the third epoch once more, and the fourth"
    expected, uninterrupted, _ = whole
    for ours, theirs in zip(state(model), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert history.metrics == uninterrupted.metrics
    assert len(history.metrics["val_loss"]) == EPOCHS
    assert history.seconds > 0


def test_a_run_at_its_end_is_not_trained_again_but_may_go_on(whole, tmp_path):
    model, arguments = problem(tmp_path)
    first = fit_resumable(model, **arguments | {"epochs": 1})
    trained = state(model)
    model, _ = problem(tmp_path)
    assert fit_resumable(model, **arguments | {"epochs": 1}) == first
    for ours, theirs in zip(state(model), trained, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert fit_resumable(model, **arguments).metrics == whole[1].metrics


def test_every_epoch_has_an_order_of_its_own(tmp_path, monkeypatch):
    seeds = []
    monkeypatch.setattr(training, "seed_everything", seeds.append)
    monkeypatch.setattr(
        resuming.training, "fit", lambda *_, **__: training.History({"loss": [0.0]}, 1.0)
    )
    for seed in (1, 2):
        model, arguments = problem(tmp_path / str(seed))
        fit_resumable(model, **arguments | {"seed": seed})
    drawn = [seed for seed in seeds if seed != 3]
    assert len(set(drawn)) == 2 * EPOCHS


@pytest.mark.fault
@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_a_damaged_run_is_named_and_left_alone(kept, damage):
    model, arguments = problem(kept)
    (data,) = kept.glob("*.data-*")
    content = data.read_bytes()
    if damage == "gone":
        data.unlink()
    else:
        half = len(content) // 2
        data.write_bytes({"cut": content[:half], "changed": bytes(half) + content[half:]}[damage])
    with pytest.raises(ValueError, match=f"folder {kept} must hold a run of this model"):
        fit_resumable(model, **arguments)
    data.write_bytes(content)
    assert len(fit_resumable(problem(kept)[0], **arguments).metrics["loss"]) == EPOCHS


def test_a_folder_belongs_to_one_run(kept):
    model, arguments = problem(kept)
    with pytest.raises(ValueError, match=r"holds a run with .*'batch_size': 8.* got .*: 4"):
        fit_resumable(model, **arguments | {"batch_size": 4})
    with pytest.raises(ValueError, match="must hold a run of this model"):
        fit_resumable(problem(kept, units=7)[0], **arguments)


def test_a_model_must_be_ready(tmp_path):
    _, arguments = problem(tmp_path)
    for model in (keras.Sequential([keras.Input((5, 3)), keras.layers.GRU(1)]), keras.Sequential()):
        with pytest.raises(ValueError, match="model must be built and compiled"):
            fit_resumable(model, **arguments)
    assert not list(tmp_path.iterdir())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
