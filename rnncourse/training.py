"""Seeding, and the training loops that the chapters share."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from rnncourse import arguments

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
        ValueError: If the seed is negative or above 2**31 - 1, or what is added to it no number.
        TypeError: If it is no whole number.
    """
    added = os.environ.get("RNNCOURSE_SEED", "0")
    if not added.strip().isdecimal():
        raise ValueError(f"RNNCOURSE_SEED must be a number such as 1, got {added[:40]!r}")
    seed = arguments.whole("seed", seed, 0) + int(added)
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
        known = {name: values for name, values in self.metrics.items() if values}
        last = ", ".join(f"{name} {values[-1]:.4f}" for name, values in known.items())
        return f"{len(next(iter(known.values()), ()))} epochs: {last}"


def warmup_cosine(
    peak: float, steps: int, warmup: float = 0.1, final: float = 0.0
) -> keras.optimizers.schedules.LearningRateSchedule:
    """A learning rate that rises in a line to its peak and falls from there along a cosine.

    Args:
        peak: The highest learning rate.
        steps: Number of optimiser steps in all.
        warmup: Share of the steps spent rising, from a twentieth of the peak.
        final: The last learning rate, as a share of the peak.

    Raises:
        ValueError: If a number is negative, a share above 1, or no step is left to fall in.
        TypeError: If an argument is of another kind.
    """
    arguments.number("peak", peak, least=0, most=1e6)
    arguments.whole("steps", steps)
    arguments.number("warmup", warmup, least=0, most=1)
    arguments.number("final", final, least=0, most=1)
    rising = round(warmup * steps)
    if rising == steps:
        raise ValueError(f"warmup must leave one of the steps ({steps}) or more, got {warmup}")
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=peak / 20,
        decay_steps=steps - rising,
        warmup_target=peak,
        warmup_steps=rising,
        alpha=final,
    )


@arguments.checked
def shuffled(inputs, targets, batch_size: int, seed: int) -> tf.data.Dataset:
    """Mini-batches of examples without end, in another order in every epoch.

    ``Model.fit`` shuffles arrays by itself; but where there is a seed, it begins again with it in
    every epoch, and all epochs have the same mini-batches in the same order.

    Args:
        inputs: Array of shape (examples, ...), or a list of such arrays.
        targets: Array of shape (examples, ...).
        batch_size: Examples a mini-batch; the last one of an epoch may have fewer.
        seed: Of the orders.

    Returns:
        A data set of pairs: inputs, several as a tuple, and targets.

    Raises:
        ValueError: If there are no examples, the lengths differ, or a number is out of its range.
        TypeError: If an argument is of another kind.
    """
    several = isinstance(inputs, list | tuple)
    arrays = list(inputs) if several else [inputs]
    named = {f"inputs[{i}]" if several else "inputs": array for i, array in enumerate(arrays)}
    *arrays, targets = map(tf.constant, _examples(**named, targets=targets))
    arguments.whole("batch_size", batch_size)
    arguments.whole("seed", seed, 0)
    whole = len(targets) % batch_size == 0

    def places(epoch):
        order = tf.random.experimental.stateless_shuffle(tf.range(len(targets)), [seed, epoch])
        return tf.data.Dataset.from_tensor_slices(order).batch(batch_size, drop_remainder=whole)

    def examples(some):
        chosen = tuple(tf.gather(array, some) for array in arrays)
        return chosen if several else chosen[0], tf.gather(targets, some)

    options = tf.data.Options()
    options.autotune.enabled = False  # its thread may make every step half as long again
    batches = tf.data.Dataset.counter().flat_map(places).map(examples).prefetch(1)
    return batches.with_options(options)


