"""Memory of one gradient: a form and a number of steps, in a process that does nothing else.

``python benchmarks/peers/memory.py dynamic LSTM 256`` prints a line of JSON with ``baseline``, what
the process holds before, and ``peak``, the most it holds until the gradient is there, in MiB.
"""

import json
import resource
import sys

import numpy as np
import tensorflow as tf

from rnncourse import cells, scan, unroll

BATCH, FEATURES, UNITS, CHUNK = 32, 32, 128, 32
CELLS = {"LSTM": cells.LSTMCell, "minGRU": cells.MinGRUCell}


def static(cell, x):
    """A chain of copies of the cell."""
    return unroll.static_rnn(cell, tf.unstack(x, axis=1))[0][-1]


def dynamic(cell, x):
    """A loop."""
    return unroll.dynamic_rnn(cell, x)[0][:, -1]


def checkpointed(cell, x):
    """A loop whose chunks keep nothing but the state between them, and are run again."""

    @tf.recompute_grad
    def read(x, *states):
        given = states[0] if isinstance(cell.state_size, int) else list(states)
        outputs, after = unroll.dynamic_rnn(cell, x, initial_state=given)
        return [outputs[:, -1], *tf.nest.flatten(after)]

    states = cell.get_initial_state(BATCH)
    for start in range(0, x.shape[1], CHUNK):
        last, *states = read(x[:, start : start + CHUNK], *states)
    return last


def parallel(cell, x):
    """A parallel scan."""
    return scan.parallel_rnn(cell, x)[0][:, -1]


FORMS = {
    "static": static,
    "dynamic": dynamic,
    "checkpointed": checkpointed,
    "parallel scan": parallel,
}


def peak() -> float:
    """The most memory that this process has held, in MiB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def main(form: str, kind: str, steps: int) -> None:
    """Measure one."""
    cell = CELLS[kind](UNITS)
    cell.build((BATCH, FEATURES))

    @tf.function
    def gradient(x):
        total = tf.reduce_sum(FORMS[form](cell, x) ** 2)
        return tf.gradients(total, [v.value for v in cell.trainable_variables])

    @tf.function
    def warm(x):  # what TensorFlow needs once, whatever runs
        return tf.gradients(tf.reduce_sum(tf.tanh(tf.matmul(x, x)) ** 2), x)

    warm(tf.ones((64, 64)))
    x = tf.constant(np.random.default_rng(0).normal(size=(BATCH, steps, FEATURES)), tf.float32)
    baseline = peak()
    for _ in range(2):
        values = [g.numpy() for g in gradient(x)]
    size = float(sum(np.abs(v).sum() for v in values))
    print(json.dumps({"baseline": baseline, "peak": peak(), "gradient": size}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
