"""The demos in a real browser: the same numbers as Keras, by keyboard and pointer, and harmless."""

import base64
import functools
import re

import keras
import numpy as np
import pytest
from playwright.sync_api import Error

from book.live import without_files
from rnncourse import cells, hopfield, language, live, results, sampling, sentiment, tasks
from rnncourse import sorting as sorter
from rnncourse.live import packing
from rnncourse.live.demo import Demo, source
from rnncourse.music import abc_notation as abc
from rnncourse.music.metronome import Metronome

FEATURES, STEPS, CASES = 5, 12, 100
TOLERANCE = {"float32": 1e-5, "int16": 1e-3, "float16": 1e-3}
ROUNDED = {
    "mnist": "int16",
    "sentiment": "int16",
    "tunes": "float16",
    "generation": "int16",
}  # as the demos have them
L = keras.layers


@pytest.fixture(scope="module")
def engine(browser):
    """A page that holds nothing but the layers in JavaScript."""
    page = browser.new_page()
    for name in ("cells.js", "demos/tunes.js"):  # the latter has a cell of its own
        page.add_script_tag(content=source(name))
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


# ---- the models of the demos: those that the chapters trained, or others of the same make


def bits(*numbers):
    return base64.b64encode(np.array(numbers, "<f4").tobytes()).decode()


GOOD = {"shape": [1, 2], "dtype": "float32", "data": bits(1, 2)}
BIAS = {"shape": [2], "dtype": "float32", "data": bits(0, 0)}
BAD = {
    "too few numbers": ({"data": bits(1)}, "1 × 2 numbers has 1"),
    "too many numbers": ({"data": bits(1, 2, 3)}, "1 × 2 numbers has 3"),
    "a huge shape": ({"shape": [2**31, 2**20]}, "numbers has 2"),
    "half a number": ({"data": "AAAA"}, "multiple of 4"),
    "no base64": ({"data": "</script>"}, "not correctly encoded"),
    "not a number": ({"data": bits(1, np.nan)}, "no number"),
    "infinity": ({"data": bits(-np.inf, 1)}, "no number"),
    "infinity in 16 bits": ({"dtype": "float16", "data": "AHwAPA=="}, "no number"),
    "not a number in 16 bits": ({"dtype": "float16", "data": "AX4APA=="}, "no number"),
}


@pytest.mark.fault
@pytest.mark.parametrize("fault", BAD)
def test_weights_that_are_none_are_refused(engine, fault):
    change, complaint = BAD[fault]
    dense = {"kind": "Dense", "activation": "linear", "weights": {"kernel": GOOD, "bias": BIAS}}
    assert in_browser(engine, [dense], [[[3.0]]]).tolist() == [[[3, 6]]]
    dense["weights"] = {"kernel": GOOD | change, "bias": BIAS}
    with pytest.raises(Error, match=complaint):
        in_browser(engine, [dense], [[[3.0]]])


@pytest.mark.fault
@pytest.mark.parametrize(
    ("change", "complaint"),
    [({"kind": "constructor"}, "no layer of the kind constructor"), ({"units": 9}, "9 units, but")],
)
def test_a_layer_that_is_none_is_refused(engine, change, complaint):
    (gru,) = packing.pack(randomised([L.GRU(2)]))
    with pytest.raises(Error, match=complaint):
        in_browser(engine, [gru | change], [[[0.0] * FEATURES]])


@pytest.mark.fault
def test_a_demo_that_cannot_be_shown_says_so_and_stops_no_other(browser):
    bad = Demo("time_series", "A demo.", {"layers": [{"kind": HOSTILE}]})
    page = browser.new_page()
    page.set_content(f"<title>a page</title>{bad._repr_html_()}{demo_of('history')._repr_html_()}")
    page.wait_for_selector('[data-live="history"] button')
    said = page.locator('[data-live="time_series"]').inner_text()
    assert said.startswith("This demo cannot be shown: ")
    assert page.title() == "a page", "what the message quotes is text"
    page.close()


