"""Seeding and the one training loop that the chapters share."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import keras
import tensorflow as tf

# Keras traces `predict` anew for each model; TensorFlow would warn the reader of just that.
tf.get_logger().setLevel("ERROR")


def seed_everything(seed: int = 0) -> int:
    """Seed Python, NumPy and TensorFlow, and ask TensorFlow for the same result every time.

    Args:
        seed: The seed, a non-negative integer. The environment variable ``RNNCOURSE_SEED`` is added
            to it, so that a whole chapter can be run again with other random numbers.

    Returns:
        The seed that was used.

    Raises:
        ValueError: If the seed is negative.
    """
    if seed < 0:
        raise ValueError(f"seed must be a non-negative integer, got {seed}")
    seed += int(os.environ.get("RNNCOURSE_SEED", "0"))
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    return seed


@dataclass(frozen=True)
class History:
    """What a training run leaves behind.

    Attributes:
        metrics: One list a metric, one value an epoch, under Keras's names.
        seconds: Wall-clock time of the whole call, tracing and compiling included.
    """

    metrics: dict[str, list[float]]
    seconds: float

    def __repr__(self) -> str:
        last = ", ".join(f"{name} {values[-1]:.4f}" for name, values in self.metrics.items())
        return f"{len(next(iter(self.metrics.values())))} epochs: {last}"


def warmup_cosine(
    peak: float, steps: int, warmup: float = 0.1, final: float = 0.0
) -> keras.optimizers.schedules.LearningRateSchedule:
    """A learning rate that rises in a line to its peak and falls from there along a cosine.

    Args:
        peak: The highest learning rate.
        steps: Number of optimiser steps in all.
        warmup: Share of the steps spent rising, from a twentieth of the peak.
        final: The last learning rate, as a share of the peak.
    """
    rising = round(warmup * steps)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=peak / 20,
        decay_steps=steps - rising,
        warmup_target=peak,
        warmup_steps=rising,
        alpha=final,
    )


def fit(
    model: keras.Model,
    inputs,
    targets,
    *,
    epochs: int,
    batch_size: int,
    validation: tuple | None = None,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
) -> History:
    """Train a compiled model and time it.

    Shows Keras's progress bar to a person at the keyboard; quiet where ``RNNCOURSE_QUIET`` is set,
    as it is while the book is built.

    Args:
        model: A compiled Keras model.
        inputs: Array of shape (examples, ...).
        targets: Array of shape (examples, ...).
        epochs: Passes over the data.
        batch_size: Examples a step.
        validation: Inputs and targets to measure after each epoch, never to train on.
        callbacks: Keras callbacks.

    Raises:
        ValueError: If the data are empty, the two lengths differ, or a count is not positive.
    """
    if len(inputs) == 0:
        raise ValueError("inputs must hold at least one example, got none")
    if len(inputs) != len(targets):
        raise ValueError(f"targets must be as many as inputs ({len(inputs)}), got {len(targets)}")
    for name, count in (("epochs", epochs), ("batch_size", batch_size)):
        if count < 1:
            raise ValueError(f"{name} must be at least 1, got {count}")
    started = time.perf_counter()
    log = model.fit(
        inputs,
        targets,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=validation,
        callbacks=list(callbacks),
        verbose=0 if os.environ.get("RNNCOURSE_QUIET") else "auto",
    )
    return History(log.history, time.perf_counter() - started)
