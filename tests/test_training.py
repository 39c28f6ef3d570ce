"""The shared training loop: timed, quiet when told, the same twice."""

import time
from collections import Counter

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from rnncourse import training


def small_problem(seed=3):
    training.seed_everything(seed)
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(64, 5, 3)).astype("float32")
    targets = inputs.sum((1, 2))
    model = keras.Sequential([keras.Input((5, 3)), keras.layers.LSTM(8), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model, inputs, targets


def test_two_runs_with_one_seed_are_equal():
    runs = []
    for _ in range(2):
        model, inputs, targets = small_problem()
        runs.append(training.fit(model, inputs, targets, epochs=3, batch_size=16).metrics)
    assert runs[0] == runs[1]


def test_the_environment_moves_the_seed(monkeypatch):
    assert training.seed_everything(3) == 3
    first = np.random.rand()
    monkeypatch.setenv("RNNCOURSE_SEED", "4")
    assert training.seed_everything(3) == 7
    assert np.random.rand() != first


def test_history_has_every_epoch_and_the_validation():
    model, inputs, targets = small_problem()
    history = training.fit(
        model, inputs, targets, epochs=4, batch_size=16, validation=(inputs[:8], targets[:8])
    )
    assert {name: len(values) for name, values in history.metrics.items()} == {
        "loss": 4,
        "val_loss": 4,
    }
    assert history.metrics["loss"][-1] < history.metrics["loss"][0]
    assert history.seconds > 0
    assert repr(history).startswith("4 epochs: loss ")


@pytest.mark.parametrize(("quiet", "bar"), [("1", False), ("", True)])
def test_the_bar_is_for_people(monkeypatch, capsys, quiet, bar):
    monkeypatch.setenv("RNNCOURSE_QUIET", quiet)
    model, inputs, targets = small_problem()
    training.fit(model, inputs, targets, epochs=1, batch_size=16)
    assert ("4/4" in capsys.readouterr().out) == bar


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": np.zeros((0, 5, 3)), "targets": np.zeros(0)}, "inputs must hold at least one"),
        ({"targets": np.zeros(3)}, r"targets must be as many as inputs \(64\), got 3"),
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"batch_size": -1}, "batch_size must be at least 1, got -1"),
    ],
)
def test_bad_arguments_are_named(change, message):
    model, inputs, targets = small_problem()
    arguments = {"inputs": inputs, "targets": targets, "epochs": 1, "batch_size": 16} | change
    with pytest.raises(ValueError, match=message):
        training.fit(model, **arguments)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        training.seed_everything(-1)


def test_a_seed_to_add_is_a_number(monkeypatch):
    monkeypatch.setenv("RNNCOURSE_SEED", "one")
    with pytest.raises(ValueError, match="RNNCOURSE_SEED must be a number such as 1, got 'one'"):
        training.seed_everything(0)


def test_a_history_without_steps_can_be_looked_at():
    assert repr(training.History({"loss": []}, 0.0)) == "0 epochs: "
    assert repr(training.History({}, 0.0)) == "0 epochs: "


def test_what_does_not_fit_the_model_is_refused():
    model, inputs, targets = small_problem()
    with pytest.raises(ValueError, match="inputs must have examples of shape"):
        training.fit(model, inputs[..., :-1], targets, epochs=1, batch_size=16)
    with pytest.raises(ValueError, match="validation must have examples of shape"):
        training.fit(model, inputs, targets, epochs=1, batch_size=16, validation=(targets, targets))
    with pytest.raises(ValueError, match="model must be compiled"):
        training.fit(keras.Sequential(), inputs, targets, epochs=1, batch_size=16)


def test_a_rate_must_have_a_step_to_fall_in():
    with pytest.raises(ValueError, match=r"warmup must leave one of the steps \(4\)"):
        training.warmup_cosine(0.1, 4, warmup=1.0)


def test_warmup_cosine_rises_and_falls():
    rate = training.warmup_cosine(peak=0.01, steps=100, warmup=0.2, final=0.1)
    values = [float(rate(step)) for step in range(101)]
    assert values[0] == pytest.approx(0.0005)
    assert values[20] == pytest.approx(0.01)
    assert values[60] == pytest.approx(0.01 * (0.1 + 0.9 * 0.5))
    assert values[100] == pytest.approx(0.001)
    assert values[:21] == sorted(values[:21])
    assert values[20:] == sorted(values[20:], reverse=True)


def pictures(count=10):
    """Pictures with one bright pixel in the middle of each, and their numbers."""
    x = np.zeros((count, 5, 4), "float32")
    x[:, 2, 2] = 1 + np.arange(count)
    return x, np.arange(count)


