"""Drawing: what the model says, with the state carried, the same for the same seed."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnncourse import cells, sampling

TOKENS = 7
NAMES = ["a", "b", "c", "d", "e", "f", "gh"]


def network(*recurrent):
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(TOKENS, 4, embeddings_initializer="normal"),
            *recurrent,
            keras.layers.Dropout(0.5),
            keras.layers.Dense(TOKENS, kernel_initializer="random_normal"),
        ]
    )
    model.layers[-1].set_weights([40 * w for w in model.layers[-1].get_weights()])
    return model


@pytest.fixture(scope="module")
def model():
    return network(
        keras.layers.GRU(8, return_sequences=True), keras.layers.LSTM(6, return_sequences=True)
    )


@pytest.fixture(scope="module")
def sampler(model):
    return sampling.Sampler(model, NAMES)


def said(model, tokens):
    """What the model says after each token, asked over the whole sequence again: (time, tokens)."""
    logits = np.asarray(model(np.asarray(tokens)[None]))[0].astype(float)
    p = np.exp(logits - logits.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


def table(p):
    """A model without a memory that always says p."""
    logits = tf.math.log(tf.constant([p], tf.float32))
    return (lambda tokens, state: (tf.repeat(logits, len(tokens), 0), state)), (lambda batch: [])


def test_the_likeliest_is_what_the_whole_model_says_step_by_step(model, sampler):
    drawn = sampler.draw([3, 1, 4], 20, top_k=1).tokens[0]
    assert drawn.shape == (23,)
    assert drawn[:3].tolist() == [3, 1, 4]
    assert drawn[3:].tolist() == said(model, drawn).argmax(-1)[2:-1].tolist()


@pytest.mark.parametrize("cell", [cells.ElmanCell(5), cells.LSTMCell(5), cells.GRUCell(5)])
def test_our_cells_and_stacks_of_cells(cell):
    stack = keras.layers.RNN([cell, keras.layers.GRUCell(4)], return_sequences=True)
    model = network(keras.layers.RNN(cell.__class__(6), return_sequences=True), stack)
    drawn = sampling.Sampler(model).draw([2, 0], 12, top_k=1).tokens[0]
    assert drawn[2:].tolist() == said(model, drawn).argmax(-1)[1:-1].tolist()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_follow_the_models_probabilities(model, sampler, temperature):
    """Chi-square over the pairs of the first two tokens, against the chain rule."""
    count = 20_000
    pairs = sampler.draw([0], 2, count=count, temperature=temperature, seed=5).tokens[:, 1:]
    first = said(model, [0])[-1] ** (1 / temperature)
    first /= first.sum()
    second = np.stack([said(model, [0, token])[-1] for token in range(TOKENS)])
    second = second ** (1 / temperature)
    second /= second.sum(1, keepdims=True)
    expected = count * (first[:, None] * second).ravel()
    seen = np.bincount(pairs[:, 0] * TOKENS + pairs[:, 1], minlength=TOKENS**2)
    common = expected > 5
    rest = (
        np.append(seen[common], seen[~common].sum()),
        np.append(expected[common], expected[~common].sum() + 1e-9),
    )
    chi_square = ((rest[0] - rest[1]) ** 2 / rest[1]).sum()
    freedom = common.sum()
    assert freedom > 10
    assert chi_square < freedom + 4 * np.sqrt(2 * freedom)


@pytest.mark.parametrize("jit_compile", [True, False])
def test_compiled_by_xla_or_not_the_same_is_drawn(model, sampler, jit_compile):
    other = sampling.Sampler(model, jit_compile=jit_compile)
    options = {"count": 5, "temperature": 0.9, "top_k": 5, "nucleus": 0.95, "seed": 3}
    mine, theirs = sampler.draw([1], 30, **options), other.draw([1], 30, **options)
    np.testing.assert_array_equal(mine.tokens, theirs.tokens)


def test_several_models_speak_with_the_mean_of_their_probabilities(model):
    other = network(keras.layers.GRU(5, return_sequences=True))
    other.layers[-1].set_weights([2 * w for w in other.layers[-1].get_weights()])
    drawn = sampling.Sampler([model, other]).draw([3, 1], 15, top_k=1).tokens[0]
    mean = (said(model, drawn) + said(other, drawn)) / 2
    assert drawn[2:].tolist() == mean.argmax(-1)[1:-1].tolist()
    alone = sampling.Sampler([model]).draw([3, 1], 15, seed=4).tokens
    np.testing.assert_array_equal(alone, sampling.Sampler(model).draw([3, 1], 15, seed=4).tokens)
    count = 20_000
    mixed = sampling.Sampler([table([0.7, 0.2, 0.1]), table([0.1, 0.2, 0.7])])
    seen = np.bincount(mixed.draw([0], 1, count=count).tokens[:, 1], minlength=3)
    expected = count * np.array([0.4, 0.2, 0.4])
    assert ((seen - expected) ** 2 / expected).sum() < 13.8  # 2 degrees of freedom, 1 in a thousand


def test_the_same_seed_draws_the_same_and_a_longer_one_begins_alike(sampler):
    once, again = (sampler.draw([1], 30, count=4, seed=7).tokens for _ in range(2))
    np.testing.assert_array_equal(once, again)
    assert (once != sampler.draw([1], 30, count=4, seed=8).tokens).any()
    assert len({row.tobytes() for row in once}) > 1
    np.testing.assert_array_equal(sampler.draw([1], 50, count=4, seed=7).tokens[:, :31], once)


def test_training_shows_in_the_next_draw(sampler, model):
    before = model.get_weights()
    likeliest = sampler.draw([1], 3, top_k=1).tokens[0, 1:]
    weights = [w.copy() for w in before]
    weights[-1][(likeliest[0] + 1) % TOKENS] += 1e3  # the last bias
    model.set_weights(weights)
    try:
        assert set(sampler.draw([1], 3, top_k=1).tokens[0, 1:]) == {(likeliest[0] + 1) % TOKENS}
    finally:
        model.set_weights(before)


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({"top_k": 2}, {1, 3}),
        ({"top_k": 9}, {0, 1, 2, 3}),
        ({"nucleus": 0.5}, {3}),
        ({"nucleus": 0.51}, {1, 3}),
        ({"nucleus": 0.81}, {0, 1, 3}),
        ({"nucleus": 1.0}, {0, 1, 2, 3}),
        ({"nucleus": 1e-6}, {3}),
        ({"top_k": 3, "nucleus": 0.9}, {0, 1, 3}),
        ({"nucleus": 0.5, "temperature": 10.0}, {1, 3}),
    ],
)
def test_what_top_k_and_nucleus_leave(options, kept):
    drawn = sampling.Sampler(table([0.15, 0.3, 0.05, 0.5])).draw([0], 1, count=4000, **options)
    seen = np.bincount(drawn.tokens[:, 1], minlength=4) / 4000
    assert set(np.flatnonzero(seen)) == kept
    p = np.where(np.isin(range(4), list(kept)), [0.15, 0.3, 0.05, 0.5], 0)
    p = p ** (1 / options.get("temperature", 1.0)) * (p > 0)
    np.testing.assert_allclose(seen, p / p.sum(), atol=0.04)


def test_a_token_without_probability_is_never_drawn():
    drawn = sampling.Sampler(table([0.0, 0.5, 0.0, 0.5, 0.0])).draw([0], 200, count=200)
    assert set(drawn.tokens[:, 1:].ravel()) == {1, 3}


def test_stops_end_a_sequence_and_count():
    step = lambda tokens, state: (100 * tf.one_hot((tokens + 1) % 5, 5), state)  # noqa: E731
    counting = sampling.Sampler((step, lambda batch: []), "abcde")
    drawn = counting.draw([[0], [3]], 10, stop=[[2, 3]])
    assert [row.tolist() for row in drawn.sequences()] == [[0, 1, 2, 3], [3, 4, 0, 1, 2, 3]]
    assert drawn.stopped.all()
    assert drawn.tokens.shape == (2, 11)
    assert counting.text("a", 10, stop="d") == ["abcd"]
    assert counting.text("ab", 10, stop=["ea", "cde"]) == ["abcde"]
    assert counting.text("abc", 3, stop="b") == ["abcdea"], "what the primer holds does not stop it"
    assert counting.text("ab", 6, stop="bc") == ["abcdeabc"], "nor what only ends behind it"
    assert not counting.draw([0], 3, stop=[[4]]).stopped.any()


def test_texts(sampler):
    (text,) = sampler.text(["gh", "a"], 6, seed=1)
    assert text.startswith("gha")
    assert sampler.text("gh", 2, top_k=1)[0].startswith("gh")
    assert sampler.text("ab", 4, count=3, seed=2) == sampler.text("ab", 4, count=3, seed=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 0}, "temperature must be above 0, from 1e-20 to 1e20, got 0"),
        ({"temperature": -1.0}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": float("inf")}, "temperature"),
        ({"top_k": 0}, "top_k must be at least 1, got 0"),
        ({"nucleus": 0}, "nucleus must be above 0 and at most 1, got int 0"),
        ({"nucleus": 1.1}, "nucleus"),
        ({"count": 0}, "count"),
        ({"seed": -1}, "seed"),
        ({"length": 0}, "length must be at least 1, got 0"),
        ({"primer": []}, "primer must hold at least one token"),
        ({"primer": ""}, "primer must hold at least one token"),
        ({"primer": [[1], [2]], "count": 3}, "primer must have the shape"),
        ({"primer": [[[1]]]}, "primer must have the shape"),
        ({"primer": [-1]}, "primer must lie between 0 and 6, got -1 to -1"),
        ({"primer": [7]}, "primer must lie between 0 and 6, got 7 to 7"),
        ({"primer": "axe"}, "primer has 'x', which is not in the vocabulary"),
        ({"stop": ["x"]}, "stop has 'x'"),
        ({"stop": [[]]}, "stop must not hold an empty sequence"),
    ],
)
def test_bad_arguments_are_named(sampler, options, message):
    with pytest.raises(ValueError, match=message):
        sampler.draw(**{"primer": [1], "length": 3} | options)


def test_tokens_that_a_model_has_no_row_for_are_named(model):
    with pytest.raises(ValueError, match="primer must lie between 0 and 6, got 7 to 7"):
        sampling.Sampler([model, table([1.0])]).draw([7], 3)


def test_a_number_of_numpy_is_a_number(sampler):
    one, other = (sampler.draw([1], 9, top_k=k, seed=3).tokens for k in (3, np.int64(3)))
    np.testing.assert_array_equal(one, other)


def test_bad_models_are_named():
    reader = keras.layers.GRU(3)
    cases = [
        (ValueError, "must have return_sequences", network(reader)),
        (
            ValueError,
            "reads backwards",
            network(keras.layers.GRU(3, return_sequences=True, go_backwards=True)),
        ),
        (
            ValueError,
            "Bidirectional.* one step at a time",
            network(keras.layers.Bidirectional(keras.layers.GRU(3, return_sequences=True))),
        ),
        (TypeError, "keras.Sequential or a pair", keras.layers.GRU(3)),
    ]
    for kind, message, model in cases:
        with pytest.raises(kind, match=message):
            sampling.Sampler(model)
    with pytest.raises(ValueError, match="at least one, got an empty list"):
        sampling.Sampler([])
    with pytest.raises(ValueError, match="each token once"):
        sampling.Sampler(table([1.0]), "aa")
    with pytest.raises(ValueError, match="vocabulary is needed"):
        sampling.Sampler(table([1.0])).text([0], 3)
    with pytest.raises(ValueError, match="must name every token, got 1 names and 1"):
        sampling.Sampler(table([0.0, 1.0]), "a").text("a", 3)
    with pytest.raises(TypeError, match="primer must hold whole numbers, got float64"):
        sampling.Sampler(table([1.0])).draw([0.5], 3)
    with pytest.raises(TypeError, match=r"top_k must be a whole number, got float 1\.5"):
        sampling.Sampler(table([1.0])).draw([0], 3, top_k=1.5)