def fresh(name):
    """A model as its chapter makes it."""
    if name == "sorting":
        model = sorter.Sorter(values=32, units=96)
        model.build()
        return model
    if name == "generation":
        return language.generator(65, (256,))
    if name == "sentiment":  # with weights that make a difference
        layers = [L.Embedding(2**13, 16, mask_zero=True), L.GRU(48), L.Dense(4)]
        return randomised(layers, (None,), "int32")
    if name == "tunes":
        size = len(VOCABULARY)
        one_hot = L.Embedding(size, size, "identity", trainable=False)
        foot = L.RNN(Metronome(VOCABULARY), return_sequences=True)
        plain = [L.Dense(64, use_bias=False), L.GRU(256, return_sequences=True), L.Dense(size)]
        return keras.Sequential([keras.Input((None,), dtype="int32"), one_hot, foot, *plain])
    return {
        "cells": lambda: keras.Sequential(
            [keras.Input((100, 2)), L.RNN(cells.LSTMCell(32)), L.Dense(1)]
        ),
        "mnist": lambda: keras.Sequential([keras.Input((28, 28)), L.GRU(128), L.Dense(10)]),
        "time_series": lambda: keras.Sequential(
            [
                keras.Input((20, 1)),
                L.SimpleRNN(100, activation="relu", return_sequences=True),
                L.Dense(1),
            ]
        ),
    }[name]()


@functools.cache
def model_of(name):
    path = results.BUILD / "models" / f"{name}.keras"
    if name == "sentiment":  # the chapter offers a larger network than that of its demo
        return fresh(name)
    return keras.saving.load_model(path) if path.is_file() else fresh(name)


rng = np.random.default_rng(3)
MODELS = ("cells", "mnist", "sentiment", "time_series", "generation", "tunes")
VOCABULARY = [abc.START, "M:6/8\n", "M:C\n", "K:D", "K:Bb", " Major\n", " Dorian\n", " ", "\n", "-"]
VOCABULARY += ["A", "B", "^f", "d'", "z", "2", "/", "3/2", "(3", "|", ":|", "||", "[1", "[2"]


@functools.cache
def inputs_of(name):
    """A hundred random inputs of the kind that the demo gives its model."""
    if name == "cells":
        return tasks.adding_problem(CASES, 100, rng)[0]
    if name == "mnist":
        return (rng.random((CASES, 28, 28)) * (rng.random((CASES, 28, 28)) < 0.3)).astype("f4")
    if name == "sentiment":
        return rng.integers(1, 2**13, (CASES, 60))
    if name == "time_series":
        return wave(rng.uniform(0, 28, (CASES, 1)) + 0.1 * np.arange(20))[..., None].astype("f4")
    model = model_of(name)  # texts: the demo reads what its model has written
    begin = tune_tokens().index(abc.START) if name == "tunes" else 0
    draw = sampling.Sampler(model, jit_compile=False).draw
    return np.asarray(draw([begin], 60, count=CASES, seed=1).tokens)


def wave(t):
    return t * np.sin(t) / 3 + 2 * np.sin(5 * t)


def tune_tokens():
    model = model_of("tunes")
    return next(layer.cell for layer in model.layers if hasattr(layer, "cell")).vocabulary


def packed_of(name, dtype):
    """The layers of a model, as its demo is given them."""
    return live.pack(model_of(name), dtype)


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [*((name, "float32") for name in MODELS), *ROUNDED.items()],
)
def test_a_demos_model_gives_the_numbers_of_keras(engine, name, dtype):
    inputs = inputs_of(name)
    wanted = model_of(name).predict_on_batch(inputs)
    got = in_browser(engine, packed_of(name, dtype), inputs).reshape(wanted.shape)
    if wanted.shape[-1] > 1:  # what a reader sees are probabilities
        got, wanted = softmax(got), softmax(wanted)
    size = max(1, np.abs(wanted).max())  # the curve goes to ten: relative to that
    assert np.abs(got - wanted).max() <= TOLERANCE[dtype] * size


@pytest.mark.parametrize("dtype", ["float32", "int16"])
def test_sorting_gives_the_numbers_of_keras(engine, dtype):
    model = model_of("sorting")
    lists = sorter.draw(rng, CASES, 16)
    wanted = np.asarray(model(lists))
    packed = [packing.pack(part, dtype) for part in (model.encoder, model.decoder, model.answer)]
    got = engine.evaluate(
        """([parts, lists, values]) => {
            const [encoder, decoder, [answer]] =
                parts.map((part) => part.map(rnncourse.cells.layer));
            const through = (stack, xs, begin) => {
                const ends = [];
                stack.forEach((one, depth) => {
                    let states = begin ? begin[depth] : one.start();
                    xs = xs.map((x) => {
                        const after = one.step(x, states);
                        states = after.states;
                        return after.output;
                    });
                    ends.push(states);
                });
                return [xs, ends];
            };
            return lists.map((list) => {
                const oneHot = (n) =>
                    Float32Array.from({ length: values }, (_, k) => Number(k === n - 1));
                const rows = list.map(oneHot);
                const [, vectors] = through(encoder, rows);
                const [ys] = through(decoder, list.map(() => Float32Array.of(0)), vectors);
                return ys.map((y) => [...answer.apply(y)]);
            });
        }""",
        [packed, lists.tolist(), model.values],
    )
    assert np.abs(softmax(np.array(got)) - softmax(wanted)).max() <= TOLERANCE[dtype]


