"""Sorting numbers with a network: an encoder reads the list, a decoder writes it in order.

Lists are arrays of integers (batch, time) with values from 1 on; 0 is padding behind the end of a
list. The task is that of Albert's handout of 2017, section 5.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from rnncourse import arguments, training


@keras.saving.register_keras_serializable(package="rnncourse")
class Sorter(keras.Model):
    """Many to one to many: the decoder begins with what the encoder ends with.

    Args:
        values: The largest number in a list; the smallest is 1.
        units: Size of the vector between the two.
        layers: How many GRUs lie on top of each other, in the encoder as in the decoder.

    Raises:
        ValueError: If a number is not positive, or very large.
        TypeError: If an argument is of another kind.
    """

    def __init__(self, values: int = 32, units: int = 96, layers: int = 1, **kwargs):
        super().__init__(**kwargs)
        values = arguments.whole("values", values, most=arguments.MANY)
        units = arguments.whole("units", units, most=arguments.MANY)
        layers = arguments.whole("layers", layers, most=100)
        self.values, self.units, self.depth = values, units, layers
        self.encoder = [
            keras.layers.GRU(units, return_sequences=True, return_state=True) for _ in range(layers)
        ]
        self.decoder = [keras.layers.GRU(units, return_sequences=True) for _ in range(layers)]
        self.answer = keras.layers.Dense(values)

    def encode(self, lists):
        """What is left of a list when it has been read: one tensor (batch, units) a layer."""
        x, vectors = ops.one_hot(lists - 1, self.values), []  # (batch, time, values)
        for layer in self.encoder:
            x, vector = layer(x, mask=lists > 0)
            vectors.append(vector)
        return vectors

    def decode(self, vectors, mask):
        """Logits (batch, time, values); the decoder is told nothing but when to stop."""
        y = ops.zeros((*ops.shape(mask), 1))
        for layer, vector in zip(self.decoder, vectors, strict=True):
            y = layer(y, initial_state=vector, mask=mask)
        return self.answer(y)

    def call(self, lists):
        """Logits (batch, time, values) for lists (batch, time)."""
        return self.decode(self.encode(lists), lists > 0)

    def build(self, input_shape=None):
        """Make the weights; they are the same for lists of any length."""
        if self.built:
            return
        for stack, features in ((self.encoder, self.values), (self.decoder, 1)):
            for depth, layer in enumerate(stack):
                layer.build((None, None, self.units if depth else features))
        self.answer.build((None, None, self.units))

    def sort(self, numbers: Sequence[int]) -> list[int]:
        """Sort one list.

        Raises:
            ValueError: If the list is empty, or a value is not from 1 to ``values``.
            TypeError: If there is no list, or it does not hold whole numbers.
        """
        if not len(arguments.items("numbers", numbers)):
            raise ValueError("numbers must be a list of at least one number, got none")
        given = arguments.integers("numbers", numbers, None, least=1, most=self.values)
        return answers(self, given[None].astype("int32"))[0].tolist()

    def get_config(self) -> dict:
        """What the constructor needs to make the model again."""
        mine = {"values": self.values, "units": self.units, "layers": self.depth}
        return {"name": self.name, **mine}


def answers(sorter: Sorter, lists: np.ndarray, batch_size: int = 500) -> np.ndarray:
    """What the network says: integers (batch, time), 0 where a list is padded.

    Raises:
        ValueError: If a value is not from 0 to the largest that the network sorts, a 0 stands
            before a number, or batch_size is not positive.
        TypeError: If an argument is of another kind.
    """
    arguments.instance("sorter", sorter, Sorter)
    lists = _checked("lists", lists, sorter.values).astype("int32", copy=False)
    arguments.whole("batch_size", batch_size)
    if not lists.size:
        return lists
    said = [
        np.asarray(_said(sorter, tf.constant(lists[start : start + batch_size])))
        for start in range(0, len(lists), batch_size)
    ]
    return np.concatenate(said) * (lists > 0)


@tf.function(reduce_retracing=True)
def _said(sorter, lists):
    return tf.argmax(sorter(lists), axis=-1, output_type=tf.int32) + 1


def accuracy(said: np.ndarray, lists: np.ndarray) -> tuple[float, float]:
    """Share of elements and share of whole lists that are right; padding does not count.

    Raises:
        ValueError: If the shapes differ, there is no number, or a 0 stands before one.
        TypeError: If an argument does not hold whole numbers.
    """
    lists = _checked("lists", lists)
    said = arguments.integers("said", said, ..., least=-arguments.LARGEST)
    if said.shape != lists.shape or not lists.any():
        raise ValueError(
            f"said must have the shape of lists, in which there are numbers, got {said.shape} "
            f"and {lists.shape}"
        )
    right, counts = said == in_order(lists), lists > 0
    return float(right[counts].mean()), float((right | ~counts).all(axis=1).mean())


def in_order(lists: np.ndarray) -> np.ndarray:
    """Each list sorted, the padding still behind it.

    Raises:
        ValueError: If lists are not of the shape (batch, time), or a 0 stands before a number.
        TypeError: If they do not hold whole numbers.
    """
    lists = _checked("lists", lists)
    wanted = np.sort(np.where(lists > 0, lists, np.iinfo(lists.dtype).max), axis=1)
    return np.where(lists > 0, wanted, 0)


def _checked(name: str, lists, most: int = arguments.LARGEST) -> np.ndarray:
    """Lists as they should be: integers (batch, time), 0 behind the end of a list alone."""
    lists = arguments.integers(name, lists, ..., most=most)
    if lists.ndim != 2:
        raise ValueError(f"{name} must have the shape (batch, time), got {lists.shape}")
    if (lists[:, 1:].astype(bool) > lists[:, :-1].astype(bool)).any():
        raise ValueError(
            f"{name} must have zeros behind the numbers alone, got one before a number"
        )
    return lists


@arguments.checked
def draw(
    rng: np.random.Generator,
    count: int,
    lengths: int | Sequence[int] | np.ndarray,
    *,
    size: int | None = None,
    values: int = 32,
    odd: float = 0.0,
) -> np.ndarray:
    """Lists of numbers, each number as likely as any other; some of the lists odd, if asked.

    In an odd list some numbers are likelier than others: from hardly, to a single number only.
    One third each of the odd lists are as drawn, in increasing and in decreasing order.

    Args:
        rng: Where chance comes from.
        count: Number of lists.
        lengths: Length of all lists, or integers (count,), from 1 on.
        size: Of the array, by default the longest list.
        values: The largest number.
        odd: Share of odd lists.

    Returns:
        Integers (count, size).

    Raises:
        ValueError: If the lengths are not as many as lists, a list does not fit into the size, or a
            number is out of its range.
        TypeError: If an argument is of another kind.
    """
    arguments.whole("count", count, most=arguments.MANY)
    arguments.whole("values", values, most=arguments.MANY)
    arguments.number("odd", odd, least=0, most=1)
    lengths = arguments.integers("lengths", lengths, ..., least=1, most=arguments.MANY)
    if lengths.shape not in ((), (count,)):
        raise ValueError(f"lengths must be one, or {count}, got shape {lengths.shape}")
    lengths = np.broadcast_to(lengths, count)
    longest = int(lengths.max())
    size = longest if size is None else arguments.whole("size", size, longest, arguments.MANY)
    lists = rng.integers(1, values + 1, (count, size))
    chosen = np.flatnonzero(rng.random(count) < odd)
    lists[chosen] = _uneven(rng, len(chosen), size, values)
    lists *= np.arange(size) < lengths[:, None]
    order = rng.integers(0, 3, len(chosen))
    rising, falling = chosen[order == 1], chosen[order == 2]
    lists[rising] = in_order(lists[rising])
    lists[falling] = -np.sort(-lists[falling], axis=1)
    return lists.astype("int32")


def _uneven(rng: np.random.Generator, count: int, size: int, values: int) -> np.ndarray:
    """Lists in which the numbers have the chances ``w**p / sum``: w exponential, p up to 10."""
    powers = rng.uniform(0, 10, (count, 1))
    logs = powers * np.log(rng.exponential(size=(count, values)))
    chances = np.exp(logs - logs.max(axis=1, keepdims=True))
    limits = np.cumsum(chances / chances.sum(axis=1, keepdims=True), axis=1)[:, None, :-1]
    return 1 + (rng.random((count, size, 1)) > limits).sum(axis=-1)


def loss(sorter: Sorter, lists, wanted):
    """The cross-entropy, averaged over each list and then over the lists.

    Args:
        sorter: The network.
        lists: Integers (batch, time), 0 behind the end of a list.
        wanted: The same in order.
    """
    counts = tf.cast(wanted > 0, "float32")  # (batch, time)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=tf.maximum(wanted - 1, 0), logits=sorter(lists)
    )
    return tf.reduce_mean(tf.reduce_sum(counts * losses, axis=1) / tf.reduce_sum(counts, axis=1))


@arguments.checked
def compiled_step(sorter: Sorter, optimizer, **how) -> Callable:
    """A training step ``step(lists, wanted) -> loss``.

    Args:
        sorter: The network.
        optimizer: A Keras optimiser.
        how: As for :func:`rnncourse.training.compiled_step`.

    Raises:
        ValueError: As for :func:`rnncourse.training.compiled_step`.
        TypeError: If an argument is of another kind.
    """
    sorter.build()
    variables = sorter.trainable_variables
    return training.compiled_step(partial(loss, sorter), variables, optimizer, **how)


@arguments.checked
def train(
    sorter: Sorter,
    optimizer,
    batches: Iterable[np.ndarray],
    watch: Callable[[int], None] | None = None,
    jit_compile: bool = True,
) -> training.History:
    """Train on batches of lists.

    Args:
        sorter: The network.
        optimizer: A Keras optimiser.
        batches: Integers (batch, time) with an even batch, as each core takes a half; one shape for
            all, or each new one is compiled anew.
        watch: Called with the number of steps made, after each; its time is not counted.
        jit_compile: Whether XLA compiles the step.

    Returns:
        The loss of each step, and the wall-clock time, compiling included.

    Raises:
        ValueError: If a batch is odd, or a list is empty or not as for :func:`answers`.
        TypeError: If an argument is of another kind.
    """

    def pairs():
        for lists in batches:
            lists = _checked("batches", lists, sorter.values)
            if not lists.size or len(lists) % 2 or not lists[:, 0].all():
                raise ValueError(
                    "batches must hold an even number of lists, each with a number, "
                    f"got shape {lists.shape}"
                )
            yield lists, in_order(lists)

    step = compiled_step(sorter, optimizer, jit_compile=jit_compile)
    return training.take_steps(step, pairs(), watch)
