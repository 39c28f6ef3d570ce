"""Trained layers as JSON: what a browser needs to run them, and nothing else.

A layer becomes a dictionary with its ``kind``, its options and its ``weights``. An array becomes
``{"shape": [28, 384], "dtype": "float16", "data": "..."}``, its bytes in base64. ``cells.js`` reads
the same form.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

import keras
import numpy as np

from rnncourse import cells
from rnncourse.music.metronome import BARS, HALVES, PARTS, Metronome

DTYPES = ("float16", "int16", "float32")
ACTIVATIONS = ("linear", "tanh", "sigmoid", "relu", "softmax")


def pack(layers, dtype: str = "float16") -> list[dict]:
    """Pack a model, a layer, or several layers that follow each other.

    Supported are ``Embedding``, ``SimpleRNN``, ``GRU`` (and ``FastGRU``), ``LSTM``, the course's
    ``ElmanCell``, ``LSTMCell``, ``GRUCell`` and ``Metronome`` in ``keras.layers.RNN`` or bare,
    ``Bidirectional`` and ``Dense``. ``InputLayer`` and ``Dropout`` do nothing once a network is
    trained and are left out.

    Args:
        layers: A ``keras.Sequential``, a built layer or cell, or an iterable of them.
        dtype: How weights are kept: ``"float16"``, two bytes, each number to three digits;
            ``"int16"``, two bytes and a scale for each column, so that all numbers of a column
            have the same error, as a rule a smaller one; or ``"float32"``, exactly.

    Returns:
        One dictionary a layer.

    Raises:
        ValueError: If a layer is not built, has an option that the demos do not know, or has
            weights that are not finite numbers or too large for the dtype.
        TypeError: If a layer is of a kind that the demos do not know.
    """
    if dtype not in DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r}")
    if isinstance(layers, keras.Sequential):
        layers = layers.layers
    elif isinstance(layers, keras.layers.Layer) or not isinstance(layers, Iterable):
        layers = [layers]
    packed = [_pack_layer(layer, dtype) for layer in layers]
    return [layer for layer in packed if layer is not None]


def pack_array(name: str, values, dtype: str) -> dict:
    """Pack an array of numbers.

    Raises:
        ValueError: If a value is not finite, or too large for the dtype.
    """
    array = np.asarray(values, "float64")
    if not np.isfinite(array).all():
        wrong = array.size - np.isfinite(array).sum()
        raise ValueError(f"{name} must hold finite numbers, got {wrong} that are not")
    if dtype == "int16":
        return _pack_integers(array)
    largest = np.abs(array).max(initial=0)
    if largest > np.finfo(dtype).max:
        raise ValueError(f"{name} must fit into {dtype}, got {largest:g}; use float32")
    return {"shape": list(array.shape), "dtype": dtype, "data": _base64(array, dtype)}


def _pack_integers(array: np.ndarray) -> dict:
    """Whole numbers up to 32767, and for each column what one of them is worth."""
    rows = array.reshape(-1, array.shape[-1])
    scale = (np.abs(rows).max(axis=0, initial=0) / 32767).astype("float32")
    scale[scale == 0] = 1
    data = _base64(np.rint(rows / scale), "int16")
    shape = list(array.shape)
    return {"shape": shape, "dtype": "int16", "data": data, "scale": _base64(scale, "float32")}


def _base64(array: np.ndarray, dtype: str) -> str:
    """The bytes of an array, the least significant first, as text."""
    data = np.ascontiguousarray(array, np.dtype(dtype).newbyteorder("<")).tobytes()
    return base64.b64encode(data).decode("ascii")


def _pack_layer(layer, dtype: str) -> dict | None:
    if isinstance(layer, keras.layers.InputLayer | keras.layers.Dropout):
        return None
    if isinstance(layer, keras.layers.Layer) and not layer.built:
        raise ValueError(f"layer {layer.name!r} must have weights, got one that is not built")
    if isinstance(layer, keras.layers.Bidirectional):
        return _pack_bidirectional(layer, dtype)
    if isinstance(layer, keras.layers.Embedding):
        return {"kind": "Embedding", "weights": {"table": _array(layer, "embeddings", dtype)}}
    if isinstance(layer, keras.layers.Dense):
        weights = _weights(layer, ("kernel", "bias"), layer.units, dtype)
        return {"kind": "Dense", "activation": _activation(layer), "weights": weights}
    cell = layer.cell if isinstance(layer, keras.layers.RNN) else layer
    if isinstance(cell, Metronome):
        return _pack_metronome(cell)
    packed = _pack_cell(cell, layer, dtype)
    if isinstance(layer, keras.layers.RNN):
        if layer.go_backwards:
            raise ValueError(f"layer {layer.name!r} must read forwards, got go_backwards=True")
        packed["everyStep"] = bool(layer.return_sequences)
    return packed


def _pack_cell(cell, layer, dtype: str) -> dict:
    names = ("kernel", "recurrent_kernel", "bias")
    if isinstance(cell, keras.layers.SimpleRNN | keras.layers.SimpleRNNCell):
        options = {"kind": "SimpleRNN", "activation": _activation(cell)}
        columns = cell.units
    elif isinstance(cell, cells.ElmanCell):
        options, columns = {"kind": "SimpleRNN", "activation": "tanh"}, cell.units
    elif isinstance(cell, keras.layers.GRUCell | cells.GRUCell):
        _check_gates(cell, layer)
        options = {"kind": "GRU", "resetAfter": bool(cell.reset_after)}
        columns = (2, 3 * cell.units) if cell.reset_after else 3 * cell.units
    elif isinstance(cell, keras.layers.LSTMCell | cells.LSTMCell):
        _check_gates(cell, layer)
        if getattr(cell, "peephole", False):
            raise ValueError(f"layer {layer.name!r} must have no peepholes, got peephole=True")
        options, columns = {"kind": "LSTM"}, 4 * cell.units
    else:
        raise TypeError(
            "layers must be Embedding, SimpleRNN, GRU, LSTM, Bidirectional or Dense, "
            f"got {type(cell).__name__}"
        )
    weights = _weights(cell, names, columns, dtype)
    return options | {"units": cell.units, "weights": weights}


def _pack_metronome(cell: Metronome) -> dict:
    """The cell that counts beats: what each token says to it, and the sizes of its counts."""
    table = pack_array("table of the metronome", cell.table, "float32")
    sizes = [HALVES, BARS, PARTS]
    return {"kind": "Metronome", "sizes": sizes, "everyStep": True, "weights": {"table": table}}


def _pack_bidirectional(layer, dtype: str) -> dict:
    merged = ("concat", "sum", "mul", "ave")
    if layer.merge_mode not in merged:
        raise ValueError(
            f"merge_mode of {layer.name!r} must be one of {', '.join(merged)}, "
            f"got {layer.merge_mode!r}"
        )
    both = []
    for one in (layer.forward_layer, layer.backward_layer):
        packed = _pack_cell(one.cell, one, dtype)
        both.append(packed | {"everyStep": bool(layer.return_sequences)})
    return {
        "kind": "Bidirectional",
        "merge": layer.merge_mode,
        "everyStep": bool(layer.return_sequences),
        "forward": both[0],
        "backward": both[1],
    }


def _weights(layer, names: Iterable[str], columns, dtype: str) -> dict:
    """The named weights; a bias that the layer has not is zero."""
    if getattr(layer, "use_bias", True):
        return {_camel(name): _array(layer, name, dtype) for name in names}
    packed = {_camel(name): _array(layer, name, dtype) for name in names if name != "bias"}
    return packed | {"bias": pack_array("bias", np.zeros(columns), dtype)}


def _array(layer, name: str, dtype: str) -> dict:
    values = getattr(layer, name).value.numpy()
    return pack_array(f"{name} of layer {layer.name!r}", values, dtype)


def _camel(name: str) -> str:
    """``recurrent_kernel`` as JavaScript writes it: ``recurrentKernel``."""
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def _activation(layer) -> str:
    name = getattr(layer.activation, "__name__", str(layer.activation))
    if name not in ACTIVATIONS:
        raise ValueError(
            f"activation of layer {layer.name!r} must be one of {', '.join(ACTIVATIONS)}, "
            f"got {name!r}"
        )
    return name


def _check_gates(cell, layer) -> None:
    """The gates of a demo are logistic, and its candidate is tanh."""
    for what, only in (("activation", "tanh"), ("recurrent_activation", "sigmoid")):
        function = getattr(cell, what, None)
        name = getattr(function, "__name__", only)
        if name != only:
            raise ValueError(f"{what} of layer {layer.name!r} must be {only}, got {name}")