@pytest.mark.parametrize("several", [False, True])
def test_shuffled_shows_every_example_once_an_epoch_each_time_otherwise(several):
    x, y = np.arange(10)[:, None] * [1, 10], np.arange(10) * 100
    orders, sizes = [], []
    batches = training.shuffled([x, y] if several else x, y, batch_size=4, seed=0)
    for inputs, targets in batches.take(150):
        here, *more = inputs if several else (inputs,)
        np.testing.assert_array_equal(here, targets[:, None] // 100 * [1, 10])
        assert all(np.array_equal(same, targets) for same in more)
        orders.extend(targets.numpy())
        sizes.append(len(targets))
    assert sizes == 50 * [4, 4, 2]
    epochs = np.reshape(orders, (50, 10))
    assert (np.sort(epochs) == y).all()
    assert len({tuple(epoch) for epoch in epochs}) == 50
    (_, again), *_ = training.shuffled(x, y, batch_size=4, seed=0).take(1)
    np.testing.assert_array_equal(again, orders[:4])
    ((_, other),) = training.shuffled(x, y, batch_size=4, seed=1).take(1)
    assert other.numpy().tolist() != orders[:4]


def test_the_size_of_shuffled_batches_is_known_if_they_have_one():
    for size, known in ((5, 5), (4, None)):
        (x, _) = training.shuffled(np.zeros([10, 3]), np.zeros(10), size, seed=0).element_spec
        assert x.shape.as_list() == [known, 3]


class Sees(keras.Model):
    """Writes down what it is trained on."""

    def __init__(self):
        super().__init__()
        self.dense, self.seen = keras.layers.Dense(1), []

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        tf.py_function(lambda x: self.seen.extend(x.numpy()[:, 0].tolist()), data[:1], [])
        return super().train_step(data)


def test_fit_shuffles_in_every_epoch_and_the_same_with_the_same_seed():
    x, runs = np.arange(8.0)[:, None], []
    for _ in range(2):
        training.seed_everything(0)
        model = Sees()
        model.compile("sgd", "mse")
        training.fit(model, x, x, epochs=3, batch_size=4)
        runs.append(np.reshape(model.seen, [3, 8]))
    np.testing.assert_array_equal(*runs)
    assert len({tuple(epoch) for epoch in runs[0]}) == 3
    assert {tuple(sorted(epoch)) for epoch in runs[0]} == {tuple(range(8))}


def test_keras_alone_repeats_the_first_epoch_as_the_book_says():
    x = np.arange(8.0)[:, None]
    training.seed_everything(0)
    model = Sees()
    model.compile("sgd", "mse")
    model.fit(x, x, epochs=3, batch_size=4, verbose=0)
    assert len({tuple(epoch) for epoch in np.reshape(model.seen, [3, 8])}) == 1


def test_what_shuffled_refuses():
    with pytest.raises(ValueError, match=r"targets must be as many as inputs \(3\), got 2"):
        training.shuffled(np.zeros([3, 1]), np.zeros(2), 1, seed=0)
    with pytest.raises(
        ValueError, match=r"inputs\[1\] must be as many as inputs\[0\] \(3\), got 2"
    ):
        training.shuffled([np.zeros([3, 1]), np.zeros(2)], np.zeros(3), 1, seed=0)
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        training.shuffled(np.zeros([3, 1]), np.zeros(3), 0, seed=0)


def test_distorted_shows_every_picture_once_an_epoch_at_most_a_pixel_away():
    x, y = pictures()
    data = training.Distorted(x, y, batch_size=4, seed=0, stretch=0, slant=0)
    places, orders = [], []
    for _ in range(200):
        batches = [data[i] for i in range(len(data))]
        assert [len(targets) for _, targets in batches] == [4, 4, 2]
        orders.append(np.concatenate([targets for _, targets in batches]))
        assert sorted(orders[-1]) == y.tolist()
        for moved, targets in batches:
            assert moved.shape == (len(targets), 5, 4)
            which, row, column = np.nonzero(moved)
            np.testing.assert_array_equal(moved[which, row, column], 1 + targets)
            places += zip(row.tolist(), column.tolist(), strict=True)
        data.on_epoch_end()
    counts = Counter(places)
    assert set(counts) == {(row, column) for row in (1, 2, 3) for column in (1, 2, 3)}
    assert min(counts.values()) > 150  # of 2,000, where 222 is even
    assert len({tuple(order) for order in orders}) > 190


def test_distorted_agrees_with_an_affine_map_of_scipy():
    rng = np.random.default_rng(0)
    x = rng.random((20, 28, 28)).astype("float32")
    x[:, [0, -1]] = x[:, :, [0, -1]] = 0
    data = training.Distorted(x, np.arange(20), batch_size=20, seed=5)
    again = np.random.default_rng(5)
    order = again.permutation(20)
    limits = np.array([0.1, 0.1, 0.2, 1.5, 1.5])[:, None, None, None]
    numbers = (limits * again.uniform(-1, 1, (5, 20, 1, 1)))[..., 0, 0].T
    distorted, _ = data[0]
    for i, (taller, wider, slant, down, right) in enumerate(numbers):
        matrix = np.array([[1 + taller, 0], [slant, 1 + wider]])
        middle = np.array([13.5, 13.5])
        expected = ndimage.affine_transform(
            x[order[i]], matrix, middle - matrix @ middle + [down, right], order=0
        )
        assert np.mean(distorted[i] == expected) > 0.995  # halves may be rounded otherwise


def test_distorted_trains_the_same_twice():
    weights = []
    for _ in range(2):
        training.seed_everything(0)
        model = keras.Sequential([keras.Input((5, 4)), keras.layers.GRU(3), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        history = training.fit(model, training.Distorted(*pictures(), 4, seed=1), epochs=3)
        assert len(history.metrics["loss"]) == 3
        weights.append(np.concatenate([w.ravel() for w in model.get_weights()]))
    np.testing.assert_array_equal(*weights)


def test_what_distorted_refuses():
    x, y = pictures()
    with pytest.raises(ValueError, match=r"targets must be as many as pictures \(10\), got 3"):
        training.Distorted(x, y[:3], 4, seed=0)
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        training.Distorted(x, y, 0, seed=0)
    model, *_ = small_problem()
    with pytest.raises(ValueError, match="targets and batch_size must be left out"):
        training.fit(model, training.Distorted(x, y, 4, seed=0), epochs=1, batch_size=4)


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_gradients_by_core_are_those_of_the_whole_batch(parts):
    model, inputs, targets = small_problem()
    variables = [weight.value for weight in model.trainable_weights]
    x, y = tf.constant(inputs), tf.constant(targets.astype("float32"))

    def loss(x, y):
        return tf.reduce_mean((model(x)[:, 0] - y) ** 2)

    with tf.GradientTape() as tape:
        wanted = loss(x, y)
    found, gradients = training.gradients_by_core(loss, variables, parts=parts)(x, y)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    for ours, theirs in zip(gradients, tape.gradient(wanted, variables), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_a_batch_that_cannot_be_shared_is_refused():
    both = training.gradients_by_core(lambda x: tf.reduce_mean(x), [], parts=2, jit_compile=False)
    with pytest.raises(ValueError, match="parts must divide the batch of 3, got 2"):
        both(tf.ones(3))


def test_gradients_by_core_need_a_core():
    with pytest.raises(ValueError, match="parts must be at least 1, got 0"):
        training.gradients_by_core(lambda x: x, [], parts=0)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_compiled_step_moves_as_one_by_hand(jit_compile):
    model, inputs, targets = small_problem()
    other, *_ = small_problem()
    other.set_weights(model.get_weights())
    x, y = tf.constant(inputs), tf.constant(targets.astype("float32"))

    def loss_of(model, x, y):
        return tf.reduce_mean((model(x)[:, 0] - y) ** 2)

    how = {"learning_rate": 0.1, "global_clipnorm": 0.5}
    step = training.compiled_step(
        lambda x, y: loss_of(model, x, y),
        model.trainable_variables,
        keras.optimizers.SGD(**how),
        jit_compile=jit_compile,
    )
    by_hand = keras.optimizers.SGD(**how)
    for _ in range(3):
        with tf.GradientTape() as tape:
            value = loss_of(other, x, y)
        by_hand.apply(tape.gradient(value, other.trainable_variables), other.trainable_variables)
        assert float(step(x, y)) == pytest.approx(float(value), rel=1e-5)
    for ours, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_without_xla_batches_of_all_lengths_share_one_graph():
    factor, traced = tf.Variable(2.0), []

    def loss(x):
        traced.append(x.shape)
        return tf.reduce_mean(factor * x)

    optimizer = keras.optimizers.SGD(0.5)
    step = training.compiled_step(loss, [factor], optimizer, jit_compile=False)
    for length in range(3, 9):
        now = float(factor)
        assert float(step(tf.ones([4, length]))) == pytest.approx(now)
        assert float(factor) == pytest.approx(now - 0.5)
    assert len(traced) == 2, "the first length, and then any"


def test_steps_are_taken_in_order_and_watching_is_not_timed():
    weight, seen = tf.Variable(1.0), []

    def step(x, y):
        loss = (weight * tf.reduce_sum(x) - tf.reduce_sum(y)) ** 2
        weight.assign_add(1.0)
        return loss

    def watch(steps):
        seen.append(steps)
        time.sleep(0.5)

    batches = ((np.float32([t, t]), np.float32([1.0])) for t in (1, 2, 3))
    history = training.take_steps(step, batches, watch)
    assert history.metrics["loss"] == [1.0, 49.0, 289.0]
    assert seen == [1, 2, 3]
    assert history.seconds < 1.0
