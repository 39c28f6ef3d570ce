"""One network trained by several workers, each with a share of every mini-batch.

Run by :mod:`rnncourse.workers`, once a worker:
``python -m rnncourse.data_parallel --data digits.npz --result run.npz --steps 200``.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from rnncourse import training
from rnncourse.cells import GRUCell
from rnncourse.unroll import dynamic_rnn


class Reader:
    """A recurrent network that reads pictures row by row, copied to every replica of a strategy.

    Args:
        strategy: A ``tf.distribute.Strategy``.
        batch: Pictures of a step, all replicas together.
        features: Pixels of a row.
        units: Size of the state.
        rate: Learning rate of gradient descent with momentum 0.9.
    """

    def __init__(self, strategy, *, batch=128, features=28, units=48, rate=0.1):
        self.strategy, self.batch = strategy, batch
        with strategy.scope():  # variables made in here are copied to every replica
            self.cell = GRUCell(units)
            self.answer = keras.layers.Dense(10)
            self.cell.build((None, features))
            self.answer.build((None, units))
            self.weights = self.cell.trainable_weights + self.answer.trainable_weights
            self.optimizer = keras.optimizers.SGD(rate, momentum=0.9)
            self.optimizer.build(self.weights)

    def scores(self, x):
        """Logits of shape (batch, 10), of pictures of shape (batch, time, features)."""
        _, state = dynamic_rnn(self.cell, x)
        return self.answer(state)

    def share(self, x, y):
        """What one replica adds to the loss and to its gradients."""
        with tf.GradientTape() as tape:
            costs = tf.nn.sparse_softmax_cross_entropy_with_logits(y, self.scores(x))
            loss = tf.reduce_sum(costs) / self.batch  # by the whole batch, not by the share
        return loss, tape.gradient(loss, self.weights)

    def learn(self, x, y):
        """One replica's part of a step."""
        loss, gradients = self.share(x, y)
        self.optimizer.apply(gradients, self.weights)  # adds up those of all replicas first
        return loss

    @tf.function
    def step(self, x, y):
        """One step of all replicas together; returns the loss of the whole batch."""
        losses = self.strategy.run(self.learn, args=(x, y))
        return self.strategy.reduce("SUM", losses, axis=None)

    @tf.function
    def gradients(self, x, y):
        """The gradients of the whole batch, summed over the replicas."""
        _, shares = self.strategy.run(self.share, args=(x, y))
        return [self.strategy.reduce("SUM", share, axis=None) for share in shares]

    def values(self) -> np.ndarray:
        """All weights in one row."""
        return np.concatenate([weight.numpy().ravel() for weight in self.weights])


