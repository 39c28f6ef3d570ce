"""Our cells beside TensorFlow 1's: which belongs to which, and how weights and states translate.

TensorFlow 1 has one kernel for inputs and state together, other orders of gates (LSTM i c f o, GRU
r z and the candidate apart), a forget bias of 1 that is added to the stored one, and the LSTM's
states as (c, h).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from tf1_oracle import Arrays, Case

from rnncourse import cells, unroll


@dataclass(frozen=True)
class Twin:
    """A cell of ours and the same in TensorFlow 1.

    Attributes:
        make: Makes ours, from units and dtype.
        name: The class in ``tf.nn.rnn_cell``.
        arguments: What to make it with, besides the units.
        translate: Our weights, or gradients with respect to them, in TensorFlow 1's layout.
        states: For each state of TensorFlow 1 in order, its number among ours.
        constant: What TensorFlow 1 adds to its weights on the way; subtracted from weights, not
            from gradients.
    """

    make: Callable
    name: str
    arguments: dict
    translate: Callable[..., Arrays]
    states: tuple[int, ...] = (0,)
    constant: Callable[[Arrays], Arrays] = lambda weights: {}

    def weights(self, ours: list[np.ndarray]) -> Arrays:
        """Our weights as TensorFlow 1 would store them."""
        weights = self.translate(*ours)
        added = self.constant(weights)
        return {name: value - added.get(name, 0) for name, value in weights.items()}


def _basic(kernel, recurrent_kernel, bias) -> Arrays:
    return {"kernel": np.concatenate([kernel, recurrent_kernel]), "bias": bias}


def _lstm(kernel, recurrent_kernel, bias, peepholes=None) -> Arrays:
    i, f, c, o = np.split(np.concatenate([kernel, recurrent_kernel, bias[None]]), 4, axis=1)
    kernel = np.concatenate([i, c, f, o], axis=1)
    weights = {"kernel": kernel[:-1], "bias": kernel[-1]}
    if peepholes is not None:
        weights |= dict(zip(("w_i_diag", "w_f_diag", "w_o_diag"), peepholes, strict=True))
    return weights


def _forget_bias(weights: Arrays) -> Arrays:
    return {"bias": np.repeat([0, 0, 1, 0], len(weights["bias"]) // 4)}


def _gru(kernel, recurrent_kernel, bias) -> Arrays:
    z, r, h = np.split(np.concatenate([kernel, recurrent_kernel, bias[None]]), 3, axis=1)
    gates = np.concatenate([r, z], axis=1)
    return {
        "gates/kernel": gates[:-1],
        "gates/bias": gates[-1],
        "candidate/kernel": h[:-1],
        "candidate/bias": h[-1],
    }


TWINS = {
    "basic": Twin(lambda n, d: cells.ElmanCell(n, dtype=d), "BasicRNNCell", {}, _basic),
    "lstm": Twin(
        lambda n, d: cells.LSTMCell(n, dtype=d), "LSTMCell", {}, _lstm, (1, 0), _forget_bias
    ),
    "peephole": Twin(
        lambda n, d: cells.LSTMCell(n, peephole=True, dtype=d),
        "LSTMCell",
        {"use_peepholes": True},
        _lstm,
        (1, 0),
        _forget_bias,
    ),
    "gru": Twin(lambda n, d: cells.GRUCell(n, dtype=d), "GRUCell", {}, _gru),
}


@dataclass(frozen=True)
class Setup:
    """One comparison: which cells, run how, on what.

    Attributes:
        function: Name of the function, ours and TensorFlow 1's.
        layers: Kinds of cells from the bottom up, names in ``TWINS``.
        lengths: Whether ``sequence_length`` is given.
        started: Whether an initial state is given.
        dtype: Of everything.
        batch: Number of sequences.
        time: Number of steps.
    """

    function: str
    layers: tuple[str, ...]
    lengths: bool = False
    started: bool = False
    dtype: str = "float64"
    batch: int = 5
    time: int = 3

    def __str__(self) -> str:
        words = [self.function, "+".join(self.layers), self.dtype, f"{self.batch}x{self.time}"]
        words += [word for word in ("lengths", "started") if getattr(self, word)]
        return "-".join(words)

    @property
    def directions(self) -> int:
        """Number of cells that run."""
        return 2 if self.function.startswith("bidirectional") else 1

    def units(self, layer: int) -> int:
        """Units of a layer; each has its own number, so that mix-ups show."""
        return 2 + layer


class Comparison:
    """Random numbers for a setup, and the two ways to use them."""

    def __init__(self, setup: Setup, features: int = 3, seed: int = 0):
        self.setup = setup
        self.rng = np.random.default_rng(seed)
        shape = (setup.batch, setup.time, features)
        self.inputs = self.draw(shape)
        self.lengths = None
        if setup.lengths:
            self.lengths = self.rng.integers(0, setup.time + 1, setup.batch).astype("int32")
            self.lengths[: min(2, setup.batch)] = (setup.time, 0)[: setup.batch]
        self.cells = [self._cell(features) for _ in range(setup.directions)]
        sizes = self._in_order(
            [size for cell in self.cells for size in tf.nest.flatten(_listed(cell.state_size))]
        )
        self.states = [self.draw((setup.batch, n)) for n in sizes] if setup.started else None
        last = setup.units(len(setup.layers) - 1)
        self.output_factors = [
            self.draw((setup.batch, setup.time, last)) for _ in range(setup.directions)
        ]
        self.state_factors = [self.draw((setup.batch, n)) for n in sizes]

    def draw(self, shape) -> np.ndarray:
        """Random numbers of the setup's dtype."""
        return self.rng.normal(0, 0.8, shape).astype(self.setup.dtype)

    def case(self) -> Case:
        """The question to TensorFlow 1."""
        setup, twins = self.setup, [TWINS[kind] for kind in self.setup.layers]
        direction = [
            (twin.name, {"num_units": setup.units(n)} | twin.arguments)
            for n, twin in enumerate(twins)
        ]
        weights = [
            twin.weights([w.numpy() for w in layer.weights])
            for cell in self.cells
            for twin, layer in zip(twins, _layers(cell), strict=True)
        ]
        return Case(
            setup.function,
            [direction] * setup.directions,
            weights,
            self.inputs,
            self.lengths,
            self.states,
            self.output_factors,
            self.state_factors,
        )

    def ours(self, wrap: Callable = lambda function: function) -> Arrays:
        """What our function gives, in TensorFlow 1's layout and under the oracle's names.

        Args:
            wrap: Makes something else of the function to run, such as ``tf.function``.
        """
        outputs, states, at_inputs, at_weights = wrap(self._run)(tf.constant(self.inputs))
        results = {"gradient/inputs": at_inputs}
        results |= {f"outputs/{n}": value for n, value in enumerate(outputs)}
        results |= {f"states/{n}": value for n, value in enumerate(states)}
        twins = [TWINS[kind] for kind in self.setup.layers] * self.setup.directions
        for number, (twin, gradients) in enumerate(zip(twins, at_weights, strict=True)):
            translated = twin.translate(*(g.numpy() for g in gradients))
            results |= {f"gradient/weights/{number}/{k}": v for k, v in translated.items()}
        return {name: np.asarray(value) for name, value in results.items()}

    def _run(self, inputs):
        weights = [[w.value for w in layer.weights] for c in self.cells for layer in _layers(c)]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs, states = self._unroll(inputs)
            values = [*outputs, *states]
            factors = self.output_factors + self.state_factors
            total = sum(tf.reduce_sum(v * f) for v, f in zip(values, factors, strict=True))
        at_inputs, at_weights = tape.gradient(
            total, (inputs, weights), unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        return outputs, states, at_inputs, at_weights

    def _unroll(self, inputs):
        start = None
        if self.states is not None:
            (cell,) = self.cells
            start = [tf.constant(s) for s in self._in_order(self.states)]
            listed = isinstance(cell.state_size, list | tuple)
            start = tf.nest.pack_sequence_as(cell.state_size, start) if listed else start[0]
        if self.directions_are_two:
            outputs, states = unroll.bidirectional_dynamic_rnn(*self.cells, inputs, self.lengths)
            outputs = list(outputs)
        elif self.setup.function == "dynamic_rnn":
            output, states = unroll.dynamic_rnn(self.cells[0], inputs, self.lengths, start)
            outputs = [output]
        else:
            steps = tf.unstack(inputs, self.setup.time, axis=1)
            steps, states = unroll.static_rnn(self.cells[0], steps, start, self.lengths)
            outputs = [tf.stack(steps, axis=1)]
        return outputs, self._in_order(tf.nest.flatten(states))

    @property
    def directions_are_two(self) -> bool:
        """Whether there is a forward and a backward cell."""
        return self.setup.directions == 2

    def _in_order(self, states: list) -> list:
        """Our states in TensorFlow 1's order, and the way back: the order is its own inverse."""
        ordered, rest = [], list(states)
        for kind in self.setup.layers * self.setup.directions:
            order = TWINS[kind].states
            ordered += [rest[number] for number in order]
            rest = rest[len(order) :]
        return ordered

    def _cell(self, features: int):
        """Our cell, or the stack of them, with random weights."""
        setup = self.setup
        layers = [
            TWINS[kind].make(setup.units(n), setup.dtype) for n, kind in enumerate(setup.layers)
        ]
        stack = keras.layers.StackedRNNCells(layers, dtype=setup.dtype)
        cell = layers[0] if len(layers) == 1 else stack
        cell.build((setup.batch, features))
        for weight in cell.weights:
            weight.assign(self.draw(weight.shape))
        return cell


def _layers(cell) -> list:
    return cell.cells if isinstance(cell, keras.layers.StackedRNNCells) else [cell]


def _listed(sizes) -> list:
    return list(sizes) if isinstance(sizes, list | tuple) else [sizes]