class Distorted(keras.utils.PyDataset):
    """Mini-batches of pictures, each moved, stretched and slanted a little, otherwise every time.

    Counted from the middle, the pixel in row r and column c shows what the original has in row
    ``(1 + a) r + b`` and column ``(1 + d) c + e r + f``, rounded; around a picture all is 0.

    Args:
        pictures: Array of shape (pictures, height, width).
        targets: Array of shape (pictures, ...).
        batch_size: Pictures a mini-batch; the last one of an epoch may have fewer.
        seed: Of the order of the pictures and of what is done to them.
        stretch: Largest size of a and d.
        slant: Largest size of e.
        shift: Largest size of b and f, in pixels.

    Raises:
        ValueError: If there are no pictures, the lengths differ, or a number is out of its range.
        TypeError: If an argument is of another kind.
    """

    def __init__(
        self,
        pictures: np.ndarray,
        targets: np.ndarray,
        batch_size: int,
        seed: int,
        *,
        stretch: float = 0.1,
        slant: float = 0.2,
        shift: float = 1.5,
    ):
        super().__init__()
        pictures, targets = _examples(pictures=pictures, targets=targets)
        arguments.reals("pictures", pictures, None, None, None)
        arguments.whole("batch_size", batch_size)
        for name, size in {"stretch": stretch, "slant": slant, "shift": shift}.items():
            arguments.number(name, size, least=0, most=1e6)
        self.padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
        self.targets, self.batch_size = targets, batch_size
        self.limits = np.array([stretch, stretch, slant, shift, shift])[:, None, None, None]
        self.rng = np.random.default_rng(arguments.whole("seed", seed, 0))
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        """A new order."""
        self.order = self.rng.permutation(len(self.targets))

    def __len__(self) -> int:
        return -(-len(self.order) // self.batch_size)

    def __getitem__(self, batch: int) -> tuple[np.ndarray, np.ndarray]:
        some = self.order[batch * self.batch_size : (batch + 1) * self.batch_size]
        size = (len(self.limits), len(some), 1, 1)
        taller, wider, slant, down, right = self.limits * self.rng.uniform(-1, 1, size)
        bottom, edge = np.array(self.padded.shape[1:]) - 1  # the last row and column, all 0
        row = (np.arange(1, bottom) - bottom / 2)[:, None]
        column = np.arange(1, edge) - edge / 2
        rows = np.rint((1 + taller) * row + down + bottom / 2)
        columns = np.rint((1 + wider) * column + slant * row + right + edge / 2)
        rows, columns = rows.clip(0, bottom).astype(int), columns.clip(0, edge).astype(int)
        return self.padded[some[:, None, None], rows, columns], self.targets[some]


def fit(
    model: keras.Model,
    inputs,
    targets=None,
    *,
    epochs: int,
    batch_size: int | None = None,
    validation: tuple | None = None,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
) -> History:
    """Train a compiled model on examples in another order every epoch, and time it.

    Shows Keras's progress bar to a person at the keyboard; quiet where ``RNNCOURSE_QUIET`` is set,
    as it is while the book is built.

    Args:
        model: A compiled Keras model.
        inputs: Array of shape (examples, ...), or a ``keras.utils.PyDataset`` that makes
            mini-batches of inputs and targets itself.
        targets: Array of shape (examples, ...); none beside a data set.
        epochs: Passes over the data.
        batch_size: Examples a step; none beside a data set.
        validation: Inputs and targets to measure after each epoch, never to train on.
        callbacks: Keras callbacks.

    Raises:
        ValueError: If the model is not compiled, the data are empty or not what it takes, the two
            lengths differ, a count is not positive, or a data set is given together with targets or
            a batch size.
        TypeError: If an argument is of another kind.
    """
    if not arguments.instance("model", model, keras.Model).compiled:
        raise ValueError("model must be compiled, got one that is not")
    arguments.whole("epochs", epochs)
    steps = None
    if not isinstance(inputs, keras.utils.PyDataset):
        inputs, targets = _examples(inputs=inputs, targets=targets)
        check_inputs("inputs", model, [inputs])
        steps = -(-len(inputs) // arguments.whole("batch_size", batch_size))
        seed = int(np.random.randint(2**31))  # from the generator that `seed_everything` has set
        inputs = shuffled(inputs, targets, batch_size, seed)
    elif targets is not None or batch_size is not None:
        raise ValueError("targets and batch_size must be left out: the data set makes mini-batches")
    if validation is not None:
        if len(arguments.items("validation", validation)) != 2:
            raise ValueError(f"validation must be a pair, got {len(validation)}")
        validation = _examples(**{"validation[0]": validation[0], "validation[1]": validation[1]})
        check_inputs("validation", model, validation[:1])
    arguments.items("callbacks", callbacks, keras.callbacks.Callback)
    started = time.perf_counter()
    log = model.fit(
        inputs,
        epochs=epochs,
        steps_per_epoch=steps,
        shuffle=False,  # the data set does
        validation_data=validation,
        validation_batch_size=batch_size,
        callbacks=list(callbacks),
        verbose=0 if os.environ.get("RNNCOURSE_QUIET") else "auto",
    )
    return History(log.history, time.perf_counter() - started)


@arguments.checked
def gradients_by_core(
    loss: Callable, variables: list, *, parts: int = 2, jit_compile: bool = True
) -> Callable:
    """A function that computes a loss and its gradients, a part of the batch on each core.

    A core that has one half of a batch to itself seldom waits; two cores that share the work of
    each step of a loop do so at every step.

    Args:
        loss: Takes arrays whose first axis is the batch, and returns the mean of a cost over it.
        variables: What to differentiate by; a list of variables.
        parts: In how many equal parts a batch is taken; the batch must be a multiple of it.
        jit_compile: Whether XLA compiles the work on a part.

    Returns:
        A function of the same arrays that returns the loss and the list of gradients.

    Raises:
        ValueError: If parts is not positive; at a call, if it does not divide the batch.
        TypeError: If an argument is of another kind.
    """
    arguments.whole("parts", parts)
    variables = list(arguments.items("variables", variables, (keras.Variable, tf.Variable)))

    @tf.function(jit_compile=jit_compile)
    def of_a_part(*arrays):
        with tf.GradientTape() as tape:
            value = loss(*arrays)
        return [value, *map(tf.convert_to_tensor, tape.gradient(value, variables))]

    @tf.function
    def of_all(*arrays):
        shares = zip(*(_shares(array, parts) for array in arrays), strict=True)
        several = [of_a_part(*share) for share in shares]
        value, *gradients = [tf.add_n(same) / parts for same in zip(*several, strict=True)]
        return value, gradients

    return of_all


def _shares(array: tf.Tensor, parts: int) -> list[tf.Tensor]:
    """Equal parts of a batch."""
    count = array.shape[0]
    if count is not None and count % parts:
        raise ValueError(f"parts must divide the batch of {count}, got {parts}")
    return tf.split(array, parts)


@arguments.checked
def compiled_step(
    loss: Callable,
    variables: list,
    optimizer: keras.optimizers.Optimizer,
    *,
    parts: int = 2,
    jit_compile: bool = True,
) -> Callable:
    """A training step ``step(*arrays) -> loss``, compiled at its first call.

    ``Model.fit`` refuses XLA where TensorFlow is asked for the same result every time. Nothing in
    this step depends on the order of threads.

    Args:
        loss: As for :func:`gradients_by_core`.
        variables: What is trained; a list of variables.
        optimizer: What moves them.
        parts: As for :func:`gradients_by_core`.
        jit_compile: Whether XLA compiles gradients and optimiser. Without it, batches of other
            lengths share one graph.

    Raises:
        ValueError: As for :func:`gradients_by_core`.
        TypeError: If an argument is of another kind.
    """
    gradients_of = gradients_by_core(loss, variables, parts=parts, jit_compile=jit_compile)
    variables = list(variables)
    optimizer.build(variables)

    @tf.function(jit_compile=jit_compile)
    def move(gradients):
        optimizer.apply(gradients, variables)

    @tf.function(reduce_retracing=not jit_compile)
    def step(*arrays):
        value, gradients = gradients_of(*arrays)
        move(gradients)
        return value

    return step


@arguments.checked
def take_steps(
    step: Callable[..., tf.Tensor],
    batches: Iterable[tuple[np.ndarray, ...]],
    watch: Callable[[int], None] | None = None,
) -> History:
    """Take one optimiser step for each mini-batch, and time them all.

    Args:
        step: The arrays of a mini-batch, as tensors -> the loss, a scalar tensor.
        batches: The mini-batches, each the arrays that a step takes.
        watch: Called with the number of steps made, after each; its time is not counted.

    Returns:
        The loss of each step, and the wall-clock time, compiling included.

    Raises:
        TypeError: If an argument is of another kind, or what is in a batch no tensor.
        ValueError: If what is in a batch is no tensor.
    """
    started, watching, losses = time.perf_counter(), 0.0, []
    for arrays in batches:
        given = arguments.iterable("batches", arrays)
        losses.append(step(*(arguments.tensor("batches", array) for array in given)))
        if watch is not None:
            float(losses[-1])  # wait for the step
            pause = time.perf_counter()
            watch(len(losses))
            watching += time.perf_counter() - pause
    losses = [float(loss) for loss in losses]
    return History({"loss": losses}, time.perf_counter() - started - watching)


def _examples(**given) -> tuple[np.ndarray, ...]:
    """Arrays by name, which must hold examples, as many in each, in numbers that fit float32."""
    arrays = {
        name: arguments.reals(name, values, ..., narrow=True) for name, values in given.items()
    }
    for name, array in arrays.items():
        if not (array.ndim and array.size):
            raise ValueError(f"{name} must hold at least one example, got shape {array.shape}")
    (first, many), *others = ((name, len(array)) for name, array in arrays.items())
    for name, count in others:
        if count != many:
            raise ValueError(f"{name} must be as many as {first} ({many}), got {count}")
    return tuple(arrays.values())


def check_inputs(name: str, model: keras.Model, arrays: Sequence[np.ndarray]) -> None:
    """Refuse arrays that are not as many as a model takes, or not of its shapes.

    Raises:
        ValueError: If they are not.
    """
    try:
        wanted = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    except (AttributeError, ValueError):  # a model that takes what comes first
        return
    shapes = [np.shape(array)[1:] for array in arguments.items(name, arrays)]
    fits = len(shapes) == len(wanted) and all(map(_alike, shapes, wanted))
    if not fits:
        raise ValueError(f"{name} must have examples of shape {wanted}, got {shapes}")


def _alike(shape: tuple, wanted: tuple) -> bool:
    """Whether a shape is as wanted; Keras adds and leaves out a last axis of length 1."""
    shape, wanted = (s[:-1] if s[-1:] == (1,) else s for s in (shape, wanted))
    return len(shape) == len(wanted) and all(
        most is None or length == most for length, most in zip(shape, wanted, strict=True)
    )