def test_hopfield_gives_the_numbers_of_numpy(engine):
    patterns = rng.choice([-1, 1], (5, 49))
    states = rng.choice([-1, 1], (CASES, 49))
    network = hopfield.Hopfield(patterns)
    energies, after = engine.evaluate(
        """([patterns, states]) => {
            const network = new rnncourse.cells.Hopfield(patterns);
            const energies = states.map((state) => network.energy(Float32Array.from(state)));
            const after = states.map((state) => {
                for (let i = 0; i < state.length; i++) network.update(state, i);
                return state;
            });
            return [energies, after];
        }""",
        [patterns.tolist(), states.tolist()],
    )
    assert np.allclose(energies, network.energy(states), atol=1e-5)
    expected = states.copy()
    for unit in range(49):
        field = expected @ network.weights[:, unit]
        expected[:, unit] = np.where(abs(field) < 1e-9, expected[:, unit], np.sign(field))
    assert np.array_equal(after, expected)


@pytest.mark.parametrize("name", MODELS)
def test_a_demos_model_is_quick(engine, name):
    one = inputs_of(name)[0].tolist()
    rate = engine.evaluate(
        """([packed, xs]) => {
            const model = new rnncourse.cells.Model(packed);
            xs = xs.map((x) => (Array.isArray(x) ? Float32Array.from(x) : x));
            let best = Infinity;
            for (let attempt = 0; attempt < 5; attempt++) {
                const begin = performance.now();
                let states = model.start();
                for (let t = 0; t < 200; t++) ({ states } = model.step(xs[t % xs.length], states));
                best = Math.min(best, performance.now() - begin);
            }
            return 200_000 / best;
        }""",
        [packed_of(name, "float16"), one],
    )
    print(f"{name}: {rate:.0f} steps a second")
    assert rate >= 200


# ---- the demos, as JupyterLab is given them: one piece of HTML

SCREENS = {"wide": (1440, 900), "phone": (390, 844)}
HOSTILE = (
    "<img src=x onerror=\"document.title='hurt'\"></script><script>document.title='hurt'</script>"
)
PATTERNS = np.where(np.random.default_rng(0).random((3, 100)) < 0.5, -1, 1)


@functools.cache
def demo_of(name):
    if name == "cells":
        return live.cells(model_of("cells"), np.linspace(0.1, 0.9, 100), [20, 70])
    if name == "sorting":
        return live.sorting(model_of("sorting"))
    if name == "mnist":
        return live.mnist(model_of("mnist"), 255 * inputs_of("mnist")[:3])
    if name == "generation":
        model = model_of("generation")
        letters = [chr(32 + k) for k in range(model.output_shape[-1])]
        letters[1] = "\n"
        return live.generation(model, letters, HOSTILE)
    if name == "tunes":
        return live.tunes(model_of("tunes"), tune_tokens())
    if name == "sentiment":
        labels = ["a", "b", HOSTILE, "d"]
        return live.sentiment(model_of("sentiment"), labels, ["Hello", HOSTILE], run=4)
    if name == "parity":
        model = keras.Sequential([keras.Input((None, 3)), L.GRU(4, return_sequences=True)])
        return live.parity({HOSTILE: model}, rng.normal(size=(5, 6, 3)))
    if name == "history":
        return live.history(PATTERNS, ["one", HOSTILE, "three"], [0, 1])
    curves = {"zeros": np.zeros(20), HOSTILE: np.ones(20)}
    return live.time_series(model_of("time_series"), curves, 5, steps=30)


CONTROLS = ".live :is(button, input, select, textarea, [tabindex])"
DEMOS = (
    "cells",
    "sorting",
    "mnist",
    "generation",
    "history",
    "time_series",
    "tunes",
    "sentiment",
    "parity",
)


