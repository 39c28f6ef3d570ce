"""Long runs that may be stopped: what is learned is kept after every epoch, and gone on from."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from rnncourse import training


def fit_resumable(
    model: keras.Model,
    inputs: np.ndarray,
    targets: np.ndarray,
    *,
    folder: str | Path,
    epochs: int,
    batch_size: int,
    seed: int = 0,
    validation: tuple | None = None,
) -> training.History:
    """Train a compiled model so that a run that was killed can be gone on with.

    Call it again, with the same arguments and a model made in the same way, and it goes on after
    the last whole epoch in the folder. The weights at the end are those of a run that nothing has
    stopped, bit for bit: weights, the optimiser's memory and the states of dropout are kept, and
    every epoch begins with random numbers of its own, which decide the order of the examples.
    A run that had reached its end is not trained again; with more epochs it goes on.

    Args:
        model: A built and compiled Keras model.
        inputs: Array of shape (examples, ...).
        targets: Array of shape (examples, ...).
        folder: Where the run is kept; a folder for each run.
        epochs: Passes over the data, those of earlier calls counted too.
        batch_size: Examples a step.
        seed: Of the order of the examples, as in :func:`rnncourse.training.seed_everything`.
        validation: Inputs and targets to measure after each epoch, never to train on.

    Returns:
        The metrics of all epochs, and the seconds that all calls took.

    Raises:
        ValueError: If the model has no weights yet, the folder holds another run or a damaged one,
            or an argument is as :func:`rnncourse.training.fit` refuses it.
    """
    if not (model.built and model.compiled):
        raise ValueError("model must be built and compiled, got one that is not")
    model.optimizer.build(model.trainable_variables)
    run = {"examples": len(inputs), "batch_size": batch_size, "seed": seed}
    diary = tf.Variable(json.dumps({"run": run, "metrics": {}, "seconds": 0.0, "epochs": 0}))
    variables = [variable.value for variable in (*model.variables, *model.optimizer.variables)]
    state = tf.train.Checkpoint(variables=variables, diary=diary)
    manager = tf.train.CheckpointManager(state, str(folder), max_to_keep=1)
    if manager.latest_checkpoint:
        _restore(state, manager.latest_checkpoint, folder)
    past = json.loads(diary.numpy())
    if past["run"] != run:
        raise ValueError(f"folder {folder} holds a run with {past['run']}, got {run}")
    for epoch in range(past["epochs"], epochs):
        training.seed_everything(int(np.random.default_rng([seed, epoch]).integers(2**31)))
        one = training.fit(
            model, inputs, targets, epochs=1, batch_size=batch_size, validation=validation
        )
        for name, values in one.metrics.items():
            past["metrics"].setdefault(name, []).extend(values)
        past |= {"epochs": epoch + 1, "seconds": past["seconds"] + one.seconds}
        diary.assign(json.dumps(past))
        manager.save()
    return training.History(past["metrics"], past["seconds"])


def _restore(state: tf.train.Checkpoint, path: str, folder: str | Path) -> None:
    """Read a checkpoint into the variables.

    Raises:
        ValueError: If it is not of this model, or cannot be read.
    """
    try:
        state.restore(path).assert_consumed()
    except (AssertionError, IndexError, ValueError, tf.errors.OpError) as error:
        raise ValueError(
            f"folder {folder} must hold a run of this model, undamaged; remove it to begin anew"
        ) from error
