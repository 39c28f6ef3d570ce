"""The demos in a real browser: the same numbers as Keras, by keyboard and pointer, and harmless."""

import keras
import numpy as np
import pytest

from rnncourse import cells
from rnncourse.live import packing
from rnncourse.live.demo import source

FEATURES, STEPS, CASES = 5, 12, 100
TOLERANCE = {"float32": 1e-5, "float16": 1e-3}
L = keras.layers


@pytest.fixture(scope="module")
def engine(browser):
    """A page that holds nothing but the layers in JavaScript."""
    page = browser.new_page()
    page.add_script_tag(content=source("cells.js"))
    yield page
    page.close()


def in_browser(page, packed, sequences):
    """Run sequences (cases, time, features), or integers (cases, time), through packed layers."""
    return np.array(
        page.evaluate(
            """([packed, sequences]) => {
                const model = new rnncourse.cells.Model(packed);
                const vector = (x) => (Array.isArray(x) ? Float32Array.from(x) : x);
                return sequences.map((xs) => model.run(xs.map(vector)).map((y) => [...y]));
            }""",
            [packed, np.asarray(sequences).tolist()],
        )
    )


def randomised(layers, shape=(None, FEATURES), dtype="float32"):
    """A model with random weights, the biases too."""
    model = keras.Sequential([keras.Input(shape, dtype=dtype), *layers])
    rng = np.random.default_rng(7)
    model.set_weights([rng.normal(0, 0.25, w.shape) for w in model.weights])
    return model


LAYERS = {
    "SimpleRNN": lambda: L.SimpleRNN(7, return_sequences=True),
    "SimpleRNN with ReLU": lambda: L.SimpleRNN(7, activation="relu", return_sequences=True),
    "LSTM": lambda: L.LSTM(7, return_sequences=True),
    "LSTM, last step": lambda: L.LSTM(7),
    "LSTM without bias": lambda: L.LSTM(7, use_bias=False, return_sequences=True),
    "GRU": lambda: L.GRU(7, return_sequences=True),
    "GRU without bias": lambda: L.GRU(7, use_bias=False, return_sequences=True),
    "GRU, reset before": lambda: L.GRU(7, reset_after=False, return_sequences=True),
    "the course's ElmanCell": lambda: L.RNN(cells.ElmanCell(7), return_sequences=True),
    "the course's LSTMCell": lambda: L.RNN(cells.LSTMCell(7), return_sequences=True),
    "the course's GRUCell": lambda: L.RNN(cells.GRUCell(7), return_sequences=True),
    "the course's GRUCell, reset after": lambda: L.RNN(
        cells.GRUCell(7, reset_after=True), return_sequences=True
    ),
    "Dense": lambda: L.Dense(7, activation="softmax"),
    "Bidirectional, joined": lambda: L.Bidirectional(L.GRU(7, return_sequences=True)),
    "Bidirectional, last step": lambda: L.Bidirectional(L.LSTM(7)),
    "Bidirectional, summed": lambda: L.Bidirectional(
        L.SimpleRNN(7, return_sequences=True), merge_mode="sum"
    ),
    "Bidirectional, multiplied": lambda: L.Bidirectional(L.GRU(7), merge_mode="mul"),
    "Bidirectional, averaged": lambda: L.Bidirectional(L.GRU(7), merge_mode="ave"),
}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_gives_the_numbers_of_keras(engine, name, dtype):
    model = randomised([LAYERS[name]()])
    sequences = np.random.default_rng(1).normal(size=(CASES, STEPS, FEATURES)).astype("float32")
    wanted = model.predict_on_batch(sequences)
    got = in_browser(engine, packing.pack(model, dtype), sequences)
    got = got if got.ndim == wanted.ndim and got.shape == wanted.shape else got[:, 0]
    assert np.abs(got - wanted).max() <= TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_tokens_give_the_numbers_of_keras(engine, dtype):
    layers = [L.Embedding(9, 6), L.Dropout(0.5), L.Bidirectional(L.GRU(5)), L.Dense(4, "softmax")]
    model = randomised(layers, (None,), "int32")
    tokens = np.random.default_rng(1).integers(0, 9, (CASES, STEPS))
    got = in_browser(engine, packing.pack(model, dtype), tokens)[:, 0]
    assert np.abs(got - model.predict_on_batch(tokens)).max() <= TOLERANCE[dtype]


def test_every_float16_is_read_as_numpy_reads_it(engine):
    numbers = np.arange(2**16, dtype="uint16").view("float16")
    numbers = numbers[np.isfinite(numbers)]
    packed = packing.pack_array("numbers", numbers, "float16")
    got = engine.evaluate("(packed) => [...rnncourse.cells.unpack(packed)]", packed)
    assert np.array_equal(got, numbers.astype("float32"))