@pytest.fixture
def open_demo(browser):
    """Open a demo alone on a page; afterwards nothing may have gone wrong."""
    contexts, trouble = [], []

    def go(name, screen="wide", theme="light", motion="reduce"):
        width, height = SCREENS[screen]
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion=motion
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda request: trouble.append(request.url))
        page.set_content(
            f'<!doctype html><html lang="en" data-theme="{theme}"><head>'
            '<meta name="viewport" content="width=device-width"><title>a page</title></head>'
            f"<body>{demo_of(name)._repr_html_()}</body></html>"
        )
        page.set_default_timeout(20_000)
        page.wait_for_selector(f'[data-live="{name}"][data-begun]')
        return page

    yield go
    titles = [page.title() for context in contexts for page in context.pages]
    for context in contexts:
        context.close()
    assert trouble == []
    assert set(titles) <= {"a page"}, "a reader's text was run"


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", DEMOS)
def test_a_demo_fits_the_screen_and_has_names_for_everything(open_demo, name, screen, theme):
    page = open_demo(name, screen, theme)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    nameless = page.evaluate(
        """() => {
            const named = (e) => e.getAttribute('aria-label')
                || e.closest('label')?.textContent.trim()
                || (e.tagName === 'BUTTON' && e.textContent.trim());
            const all = [...document.querySelectorAll(CONTROLS), ...
                document.querySelectorAll('.live [role="img"]')];
            return all.filter((e) => !named(e)).map((e) => e.outerHTML);
        }""".replace("CONTROLS", repr(CONTROLS))
    )
    assert nameless == []
    assert page.locator(".live :is(h1, h2, h3, h4, h5, h6)").count() == 0
    assert page.locator('.live [role="status"]').count() == 1


@pytest.mark.parametrize("name", DEMOS)
def test_every_control_can_be_reached_by_keyboard(open_demo, name):
    page = open_demo(name)
    count = page.locator(CONTROLS).count()
    reached = set()
    for _ in range(count + 2):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "(all) => [...document.querySelectorAll(all)].indexOf(document.activeElement)",
                CONTROLS,
            )
        )
    assert reached >= set(range(count))


def test_the_lstm_by_keyboard_and_pointer(open_demo):
    page = open_demo("cells")
    verdict = page.locator(".cells-verdict")
    before = verdict.inner_text()
    page.get_by_label("mark 1 at step").focus()
    page.keyboard.press("ArrowRight")
    assert verdict.inner_text() != before
    page.get_by_role("button", name="Next step").press("Enter")
    assert "Step 21 " in page.locator(".cells-reading").inner_text()
    next_gate = page.get_by_role("button", name="Next gate")
    for shown in range(1, 7):
        next_gate.click()
        assert page.locator(".cells-stage:not(.cells-hidden)").count() == shown
    sequence = page.locator(".cells-sequence")
    box = sequence.bounding_box()
    page.mouse.click(box["x"] + 0.005 * box["width"], box["y"] + box["height"] / 2)
    assert "0.10 + " in verdict.inner_text()
    model = model_of("cells")
    numbers = np.linspace(0.1, 0.9, 100).round(3)
    marked = np.isin(np.arange(100), [0, 70])
    said = model.predict_on_batch(np.stack([numbers, marked], -1)[None].astype("float32"))
    shown = float(re.search(r"says (\S+\d)", verdict.inner_text())[1].replace("\u2212", "-"))
    assert abs(shown - said[0, 0]) < 0.0055


def hand(page, which):
    return [int(t.split("\n")[0]) for t in page.locator(f".sorting-hand {which}").all_inner_texts()]


def test_a_hand_by_keyboard_and_pointer(open_demo):
    page = open_demo("sorting")
    typed = page.get_by_role("textbox")
    typed.fill("7 3 12 3 " + HOSTILE + " 99 -1 2.5")
    typed.press("Enter")
    cards = "button.sorting-card"
    assert hand(page, cards) == [7, 3, 12, 3]
    assert "left out" in page.locator(".sorting-verdict").inner_text()
    page.locator(cards).first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert hand(page, cards) == [3, 12, 7, 3]
    boxes = [page.locator(cards).nth(k).bounding_box() for k in (0, 3)]
    middles = [(b["x"] + b["width"] / 2, b["y"] + b["height"] / 2) for b in boxes]
    page.mouse.move(*middles[0])
    page.mouse.down()
    page.mouse.move(*middles[1], steps=4)
    page.mouse.up()
    assert hand(page, cards) == [12, 7, 3, 3]
    page.get_by_role("button", name="Sort").click()
    assert hand(page, ".sorting-said") == model_of("sorting").sort([12, 7, 3, 3])
    assert page.locator(".sorting-verdict").inner_text()
    page.get_by_label("cards", exact=True).fill("32")
    assert len(hand(page, cards)) == 32
    typed.fill("nothing")
    typed.press("Enter")
    assert "whole numbers" in page.locator(".sorting-verdict").inner_text()


