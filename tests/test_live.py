"""Packing trained layers, and the demos as text; what runs in a browser is in tests/book."""

import base64
import html
import json
import re

import keras
import numpy as np
import pytest

from rnncourse import cells, language, live
from rnncourse import sorting as sorter
from rnncourse.live import packing
from rnncourse.live.demo import HERE, Demo, in_script, source
from rnncourse.music import abc_notation as abc
from rnncourse.music.metronome import Metronome

L = keras.layers
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>&\u2028\"'`${1}"


def built(layer, shape=(None, 3)):
    keras.Sequential([keras.Input(shape), layer])
    return layer


def unpacked(array):
    numbers = np.frombuffer(base64.b64decode(array["data"]), array["dtype"])
    return numbers.reshape(array["shape"])


# ---- packing


def test_float32_is_kept_exactly():
    layer = built(L.GRU(4))
    (packed,) = packing.pack(layer, "float32")
    assert packed["kind"] == "GRU"
    assert packed["resetAfter"] is True
    assert packed["units"] == 4
    for name, weight in zip(("kernel", "recurrentKernel", "bias"), layer.weights, strict=True):
        assert np.array_equal(unpacked(packed["weights"][name]), weight.value.numpy())


def test_float16_is_the_nearest():
    layer = built(L.Dense(4))
    (packed,) = packing.pack(layer)
    wanted = layer.kernel.value.numpy().astype("float16")
    assert np.array_equal(unpacked(packed["weights"]["kernel"]), wanted)


def test_int16_has_a_scale_for_each_column():
    values = np.random.default_rng(1).normal(size=(2, 30, 4)) * [1e-6, 1, 100, 0]
    packed = packing.pack_array("x", values, "int16")
    scale = np.frombuffer(base64.b64decode(packed["scale"]), "<f4")
    kept = unpacked(packed) * scale
    assert kept.shape == values.shape
    assert (np.abs(kept - values) <= 0.51 * np.abs(values).max(axis=(0, 1)) / 32767).all()
    alone = packing.pack_array("x", [0.5, -3], "int16")
    assert unpacked(alone).tolist() == [32767, -32767]


def test_numbers_are_little_endian_whatever_they_were():
    packed = packing.pack_array("x", np.array([1.0, -2.0], ">f8"), "float32")
    assert base64.b64decode(packed["data"]) == np.array([1, -2], "<f4").tobytes()


def test_a_model_is_its_layers_without_those_that_only_train():
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            L.Embedding(5, 3),
            L.Dropout(0.2),
            L.Bidirectional(L.LSTM(4, return_sequences=True)),
            L.SimpleRNN(4),
            L.Dense(2, "softmax"),
        ]
    )
    packed = packing.pack(model)
    assert [layer["kind"] for layer in packed] == [
        "Embedding",
        "Bidirectional",
        "SimpleRNN",
        "Dense",
    ]
    assert packed[1]["forward"]["kind"] == packed[1]["backward"]["kind"] == "LSTM"
    assert packed[1]["everyStep"] is True
    assert packed[2]["everyStep"] is False
    json.dumps(packed, allow_nan=False)


def test_the_courses_own_cells_are_packed_like_those_of_keras():
    for cell, kind in ((cells.ElmanCell(2), "SimpleRNN"), (cells.GRUCell(2), "GRU")):
        (packed,) = packing.pack(built(L.RNN(cell)))
        assert packed["kind"] == kind


def test_a_missing_bias_is_zero():
    (packed,) = packing.pack(built(L.GRU(2, use_bias=False)))
    assert np.array_equal(unpacked(packed["weights"]["bias"]), np.zeros((2, 6)))


@pytest.mark.parametrize(
    ("layer", "complaint"),
    [
        (lambda: L.GRU(2), "must have weights"),
        (lambda: built(L.GRU(2, activation="relu")), "activation .* must be tanh, got relu"),
        (lambda: built(L.LSTM(2, recurrent_activation="hard_sigmoid")), "must be sigmoid"),
        (lambda: built(L.Dense(2, activation="gelu")), "must be one of linear, .*got 'gelu'"),
        (lambda: built(L.GRU(2, go_backwards=True)), "must read forwards"),
        (lambda: built(L.RNN(cells.LSTMCell(2, peephole=True))), "no peepholes"),
        (lambda: built(L.Bidirectional(L.GRU(2), merge_mode=None)), "merge_mode"),
    ],
)
def test_options_that_the_browser_does_not_know_are_refused(layer, complaint):
    with pytest.raises(ValueError, match=complaint):
        packing.pack(layer())


@pytest.mark.parametrize(
    "layer", [lambda: built(L.LayerNormalization()), lambda: built(L.RNN(cells.MinGRUCell(2)))]
)
def test_layers_that_the_browser_does_not_know_are_refused(layer):
    with pytest.raises(TypeError, match=r"layers must be Embedding, .* got "):
        packing.pack(layer())
    with pytest.raises(TypeError, match="got int"):
        packing.pack(7)


