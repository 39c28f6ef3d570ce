"""The unrolled cells against PyTorch's layers, where PyTorch is installed; it is no requirement."""

import numpy as np
import pytest
import tensorflow as tf

from rnncourse import cells
from rnncourse.unroll import dynamic_rnn

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

BATCH, TIME, FEATURES, UNITS = 4, 6, 3, 5
LENGTHS = [6, 1, 3, 5]  # PyTorch packs no empty sequence


def reordered(matrix: np.ndarray, order: list[int]) -> np.ndarray:
    """Blocks of columns in another order."""
    blocks = np.split(matrix, len(order), axis=-1)
    return np.concatenate([blocks[place] for place in order], axis=-1)


# our cell, PyTorch's layer, and where each of its gates stands among ours
PAIRS = {
    "basic": (lambda: cells.ElmanCell(UNITS, dtype="float64"), torch.nn.RNN, [0]),
    "lstm": (lambda: cells.LSTMCell(UNITS, dtype="float64"), torch.nn.LSTM, [0, 1, 2, 3]),
    "gru": (
        lambda: cells.GRUCell(UNITS, reset_after=True, dtype="float64"),
        torch.nn.GRU,
        [1, 0, 2],  # r z n there, z r h here
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_equal_to_pytorch(name, capsys):
    make, layer, order = PAIRS[name]
    rng = np.random.default_rng(0)
    cell = make()
    cell.build((BATCH, FEATURES))
    cell.set_weights([rng.normal(0, 0.8, w.shape) for w in cell.weights])
    x = rng.normal(size=(BATCH, TIME, FEATURES))
    factors = rng.normal(size=(BATCH, TIME, UNITS)), rng.normal(size=(BATCH, UNITS))

    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs, state = dynamic_rnn(cell, inputs, LENGTHS)
        h = state[0] if isinstance(state, list) else state
        total = tf.reduce_sum(outputs * factors[0]) + tf.reduce_sum(h * factors[1])
    at_inputs, *at_weights = tape.gradient(total, [inputs, *(w.value for w in cell.weights)])

    kernel, recurrent_kernel, bias = (reordered(w, order) for w in cell.get_weights())
    bias = bias if bias.ndim == 2 else np.stack([bias, 0 * bias])
    theirs = layer(FEATURES, UNITS, batch_first=True).double()
    with torch.no_grad():
        for parameter, value in zip(
            theirs.parameters(), (kernel.T, recurrent_kernel.T, *bias), strict=True
        ):
            parameter.copy_(torch.tensor(value))
    x = torch.tensor(x, requires_grad=True)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, LENGTHS, True, enforce_sorted=False)
    packed, last = theirs(packed)
    padded, _ = torch.nn.utils.rnn.pad_packed_sequence(packed, True, total_length=TIME)
    last = (last[0] if isinstance(last, tuple) else last)[0]
    ((padded * torch.tensor(factors[0])).sum() + (last * torch.tensor(factors[1])).sum()).backward()

    values = [(outputs, padded), (h, last)]
    at_kernel, at_recurrent = (reordered(g.numpy(), order) for g in at_weights[:2])
    gradients = [
        (at_inputs, x.grad),
        (at_kernel, theirs.weight_ih_l0.grad.T),
        (at_recurrent, theirs.weight_hh_l0.grad.T),
    ]
    for what, pairs, tolerance in (("value", values, 1e-10), ("gradient", gradients, 1e-8)):
        error = max(np.abs(np.asarray(a) - b.detach().numpy()).max() for a, b in pairs)
        with capsys.disabled():
            print(f"\n{name} against PyTorch: worst {what} error in float64: {error:.1e}", end="")
        assert error <= tolerance