def test_a_digit_by_keyboard_and_pointer(open_demo):
    page = open_demo("mnist")
    verdict = page.locator(".mnist-verdict")
    assert "It reads" in verdict.inner_text()
    page.get_by_role("button", name="Clear").click()
    assert verdict.inner_text() == ""
    pad = page.get_by_role("application")
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.8 * box["height"], steps=5)
    page.mouse.up()
    assert "It reads" in verdict.inner_text()
    page.get_by_role("button", name="Clear").press("Enter")
    pad.focus()
    for key in ("Space", *["ArrowDown"] * 8, "Space", "ArrowRight"):
        page.keyboard.press(key)
    assert "It reads" in verdict.inner_text()
    page.get_by_role("button", name="example 2").press("Enter")
    assert "It reads" in verdict.inner_text()


def test_writing_by_keyboard_and_pointer(open_demo):
    page = open_demo("generation")
    written = page.get_by_role("region")
    assert HOSTILE not in written.inner_html()
    given = page.get_by_role("textbox")
    given.fill("AB \u2603")
    assert written.inner_text() == "AB "
    assert "never seen" in page.locator(".live").inner_text()
    page.get_by_role("button", name="One letter").press("Enter")
    assert page.locator(".generation-page span").count() == 2
    page.get_by_role("button", name="Write").click()
    assert page.locator(".generation-page span").count() == 202
    likeliest = page.locator(".live-bars .live-share").first
    page.get_by_label("temperature").fill("0.1")
    cold = likeliest.inner_text()
    page.get_by_label("temperature").fill("2")
    assert likeliest.inner_text() != cold
    given.fill("")
    assert page.locator(".generation-page span").count() == 1


def test_writing_goes_on_by_itself_and_stops(open_demo):
    page = open_demo("generation", motion="no-preference")
    page.get_by_role("button", name="Write").click()
    page.wait_for_function("document.querySelectorAll('.generation-page span').length > 5")
    page.get_by_role("button", name="Stop").click()
    count = page.locator(".generation-page span").count()
    page.wait_for_timeout(300)
    assert page.locator(".generation-page span").count() == count


def test_recall_by_keyboard_and_pointer(open_demo):
    page = open_demo("history")
    said = page.locator(".history-said")
    page.get_by_role("button", name="start from one").click()
    page.get_by_role("button", name="Recall").press("Enter")
    assert said.inner_text() == "At rest: this is one."
    page.get_by_role("button", name="Turn over").click()
    page.get_by_role("button", name="Recall").click()
    assert said.inner_text() == "At rest: this is the negative of one."
    page.get_by_role("checkbox").nth(2).press("Space")
    assert said.inner_text() == "3 stored: 0.030 for each unit."
    for box in page.get_by_role("checkbox").all():
        box.set_checked(False)
    page.get_by_role("button", name="Recall").click()  # nothing stored: nothing moves
    assert "At rest" in said.inner_text()
    overlaps = page.locator(".live-bars")
    before = overlaps.inner_text()
    pad = page.get_by_role("application")
    pad.focus()
    page.keyboard.press("Space")
    assert overlaps.inner_text() != before
    page.keyboard.press("Space")
    assert overlaps.inner_text() == before
    pad.click(position={"x": 5, "y": 5})
    assert overlaps.inner_text() != before
    for name in ("Add noise", "Erase half"):
        page.get_by_role("button", name=name).click()


def test_a_curve_by_keyboard_and_pointer(open_demo):
    page = open_demo("time_series")
    reading = page.locator(".series-reading")
    page.get_by_role("button", name="zeros").click()
    from_zeros = reading.inner_text()
    values = np.zeros(20, "float32")
    for _ in range(30):
        window = values[-20:].reshape(1, 20, 1)
        values = np.append(values, model_of("time_series").predict_on_batch(window)[0, -1, 0])
    shown = float(from_zeros.split(": ")[1].replace("\u2212", "-"))
    assert abs(shown - values[-1]) < 0.0055 + 1e-3 * np.abs(values).max()
    pad = page.get_by_role("application")
    pad.focus()
    for key in ("ArrowLeft", "ArrowUp", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    changed = reading.inner_text()
    assert changed != from_zeros
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.7 * box["height"], steps=5)
    page.mouse.up()
    assert reading.inner_text() != changed
    page.get_by_role("button", name="Next value").click()


