"""TensorFlow 1's unrollers in a graph and a session, as forms to be timed.

Needs ``TF_USE_LEGACY_KERAS=1`` in the environment; run by ``benchmarks.speed``. TensorFlow 1's GRU
has its reset gate before the product, which is one product a step more than in the others.
"""

import numpy as np
import tensorflow.compat.v1 as tf1
from talk import CLASSES, Case, serve

tf1.logging.set_verbosity(tf1.logging.ERROR)
tf1.disable_control_flow_v2()  # loops and branches as TensorFlow 1 built them
tf1.disable_resource_variables()

CELLS = {"SimpleRNN": "BasicRNNCell", "LSTM": "BasicLSTMCell", "GRU": "GRUCell"}


def by(unroller: str):
    """A form: one of TensorFlow 1's cells, run by one of its unrollers."""

    def form(case: Case):
        graph = tf1.Graph()
        rng = np.random.default_rng(0)
        x = rng.normal(size=(case.batch, case.time, case.features)).astype("float32")
        labels = rng.integers(0, CLASSES, case.batch).astype("int32")
        with graph.as_default():
            given = tf1.placeholder(tf1.float32, x.shape)
            wanted = tf1.placeholder(tf1.int32, labels.shape)
            cell = getattr(tf1.nn.rnn_cell, CELLS[case.cell])(case.units)
            if unroller == "dynamic_rnn":
                outputs, _ = tf1.nn.dynamic_rnn(cell, given, dtype=tf1.float32)
                last = outputs[:, -1]
            else:
                steps, _ = tf1.nn.static_rnn(cell, tf1.unstack(given, axis=1), dtype=tf1.float32)
                last = steps[-1]
            dense = tf1.get_variable("dense", (case.units, CLASSES))
            logits = tf1.matmul(last, dense)
            loss = tf1.reduce_mean(
                tf1.nn.sparse_softmax_cross_entropy_with_logits(labels=wanted, logits=logits)
            )
            move = tf1.train.GradientDescentOptimizer(0.01).minimize(loss)
            begin = tf1.global_variables_initializer()
        session = tf1.Session(graph=graph)
        session.run(begin)
        feed = {given: x, wanted: labels}
        return {
            "train": lambda: session.run([move, loss], feed),
            "infer": lambda: session.run(logits, feed),
        }

    return form


FORMS = {f"TensorFlow 1, {name}": by(name) for name in ("dynamic_rnn", "static_rnn")}

if __name__ == "__main__":
    import tensorflow as tf

    serve(FORMS, tf.__version__)
