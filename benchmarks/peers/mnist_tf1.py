"""Digits read row by row, by TensorFlow 1, in a graph and a session.

``python mnist_tf1.py 150 data.npz 5``: layers of basic neurons, their sizes joined by commas, and
so many epochs of Adam with mini-batches of 150. One layer of 150 neurons is the network of the
slides; three layers of 100 with ReLU that of the first edition of Hands-On Machine Learning. Needs
``TF_USE_LEGACY_KERAS=1``. Prints a line of JSON: seconds of training, share of test pictures read
right.
"""

import json
import sys
import time

import numpy as np
import tensorflow.compat.v1 as tf1

BATCH, RATE = 150, 0.001


def main(layers: str, file: str, epochs: int) -> None:
    """Train and test."""
    tf1.logging.set_verbosity(tf1.logging.ERROR)
    tf1.disable_control_flow_v2()
    tf1.disable_resource_variables()
    tf1.disable_eager_execution()
    tf1.set_random_seed(0)
    with np.load(file, allow_pickle=False) as data:
        x, y, x_test, y_test = (data[name] for name in ("x", "y", "x_test", "y_test"))
    sizes = [int(size) for size in layers.split(",")]
    given = tf1.placeholder(tf1.float32, [None, 28, 28])
    wanted = tf1.placeholder(tf1.int32, [None])
    activation = tf1.nn.relu if len(sizes) > 1 else None
    cells = [tf1.nn.rnn_cell.BasicRNNCell(size, activation=activation) for size in sizes]
    cell = tf1.nn.rnn_cell.MultiRNNCell(cells) if len(cells) > 1 else cells[0]
    _, states = tf1.nn.dynamic_rnn(cell, given, dtype=tf1.float32)
    last = tf1.concat(tf1.nest.flatten(states), axis=1)
    dense = tf1.get_variable("dense", (sum(sizes), 10))
    bias = tf1.get_variable("bias", (10,), initializer=tf1.zeros_initializer())
    logits = tf1.matmul(last, dense) + bias
    loss = tf1.reduce_mean(
        tf1.nn.sparse_softmax_cross_entropy_with_logits(labels=wanted, logits=logits)
    )
    move = tf1.train.AdamOptimizer(RATE).minimize(loss)
    rng = np.random.default_rng(0)
    with tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        begin = time.perf_counter()
        for _ in range(epochs):
            order = rng.permutation(len(x))
            for start in range(0, len(x) - BATCH + 1, BATCH):
                some = order[start : start + BATCH]
                session.run(move, {given: x[some], wanted: y[some]})
        seconds = time.perf_counter() - begin
        said = session.run(logits, {given: x_test}).argmax(1)
    right = float(np.mean(said == y_test))
    print(json.dumps({"seconds": seconds, "right": right, "epochs": epochs}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