def test_a_tune_by_keyboard_and_pointer(open_demo):
    page = open_demo("tunes")
    sheet = page.get_by_role("region")
    assert sheet.inner_text().startswith("X:1\nL:1/8\nM:6/8\nK:D Major\n")
    page.get_by_label("mode").select_option("Dorian")
    page.get_by_role("button", name="Compose").press("Enter")
    assert sheet.inner_text().startswith("X:1\nL:1/8\nM:6/8\nK:D Dorian\n")
    for _ in range(5):  # a fresh network may write a tune without a note
        if page.locator(".tunes-roll rect").count():
            break
        page.get_by_role("button", name="Compose").click()
    play = page.locator(".live button").nth(1)
    play.click()
    assert play.inner_text() == "Be quiet"
    play.press("Enter")
    assert play.inner_text() == "Play"


def test_the_notes_are_those_of_the_text(open_demo):
    page = open_demo("tunes")
    page.get_by_role("button", name="Compose").click()
    text = page.get_by_role("region").inner_text()
    shown = page.evaluate(
        "() => [...document.querySelectorAll('.tunes-roll rect')].map((bar) =>"
        " [bar.x.baseVal.value, bar.getAttribute('y')].map(Number))"
    )
    try:
        tune = abc.parse(text + "\n")
    except abc.AbcError as error:
        pytest.skip(f"the network wrote something else: {error}")
    bars = [note for bar in tune.bars for note in bar.notes]
    starts = np.cumsum([0, *(8 * float(note.length) for note in bars)])
    sounding = [(s, n.pitch) for s, n in zip(starts, bars, strict=False) if n.pitch is not None]
    high = max(86, *(pitch for _, pitch in sounding))
    assert np.allclose(shown, [(start, high - pitch) for start, pitch in sounding], atol=0.01)


def test_a_message_by_keyboard_and_pointer(open_demo):
    page = open_demo("sentiment")
    shares = page.locator(".live-bars")
    message = page.get_by_role("textbox")
    seen = set()
    for text in ("", "I", "I l", "I l\u00f6ve it \u2603", HOSTILE):
        message.fill(text)
        seen.add(shares.inner_text())
        points = page.locator("polyline").first.get_attribute("points").split()
        assert len(points) == len(text[:140])
    assert len(seen) > 2
    page.get_by_role("button", name="Hello").press("Enter")
    assert message.input_value() == "Hello"


def test_a_message_is_read_as_in_python(open_demo):
    page = open_demo("sentiment")
    for text in (
        "GOOD",
        "It\u2019s \u201cr\u00e9al\u201d \u2014 no\u2026",
        "so \U0001f600\U0001f600 \u4e2d  x",
    ):
        page.get_by_role("textbox").fill(text)
        shown = page.locator(".live-share").all_inner_texts()
        tokens = sentiment.endings([text], length=len(text) + 5)
        wanted = softmax(model_of("sentiment").predict_on_batch(tokens))[0]
        got = [float(share.split("\u00a0")[0]) / 100 for share in shown]
        assert np.abs(got - wanted).max() < 0.0061


def test_the_comparison_on_the_page(open_demo):
    page = open_demo("parity")
    cells = page.locator("tbody tr").first.locator("th, td").all_inner_texts()
    assert cells[0] == HOSTILE
    assert float(cells[1]) < 1e-5
    page.get_by_role("button", name="Compare again").press("Enter")
    assert float(page.locator("tbody td").first.inner_text()) < 1e-5


def test_strips_follow_the_theme(open_demo):
    page = open_demo("sorting")
    page.get_by_role("button", name="Next step").click()
    pixels = "() => document.querySelector('.sorting-vector').toDataURL()"
    page.wait_for_timeout(200)
    light = page.evaluate(pixels)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_timeout(200)
    assert page.evaluate(pixels) != light


def test_a_second_look_begins_each_demo_once(open_demo):
    page = open_demo("history")
    buttons = page.locator(".live button").count()
    page.evaluate("rnncourse.page.begin()")
    assert page.locator(".live button").count() == buttons


def test_the_book_links_what_a_demo_carries_once():
    outputs = [demo_of(name)._repr_html_() for name in ("sorting", "history")]
    page, names = without_files("".join(outputs))
    assert "data-live-file" not in page
    for name in ("sorting", "history"):
        assert demo_of(name).element() in page
    assert names == ["live.css", "cells.js", "page.js", "demos/sorting.js", "demos/history.js"]
    assert len(page) < sum(map(len, outputs)) - 40_000