@pytest.mark.fault
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_weights_must_be_finite(wrong):
    layer = built(L.Dense(2))
    layer.bias.assign([0, wrong])
    with pytest.raises(ValueError, match=r"bias of layer 'dense.* finite numbers, got 1 that are"):
        packing.pack(layer)


def test_weights_must_fit():
    layer = built(L.Dense(2))
    layer.bias.assign([0, 1e5])
    with pytest.raises(ValueError, match="must fit into float16, got 100000; use float32"):
        packing.pack(layer)
    assert packing.pack(layer, "float32")
    with pytest.raises(
        ValueError, match="dtype must be one of float16, int16, float32, got 'int8'"
    ):
        packing.pack(layer, "int8")


# ---- demos as text


@pytest.mark.fault
def test_no_string_can_leave_its_script():
    text = in_script({"a": HOSTILE, HOSTILE: [HOSTILE]})
    assert not re.search("[<>&\u2028\u2029]", text)
    assert json.loads(text) == {"a": HOSTILE, HOSTILE: [HOSTILE]}
    with pytest.raises(ValueError, match="JSON"):
        in_script([float("nan")])


@pytest.mark.fault
def test_a_label_is_text():
    shown = Demo("cells", HOSTILE, {})._repr_html_()
    assert HOSTILE not in shown
    assert html.escape(HOSTILE) in shown


@pytest.mark.fault
def test_names_that_readers_never_see_are_not_sent():
    layers = [L.Embedding(4, 2, name="a"), L.GRU(3, return_sequences=True), L.Dense(4)]
    for layer in layers:
        layer._name = HOSTILE  # Keras refuses such a name, a file might not
    model = keras.Sequential([keras.Input((None,), dtype="int32"), *layers])
    shown = live.generation(model, ["a", "</script>", "<!--", HOSTILE], HOSTILE)._repr_html_()
    data = re.search(r'<script type="application/json">(.*?)</script>', shown, re.DOTALL)[1]
    assert json.loads(data)["primer"] == HOSTILE
    assert "alert" not in str(json.loads(data)["layers"]), "the names of layers stay here"
    assert not re.search("[<>&]", data)
    assert HOSTILE not in shown


def test_a_demo_carries_everything_it_needs():
    shown = Demo("sorting", "A hand.", {"values": 3})._repr_html_()
    files = re.findall(r'data-live-file="([^"]+)"', shown)
    assert files == ["live.css", "cells.js", "page.js", "demos/sorting.js"]
    assert all(source(name) in shown for name in files)
    assert "http" not in re.sub(r"http://www\.w3\.org/2000/svg", "", shown)


@pytest.mark.fault
def test_no_file_ends_the_element_it_stands_in():
    for path in (*HERE.glob("*.js"), *HERE.glob("demos/*.js"), *HERE.glob("*.css")):
        text = path.read_text("utf-8")
        assert not re.search(r"</(script|style)", text, re.IGNORECASE), path.name
        assert "innerHTML" not in text, path.name
        assert "insertAdjacentHTML" not in text, path.name


# ---- what each demo asks of its arguments


def adder():
    model = keras.Sequential([keras.Input((None, 2)), L.RNN(cells.LSTMCell(3)), L.Dense(1)])
    return model


def test_cells():
    demo = live.cells(adder(), [0.1, 0.2, 0.3], [0, 2])
    assert demo.data["marks"] == [0, 2]
    for numbers, marks in (([0.1], [0, 1]), ([0.1, 2], [0, 1]), ([[0.1, 0.2]], [0, 1])):
        with pytest.raises(ValueError, match="numbers must be"):
            live.cells(adder(), numbers, marks)
    for marks in ([0], [1, 1], [0, 3], [-1, 0]):
        with pytest.raises(ValueError, match="marks must be two steps from 0 to 2"):
            live.cells(adder(), [0.1, 0.2, 0.3], marks)
    gru = keras.Sequential([keras.Input((None, 2)), L.GRU(3), L.Dense(1)])
    with pytest.raises(ValueError, match="adder must be LSTM and Dense, got GRU and Dense"):
        live.cells(gru, [0.1, 0.2], [0, 1])


def test_sorting():
    model = sorter.Sorter(values=5, units=4)
    model.build()
    assert live.sorting(model).data["values"] == 5
    with pytest.raises(ValueError, match="lengths must be"):
        live.sorting(model, lengths=(4, 2))


def test_mnist():
    model = keras.Sequential([keras.Input((28, 28)), L.GRU(4), L.Dense(10)])
    pictures = np.zeros((2, 28, 28))
    assert len(live.mnist(model, pictures).data["examples"]) == 2
    assert live.mnist(model).data["examples"] == []
    probes = np.zeros((28, 4, 10)), np.zeros((28, 10))
    assert live.mnist(model, pictures, probes).data["probes"]["kernel"]["shape"] == [28, 4, 10]
    with pytest.raises(ValueError, match="probes must have the shapes"):
        live.mnist(model, pictures, probes[::-1])
    with pytest.raises(ValueError, match="examples must have the shape"):
        live.mnist(model, pictures[:, :20])


