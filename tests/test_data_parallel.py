"""Shares of a mini-batch: who reads what, sums over workers, and going on from a backup."""

import numpy as np
import pytest
import tensorflow as tf

from rnncourse import data_parallel, training, workers

BATCH, STEPS = 8, 4


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(0)
    return rng.random((40, 5, 6), "float32"), rng.integers(0, 10, 40).astype("int32")


@pytest.fixture
def one():
    return tf.distribute.OneDeviceStrategy("/cpu:0")


def reader(strategy):
    training.seed_everything(0)
    return data_parallel.Reader(strategy, batch=BATCH, features=6)


def trained(strategy, pictures, steps):
    network = reader(strategy)
    batches = data_parallel.feed(strategy, *pictures, BATCH)
    losses = data_parallel.train(network, batches, 0, steps)
    return network, losses


def test_the_first_loss_is_the_mean_cross_entropy_of_the_batch(one, pictures):
    x, y = (part[:BATCH] for part in pictures)
    network = reader(one)
    scores = network.scores(x).numpy().astype(float)
    log_sum = np.log(np.exp(scores).sum(1))
    wanted = np.mean(log_sum - scores[np.arange(BATCH), y])
    assert trained(one, pictures, 1)[1] == pytest.approx([wanted], abs=1e-5)


def test_the_first_step_goes_down_the_gradient(one, pictures):
    network = reader(one)
    before = network.values()
    gradients = network.gradients(*(part[:BATCH] for part in pictures))
    row = np.concatenate([gradient.numpy().ravel() for gradient in gradients])
    network.step(*(part[:BATCH] for part in pictures))
    np.testing.assert_allclose(network.values(), before - 0.1 * row, atol=1e-6)


def test_shares_add_up_to_the_whole(one, pictures):
    x, y = (part[:BATCH] for part in pictures)
    network = reader(one)
    whole = network.gradients(x, y)
    parts = [network.gradients(x[i::2], y[i::2]) for i in (0, 1)]
    for together, first, second in zip(whole, *parts, strict=True):
        np.testing.assert_allclose(first + second, together, atol=1e-6)


def test_the_feed_goes_round_and_starts_where_it_is_told(one, pictures):
    batches = data_parallel.feed(one, *pictures, BATCH, start=4)
    numbers, x, _ = next(batches)
    assert numbers.numpy().tolist() == list(range(32, 40))
    np.testing.assert_array_equal(x, pictures[0][32:])
    assert next(batches)[0].numpy().tolist() == list(range(8))


def test_a_faulty_sharding_is_refused(one, pictures):
    with pytest.raises(ValueError, match=r"'by hand' or one of .*AUTO.*, got 'fairly'"):
        data_parallel.feed(one, *pictures, BATCH, "fairly")


def test_training_goes_on_from_a_backup_as_if_nothing_had_happened(one, pictures, tmp_path):
    whole, losses = trained(one, pictures, 2 * STEPS)
    first, _ = trained(one, pictures, STEPS)
    data_parallel.Backup(first, tmp_path, 0).save(STEPS)

    second = reader(one)
    assert data_parallel.Backup(second, tmp_path, 1).restore() == STEPS
    batches = data_parallel.feed(one, *pictures, BATCH, start=STEPS)
    rest = data_parallel.train(second, batches, STEPS, 2 * STEPS)
    assert rest == losses[STEPS:]
    np.testing.assert_array_equal(second.values(), whole.values())


def test_without_a_backup_it_starts_anew(one, tmp_path):
    assert data_parallel.Backup(reader(one), tmp_path, 0).restore() == 0
    nowhere = data_parallel.Backup(reader(one), None, 0)
    nowhere.save(3)
    assert nowhere.restore() == 0


def test_two_workers_do_what_one_process_does(one, pictures, tmp_path):
    x, y = pictures
    np.savez(tmp_path / "data.npz", x=x, y=y)
    options = {"data": tmp_path / "data.npz", "result": tmp_path / "run.npz"}
    options |= {"steps": STEPS, "batch": BATCH}
    words = [word for key, value in options.items() for word in (f"--{key}", value)]
    with workers.start("rnncourse.data_parallel", words, count=2) as crew:
        printed = crew.gather(timeout=120)
    alone, losses = trained(one, pictures, STEPS)
    with np.load(tmp_path / "run.npz") as run:
        np.testing.assert_allclose(run["losses"], losses, atol=1e-5)
        np.testing.assert_allclose(run["weights"], alone.values(), atol=1e-5)
    assert "reads [0 2 4 6] ... 6" in printed[0]
    assert "reads [1 3 5 7] ... 7" in printed[1]
    assert printed[0].endswith(f"sums over the workers in a step: [{alone.values().size}, 1]")
