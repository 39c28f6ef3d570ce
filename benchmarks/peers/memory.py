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


class PlainLSTM(cells.LSTMCell):
    """The same cell; what the loop cannot know is that its past comes in one product."""

    def step(self, projected, states):
        """As it is."""
        return super().step(projected, states)


CELLS = {"LSTM": cells.LSTMCell, "minGRU": cells.MinGRUCell}
PLAIN = "dynamic, TensorFlow's gradient"


def static(cell, x):
    """A chain of copies of the cell."""
    return unroll.static_rnn(cell, tf.unstack(x, axis=1))[0][-1]


def dynamic(cell, x):
    """A loop."""
    return unroll.dynamic_rnn(cell, x)[0][:, -1]


def checkpointed(cell, x):
    """Compiled loops over chunks; each is run again on the way back, from the states before it."""
    several = not isinstance(cell.state_size, int)

    @tf.function
    @tf.recompute_grad
    def read(x, *states):
        given = list(states) if several else states[0]
        return tf.nest.flatten(unroll.dynamic_rnn(cell, x, initial_state=given)[1])

    states = tf.nest.flatten(cell.get_initial_state(BATCH))
    for start in range(0, x.shape[1], CHUNK):
        states = read(x[:, start : start + CHUNK], *states)
    return states[0]


def parallel(cell, x):
    """A parallel scan."""
    return scan.parallel_rnn(cell, x)[0][:, -1]


FORMS = {
    "static": static,
    "dynamic": dynamic,
    PLAIN: dynamic,
    "checkpointed": checkpointed,
    "parallel scan": parallel,
}


def peak() -> float:
    """The most memory that this process has held, in MiB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def main(form: str, kind: str, steps: int) -> None:
    """Measure one."""
    tf.keras.utils.set_random_seed(0)
    cell = PlainLSTM(UNITS) if form == PLAIN else CELLS[kind](UNITS)
    cell.build((BATCH, FEATURES))
    weights = [v.value for v in cell.trainable_variables]

    def gradient(x):
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(FORMS[form](cell, x) ** 2)
        return tape.gradient(total, weights)

    if form != "checkpointed":  # whose chunks are compiled
        time = None if FORMS[form] is dynamic else steps
        signature = [tf.TensorSpec([BATCH, time, FEATURES])]
        gradient = tf.function(gradient, input_signature=signature)

    @tf.function
    def warm(x):  # what TensorFlow needs once, whatever runs
        return tf.gradients(tf.reduce_sum(tf.tanh(tf.matmul(x, x)) ** 2), x)

    def run(steps: int) -> list[np.ndarray]:
        x = np.random.default_rng(0).normal(size=(BATCH, steps, FEATURES))
        return [g.numpy() for g in gradient(tf.constant(x, tf.float32))]

    warm(tf.ones((64, 64)))
    if FORMS[form] in (dynamic, checkpointed):
        run(2 * CHUNK)  # their graphs serve any number of steps
    baseline = peak()
    values = run(steps)
    size = float(sum(np.abs(v).sum() for v in values))
    print(json.dumps({"baseline": baseline, "peak": peak(), "gradient": size}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