def test_generation():
    model = language.generator(4, (5,))
    assert live.generation(model, "abc\n", HOSTILE).data["characters"] == ["a", "b", "c", "\n"]
    with pytest.raises(ValueError, match="characters must be 4 for this model, got 3"):
        live.generation(model, "abc")
    with pytest.raises(ValueError, match="must begin with Embedding and end with Dense"):
        live.generation(adder(), "ab")


def test_history():
    patterns = np.array([[1, -1, 1, -1], [1, 1, -1, -1]])
    assert live.history(patterns, ["a", HOSTILE], [1]).data["stored"] == [1]
    for wrong in (patterns * 2, patterns[0], np.ones((0, 4))):
        with pytest.raises(ValueError, match=r"patterns must be \+1 and -1"):
            live.history(wrong, ["a", "b"], [0])
    with pytest.raises(ValueError, match="square"):
        live.history(patterns[:, :3], ["a", "b"], [0])
    with pytest.raises(ValueError, match="names must be 2"):
        live.history(patterns, ["a"], [0])
    for stored in ([], [2], [-1]):
        with pytest.raises(ValueError, match="stored must be places from 0 to 1"):
            live.history(patterns, ["a", "b"], stored)


def test_time_series():
    model = keras.Sequential([keras.Input((None, 1)), L.SimpleRNN(3), L.Dense(1)])
    demo = live.time_series(model, {"zeros": np.zeros(4), HOSTILE: np.ones(4)}, 2)
    assert demo.data["beginnings"][1] == {"name": HOSTILE, "values": [1, 1, 1, 1]}
    with pytest.raises(ValueError, match="same length"):
        live.time_series(model, {"zeros": np.zeros(4), "more": np.zeros(5)}, 2)
    with pytest.raises(ValueError, match="finite"):
        live.time_series(model, {"none": [np.nan]}, 2)
    with pytest.raises(ValueError, match="positive"):
        live.time_series(model, {"zeros": np.zeros(4)}, 0)
    with pytest.raises(ValueError, match="1 inputs, got 2"):
        live.time_series(adder(), {"zeros": np.zeros(4)}, 1)


def test_sentiment():
    layers = [L.Embedding(5, 3), L.Bidirectional(L.GRU(2)), L.Dense(2)]
    model = keras.Sequential([keras.Input((None,), dtype="int32"), *layers])
    demo = live.sentiment(model, ["good", HOSTILE], ["abc"], run=3)
    assert demo.data["labels"] == ["good", HOSTILE]
    assert demo.data["run"] == 3
    with pytest.raises(ValueError, match="labels must be 2 for this model, got 3"):
        live.sentiment(model, ["a", "b", "c"])
    with pytest.raises(ValueError, match="run must be at least 1, got 0"):
        live.sentiment(model, ["a", "b"], run=0)
    with pytest.raises(ValueError, match="must begin with Embedding"):
        live.sentiment(adder(), ["a", "b"])


def test_tunes():
    vocabulary = [abc.START, "M:6/8\n", "K:Bb", " Dorian\n", "^f'", "3/2", "|", "z"]
    size = len(vocabulary)
    layers = [
        L.Embedding(size, size),
        L.RNN(Metronome(vocabulary), return_sequences=True),
        L.GRU(3, return_sequences=True),
        L.Dense(size),
    ]
    model = keras.Sequential([keras.Input((None,), dtype="int32"), *layers])
    data = live.tunes(model, vocabulary).data
    assert [layer["kind"] for layer in data["layers"]] == ["Embedding", "Metronome", "GRU", "Dense"]
    assert data["start"] == 0
    said = data["tokens"]
    assert said[2] == {"kind": "tonic", "text": "K:Bb", "fifths": -2}
    assert said[3]["fifths"] == -2
    note = {"letter": "F", "octave": 2, "accidental": 1}
    assert said[4] == {"kind": "note", "text": "^f'"} | note
    assert said[5] == {"kind": "length", "text": "3/2"}
    with pytest.raises(ValueError, match="vocabulary must have 8 tokens, got 7"):
        live.tunes(model, vocabulary[:-1])
    with pytest.raises(ValueError, match="which begins a tune"):
        live.tunes(model, ["A", *vocabulary[1:]])


def test_parity():
    model = keras.Sequential([keras.Input((None, 2)), L.GRU(3, return_sequences=True)])
    last = keras.Sequential([keras.Input((None, 2)), L.GRU(3)])
    inputs = np.ones((4, 5, 2))
    (case,) = live.parity({HOSTILE: model}, inputs).data["cases"]
    assert case["outputs"]["shape"] == [4, 5, 3]
    with pytest.raises(ValueError, match=r"inputs must have the shape .* got \(5, 2\)"):
        live.parity({"one": model}, inputs[0])
    with pytest.raises(ValueError, match="an output at every step"):
        live.parity({"one": last}, inputs)
