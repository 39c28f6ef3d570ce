"""TensorFlow 1's own functions as an oracle: both ends of a conversation between two processes.

TensorFlow 1's cells and unrollers still run under TensorFlow 2, with ``tf_keras`` and in a process
where ``TF_USE_LEGACY_KERAS`` was set before TensorFlow was imported. A test describes its cases and
calls :func:`ask`, which runs this file as a script; the script answers with outputs, final states
and gradients. Arrays travel as ``.npz`` without pickles, what is not an array as JSON beside them.
Everything here has TensorFlow 1's layout and names; to translate is the business of the tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

Arrays = dict[str, np.ndarray]


@dataclass
class Case:
    """One call of a function of TensorFlow 1.

    Attributes:
        function: ``static_rnn``, ``dynamic_rnn`` or ``bidirectional_dynamic_rnn``.
        cells: Layers from the bottom up, each the name of a class in ``tf.nn.rnn_cell`` and the
            arguments to make it with; one list a direction.
        weights: One dictionary a layer, in the same order: end of the variable's name -> value.
        inputs: Array of shape (batch, time, features); its dtype is that of everything.
        lengths: Integers of shape (batch,), or None.
        states: Initial states in TensorFlow 1's order, flat, or None for zeros.
        output_factors: One array a direction; with ``state_factors`` the linear function of outputs
            and final states whose gradients are wanted.
        state_factors: One array a state, flat.
    """

    function: str
    cells: list[list[tuple[str, dict]]]
    weights: list[Arrays]
    inputs: np.ndarray
    lengths: np.ndarray | None
    states: list[np.ndarray] | None
    output_factors: list[np.ndarray]
    state_factors: list[np.ndarray]


@dataclass
class Answer:
    """What came out, as a flat dictionary: ``outputs/0``, ``states/0``, ``gradient/inputs``, ..."""

    arrays: Arrays = field(default_factory=dict)

    def add(self, name: str, values) -> None:
        """Put in a list as ``name/0``, ``name/1``, ..., or a dictionary as ``name/key``."""
        items = values.items() if isinstance(values, dict) else enumerate(values)
        for key, value in items:
            self.arrays[f"{name}/{key}"] = np.asarray(value)


def ask(cases: list[Case], timeout: float = 120) -> list[Arrays]:
    """Run the cases under TensorFlow 1's functions, in a process of its own.

    Raises:
        RuntimeError: If the process fails; the message holds what it said last.
    """
    with tempfile.TemporaryDirectory() as folder:
        question, answer = Path(folder, "question.npz"), Path(folder, "answer.npz")
        _write(question, cases)
        done = subprocess.run(
            [sys.executable, __file__, str(question), str(answer)],
            env=os.environ | {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if done.returncode:
            raise RuntimeError(f"the oracle failed:\n{done.stderr[-3000:]}")
        answers: list[Arrays] = [{} for _ in cases]
        with np.load(answer, allow_pickle=False) as file:
            for name in file.files:
                number, _, rest = name.partition("/")
                answers[int(number)][rest] = file[name]
    return answers


def _write(path: Path, cases: list[Case]) -> None:
    arrays, spec = {}, []
    for number, case in enumerate(cases):
        given = Answer({"inputs": case.inputs})
        if case.lengths is not None:
            given.arrays["lengths"] = case.lengths
        for layer, weights in enumerate(case.weights):
            given.add(f"weights/{layer}", weights)
        given.add("states", case.states or [])
        given.add("output_factors", case.output_factors)
        given.add("state_factors", case.state_factors)
        arrays |= {f"{number}/{name}": value for name, value in given.arrays.items()}
        spec.append({"function": case.function, "cells": case.cells})
    np.savez(path, spec=np.array(json.dumps(spec)), **arrays)


def main(question: str, answer: str) -> None:
    """Answer a file of cases with a file of results."""
    import tensorflow.compat.v1 as tf1

    tf1.logging.set_verbosity(tf1.logging.ERROR)
    tf1.disable_control_flow_v2()  # loops and branches as TensorFlow 1 built them
    tf1.disable_resource_variables()
    results: Arrays = {}
    with np.load(question, allow_pickle=False) as file:
        everything = {name: file[name] for name in file.files}
    for number, spec in enumerate(json.loads(str(everything["spec"]))):
        start = f"{number}/"
        given = {k.removeprefix(start): v for k, v in everything.items() if k.startswith(start)}
        with tf1.Graph().as_default():
            result = _run(tf1, spec, given)
        results |= {f"{number}/{name}": value for name, value in result.items()}
    np.savez(answer, **results)


def _run(tf1, spec: dict, given: Arrays) -> Arrays:
    """Build one graph, run it once."""
    dtype = tf1.as_dtype(given["inputs"].dtype)
    inputs = tf1.placeholder(dtype, [None, *given["inputs"].shape[1:]])
    lengths = tf1.constant(given["lengths"]) if "lengths" in given else None
    layers = [
        [getattr(tf1.nn.rnn_cell, kind)(**arguments) for kind, arguments in direction]
        for direction in spec["cells"]
    ]
    cells = [d[0] if len(d) == 1 else tf1.nn.rnn_cell.MultiRNNCell(d) for d in layers]
    start = _list(given, "states") or None
    if start:
        (cell,) = cells
        start = tf1.nest.pack_sequence_as(cell.state_size, [tf1.constant(s) for s in start])
    common = {"sequence_length": lengths, "dtype": dtype}
    if spec["function"] == "bidirectional_dynamic_rnn":
        outputs, state = tf1.nn.bidirectional_dynamic_rnn(*cells, inputs, **common)
    elif spec["function"] == "dynamic_rnn":
        outputs, state = tf1.nn.dynamic_rnn(cells[0], inputs, initial_state=start, **common)
    else:
        steps = tf1.unstack(inputs, axis=1)
        steps, state = tf1.nn.static_rnn(cells[0], steps, initial_state=start, **common)
        outputs = tf1.stack(steps, axis=1)
    outputs, states = tf1.nest.flatten(outputs), tf1.nest.flatten(state)

    factors = _list(given, "output_factors") + _list(given, "state_factors")
    values = outputs + states
    total = tf1.add_n([tf1.reduce_sum(v * f) for v, f in zip(values, factors, strict=True)])
    variables = {}
    for number, layer in enumerate(layer for direction in layers for layer in direction):
        for name in (n for n in given if n.startswith(f"weights/{number}/")):
            ending = name.split("/", 2)[2]
            (variables[name],) = (v for v in layer.variables if v.op.name.endswith("/" + ending))
        assert len(layer.variables) == sum(n.startswith(f"weights/{number}/") for n in given)
    wanted = {"inputs": inputs} | variables
    gradients = tf1.gradients(total, list(wanted.values()), unconnected_gradients="zero")
    plain = tf1.ConfigProto()
    plain.graph_options.rewrite_options.disable_meta_optimizer = True  # not worth it for one run
    with tf1.Session(config=plain) as session:
        session.run([tf1.assign(variable, given[name]) for name, variable in variables.items()])
        fetched = session.run([outputs, states, gradients], {inputs: given["inputs"]})
    answer = Answer()
    answer.add("outputs", fetched[0])
    answer.add("states", fetched[1])
    answer.add("gradient", dict(zip(wanted, fetched[2], strict=True)))
    return answer.arrays


def _list(given: Arrays, name: str) -> list[np.ndarray]:
    count = sum(n.startswith(name + "/") for n in given)
    return [given[f"{name}/{i}"] for i in range(count)]


if __name__ == "__main__":
    main(*sys.argv[1:])
