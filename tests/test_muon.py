"""Muon against a singular value decomposition, Keras's own, and plain Adam."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnncourse.muon import Muon, orthogonalised


def variables(seed=0, gates=3):
    """A recurrent kernel of 6 x 18 and a kernel that goes by Adam."""
    rng = np.random.default_rng(seed)
    return [
        keras.Variable(rng.normal(size=(6, 6 * gates)), dtype="float32", name="recurrent_kernel"),
        keras.Variable(rng.normal(size=(5, 4)), dtype="float32", name="kernel"),
    ]


def gradients(seed):
    rng = np.random.default_rng(seed)
    shapes = [variable.shape for variable in variables()]
    return [tf.constant(rng.normal(size=shape), "float32") for shape in shapes]


@pytest.mark.parametrize("shape", [(8, 8), (5, 9), (9, 5), (3, 7, 7)])
def test_singular_values_come_near_one_and_vectors_stay(shape):
    matrix = np.random.default_rng(0).normal(size=shape).astype("float32")
    got = orthogonalised(matrix, steps=7).numpy()
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    expected = left @ right  # the nearest orthogonal matrix
    assert np.linalg.svd(got, compute_uv=False).max() < 1.3
    assert np.linalg.svd(got, compute_uv=False).min() > 0.6
    # the same singular vectors: seen from them the result is diagonal, as the nearest matrix is
    seen = np.swapaxes(left, -1, -2) @ got @ np.swapaxes(right, -1, -2)
    off = seen * (1 - np.eye(values.shape[-1]))
    np.testing.assert_allclose(off, 0, atol=1e-3)
    assert np.sum(got * expected) > 0


def test_each_gate_is_made_orthogonal_on_its_own():
    kernel, other = variables()
    before = kernel.numpy()
    Muon(0.1, ratio=0.5).apply(gradients(1), [kernel, other])
    step = (before - kernel.numpy()) / (0.1 * 0.5 * 0.2 * 6**0.5)
    for gate in np.split(step, 3, axis=1):
        values = np.linalg.svd(gate, compute_uv=False)
        assert values.max() < 1.3
        assert np.median(values) > 0.6


def test_a_single_gate_moves_as_with_keras_own_muon():
    if "rms_rate" not in inspect.signature(keras.optimizers.Muon).parameters:
        pytest.skip("this version of Keras scales Muon in another way")
    ours, theirs = variables(gates=1), variables(gates=1)
    optimizers = [
        Muon(0.02),
        keras.optimizers.Muon(
            0.02, weight_decay=0, adam_weight_decay=0, exclude_layers=["^kernel"]
        ),
    ]
    for seed in range(5):
        some = gradients(seed)
        some[0] = some[0][:, :6]
        for optimizer, weights in zip(optimizers, (ours, theirs), strict=True):
            optimizer.apply(some, weights)
    for mine, yours in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.numpy(), yours.numpy(), atol=1e-5)


def test_all_other_weights_go_by_adam():
    ours, theirs = variables(), variables()
    muon, adam = Muon(0.01, beta_2=0.95), keras.optimizers.Adam(0.01, beta_2=0.95)
    for seed in range(4):
        muon.apply(gradients(seed), ours)
        adam.apply(gradients(seed), theirs)
    np.testing.assert_array_equal(ours[1].numpy(), theirs[1].numpy())
    assert not np.allclose(ours[0].numpy(), theirs[0].numpy())


def test_learns_within_a_compiled_model_and_comes_back_from_its_configuration():
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(64, 5, 2)).astype("float32")
    model = keras.Sequential([keras.Input((5, 2)), keras.layers.GRU(8), keras.layers.Dense(1)])
    optimizer = Muon(0.02, ratio=0.5, global_clipnorm=1.0)
    model.compile(Muon.from_config(optimizer.get_config()), "mse")
    assert model.optimizer.ratio == 0.5
    losses = model.fit(x, x.sum((1, 2)), epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.3 * losses[0]


def test_a_matrix_that_does_not_fall_into_squares_is_refused():
    weight = keras.Variable(np.ones((3, 4)), name="recurrent_kernel")
    with pytest.raises(ValueError, match=r"must name matrices .* of shape \(3, 4\)"):
        Muon().build([weight])