def shared_by_hand(strategy, examples: tf.data.Dataset, batch: int):
    """Give worker i of n the examples i, i + n, i + 2n, ..., in mini-batches of its share."""

    def mine(context):
        my_examples = examples.shard(context.num_input_pipelines, context.input_pipeline_id)
        return my_examples.batch(batch // context.num_replicas_in_sync)

    return strategy.distribute_datasets_from_function(mine)


def shared_by_policy(strategy, examples: tf.data.Dataset, batch: int, policy):
    """Let TensorFlow cut the mini-batches up, or tell it not to."""
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = policy
    whole = examples.batch(batch).with_options(options)
    return strategy.experimental_distribute_dataset(whole)


def feed(strategy, x, y, batch: int, sharding: str = "by hand", start: int = 0):
    """An endless iterator of mini-batches ``(numbers, x, y)``, shared out among the workers.

    Args:
        strategy: A ``tf.distribute.Strategy``.
        x: Pictures, an array of shape (pictures, time, features).
        y: Their classes, integers of shape (pictures,).
        batch: Pictures of a step, all replicas together.
        sharding: ``by hand``, or the name of a ``tf.data.experimental.AutoShardPolicy``.
        start: Steps that have been made already, whose pictures are passed over.

    Raises:
        ValueError: If the sharding is unknown, or the batch cannot be shared out equally.
    """
    policies = tf.data.experimental.AutoShardPolicy.__members__
    if sharding != "by hand" and sharding not in policies:
        known = ", ".join(policies)
        raise ValueError(f"sharding must be 'by hand' or one of {known}, got {sharding!r}")
    if batch % strategy.num_replicas_in_sync:
        replicas = strategy.num_replicas_in_sync
        raise ValueError(f"batch must be a multiple of the {replicas} replicas, got {batch}")
    numbers = np.arange(len(x))
    examples = tf.data.Dataset.from_tensor_slices((numbers, x, y)).repeat().skip(start * batch)
    if sharding == "by hand":
        return iter(shared_by_hand(strategy, examples, batch))
    return iter(shared_by_policy(strategy, examples, batch, policies[sharding]))


class Backup:
    """What is needed to go on: weights, the optimiser's memory, and how many steps were made.

    Every worker writes, since TensorFlow may have to ask all of them for a value, but each into a
    folder of its own; all read what the chief, worker 0, has written.

    Args:
        reader: The network.
        folder: Where backups are kept; none are made without.
        me: Number of this worker.
    """

    def __init__(self, reader: Reader, folder: Path | None, me: int):
        self.steps = tf.Variable(0, dtype=tf.int64, trainable=False)  # made so far
        parts = dict(cell=reader.cell, answer=reader.answer, optimizer=reader.optimizer)
        self.checkpoint = tf.train.Checkpoint(steps=self.steps, **parts)
        self.folder, self.me = folder, me

    def restore(self) -> int:
        """Take back the chief's last backup, if there is one; returns the steps it had made."""
        found = self.folder and tf.train.latest_checkpoint(self.folder / "worker0")
        if found:
            self.checkpoint.restore(found).assert_consumed()
        return int(self.steps)

    def save(self, steps: int) -> None:
        """Write a backup, whole or not at all, and drop the one before."""
        if self.folder:
            self.steps.assign(steps)
            mine = self.folder / f"worker{self.me}"
            tf.train.CheckpointManager(self.checkpoint, mine, max_to_keep=1).save(steps)


def numbers_exchanged(reader: Reader, x, y) -> list[int]:
    """How many numbers each sum over the workers takes in a step, read off the step's graph."""
    operations = reader.step.get_concrete_function(x, y).graph.get_operations()
    sums = [each for each in operations if each.type == "CollectiveReduceV2"]
    return [each.inputs[0].shape.num_elements() for each in sums]


def train(reader: Reader, batches, start: int, steps: int, after_step=lambda made: None):
    """Make the steps after the first ``start``, up to ``steps``; returns their losses."""
    losses = []
    for made in range(start + 1, steps + 1):
        _, x, y = next(batches)
        losses.append(float(reader.step(x, y)))
        after_step(made)
    return losses


def work(data, result, steps, batch=128, sharding="by hand", backup=None, every=0, halt=None):
    """What every worker does: the same program, with a share of its own.

    Args:
        data: File with the pictures ``x`` and their classes ``y``.
        result: File for what came of it; the chief writes it.
        steps: Steps to make in all, those of the backup included.
        batch: Pictures of a step, all workers together.
        sharding: As for :func:`feed`.
        backup: Folder for backups.
        every: Steps between two backups.
        halt: Worker and step after which it stands still.
    """
    tf.config.threading.set_intra_op_parallelism_threads(1)
    ring = tf.distribute.experimental.CommunicationImplementation.RING
    strategy = tf.distribute.MultiWorkerMirroredStrategy(  # finds the others by TF_CONFIG
        communication_options=tf.distribute.experimental.CommunicationOptions(implementation=ring)
    )
    me = strategy.cluster_resolver.task_id
    training.seed_everything(0)  # the same weights to begin with, everywhere
    with np.load(data, allow_pickle=False) as arrays:
        x, y = arrays["x"], arrays["y"]
    reader = Reader(strategy, batch=batch, features=x.shape[-1])
    backups = Backup(reader, backup, me)
    start = backups.restore()
    numbers, *first = next(feed(strategy, x, y, batch, sharding, start))
    mine = strategy.experimental_local_results(numbers)[0].numpy()
    print(f"{start} steps made; reads {mine[:4]} ... {mine[-1]}", flush=True)
    gradients = reader.gradients(*first)

    ends = []  # when each step was done, in seconds of some clock

    def after_step(made: int):
        ends.append(time.perf_counter())
        if every and made % every == 0:
            backups.save(made)
        if halt == (me, made):
            print("stands still", flush=True)
            time.sleep(3600)

    batches = feed(strategy, x, y, batch, sharding, start)
    try:
        losses = train(reader, batches, start, steps, after_step)
    except tf.errors.OpError:
        print("lost another worker", flush=True)
        raise
    if me == 0:
        row = np.concatenate([gradient.numpy().ravel() for gradient in gradients])
        print(f"sums over the workers in a step: {numbers_exchanged(reader, *first)}", flush=True)
        np.savez(result, weights=reader.values(), gradients=row, losses=losses, ends=ends)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind in (("data", Path), ("result", Path), ("steps", int)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--sharding", default="by hand")
    parser.add_argument("--backup", type=Path)
    parser.add_argument("--every", type=int, default=0)
    parser.add_argument("--halt", type=lambda text: tuple(map(int, text.split(":"))))
    work(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
