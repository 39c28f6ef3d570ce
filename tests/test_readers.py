"""Networks that read texts: what they make of words, marks, padding and odd texts."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnncourse import readers, words

VOCABULARY = words.WordVocabulary(("good", "bad", "film", "a"))


def reader(**settings):
    keras.utils.set_random_seed(0)
    made = readers.Reader(len(VOCABULARY), 3, dimensions=5, units=4, **settings)
    made.build()
    return made


KINDS = [
    {},
    {"cell": "simple"},
    {"cell": "lstm"},
    {"summary": "max"},
    {"both": True},
    {"both": True, "summary": "max", "stem": 6, "marks": 2},
    {"stem": 6, "pool": 3},
    {"beside": True},
]


@pytest.mark.parametrize("settings", KINDS)
def test_padding_changes_nothing(settings):
    model = reader(**settings)
    length = 6 if settings.get("stem") else 5
    text = [["A", "good", "new", "Film", "a", "bad"][:length]]
    short, padded = (readers.encode(VOCABULARY, text, n) for n in (length, 12))
    if not settings.get("marks"):
        short, padded = short[..., 0], padded[..., 0]
    one, other = (readers.probabilities(model, numbers) for numbers in (short, padded))
    if settings.get("summary") == "max":  # an output below zero counts as zero if there is padding
        short = np.pad(short, [(0, 0), (0, 6)] + [(0, 0)] * (short.ndim - 2))
        one = readers.probabilities(model, short)
    np.testing.assert_allclose(one, other, atol=1e-5)
    np.testing.assert_allclose(other.sum(), 1, atol=1e-5)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
@pytest.mark.parametrize("settings", KINDS)
def test_it_learns_and_can_be_saved(settings, tmp_path):
    model = reader(dropout=0.1, **settings)
    texts = [["good", "film"], ["a", "bad"], ["film", "film", "good"], ["bad"]] * 8
    numbers = readers.encode(VOCABULARY, texts, 4)
    if not settings.get("marks"):
        numbers = numbers[..., 0]
    labels = np.array([0, 1, 0, 1] * 8, np.int32)
    history = readers.train(model, numbers, labels, epochs=25, batch=8, peak=0.03, unknown=0.05)
    assert len(history.metrics["loss"]) == 25 * 4
    said = readers.probabilities(model, numbers)
    assert np.mean(said.argmax(1) == labels) == 1
    model.save(tmp_path / "reader.keras")
    again = keras.saving.load_model(tmp_path / "reader.keras")
    np.testing.assert_allclose(readers.probabilities(again, numbers), said, atol=1e-6)


def test_the_same_seed_gives_the_same_reader():
    texts = readers.encode(VOCABULARY, [["good"], ["bad"]] * 8, 3)[..., 0]
    labels = np.array([0, 1] * 8, np.int32)
    losses = []
    for _ in range(2):
        how = {"epochs": 2, "batch": 4, "seed": 3, "unknown": 0.5}
        losses.append(readers.train(reader(), texts, labels, **how).metrics["loss"])
    assert losses[0] == losses[1]


@pytest.mark.parametrize(
    "text",
    [[], ["unheard"], ["good"] * 500, ["שלום", "עולם"], ["😀"]],
    ids=["empty", "unknown", "too long", "right to left", "emoji"],
)
def test_odd_texts_get_an_answer_alone_and_in_company(text):
    model = reader(both=True, summary="max", stem=6, marks=2)
    alone = readers.probabilities(model, readers.encode(VOCABULARY, [text], 8))
    assert alone.shape == (1, 3)
    assert np.isfinite(alone).all()
    company = readers.encode(VOCABULARY, [["good"], text, ["bad"]], 8)
    np.testing.assert_allclose(readers.probabilities(model, company)[1:2], alone, atol=1e-5)


def test_no_texts_no_answers():
    model = reader()
    assert readers.probabilities(model, np.zeros((0, 4), np.int32)).shape == (0, 3)


def test_a_reader_that_looks_at_the_last_output_agrees_with_keras():
    model = reader()
    numbers = np.array([[2, 3, 1, 4]], np.int32)
    layer = keras.layers.GRU(4)
    layer.build((1, 4, 5))
    layer.set_weights(model.directions[0].get_weights())
    kernel, bias = model.answer.get_weights()
    vectors = model.table.get_weights()[0][numbers]
    wanted = tf.nn.softmax(layer(vectors).numpy() @ kernel + bias).numpy()
    np.testing.assert_allclose(readers.probabilities(model, numbers), wanted, atol=1e-5)


def test_frozen_vectors_stay():
    model = reader(tuned=False)
    before = model.table.get_weights()[0]
    numbers = np.array([[2, 3], [3, 2]], np.int32)
    readers.train(model, numbers, np.array([0, 1], np.int32), epochs=3, batch=2)
    np.testing.assert_array_equal(model.table.get_weights()[0], before)


def test_marks_tell_beginning_ending_and_shape():
    rows = readers.encode(VOCABULARY, [["Village", "village", "Villager", "Tillage", "1984"]], 5)[0]
    assert rows.shape == (5, 4)
    capital, low, longer, other, year = rows[:, 1:]
    assert (capital[:2] == low[:2]).all()
    assert capital[2] != low[2]
    assert longer[0] == low[0]
    assert longer[1] != low[1]
    assert other[0] != low[0]
    assert other[1] == low[1]
    assert year[2] not in (low[2], capital[2])
    assert (rows[:, 1:] > 0).all()
    assert (rows[:, 1:] < readers.BUCKETS).all()


def test_start_vectors_are_those_of_known_words():
    vectors = np.array([[1.0, 2.0], [3.0, 4.0]])
    rows = readers.start_vectors(VOCABULARY, ("film", "new"), vectors, np.random.default_rng(0))
    assert rows.shape == (6, 2)
    np.testing.assert_array_equal(rows[VOCABULARY.number("film")], [1, 2])
    np.testing.assert_array_equal(rows[words.PADDING], 0)
    assert rows[words.UNKNOWN].any()


def test_batches_are_of_one_size_and_hide_words():
    numbers = np.arange(2, 22).reshape(10, 2).astype(np.int32)
    numbers[:, 1] = words.PADDING
    labels = np.arange(10)
    before = numbers.copy()
    made = list(readers.batches(numbers, labels, 2, 4, np.random.default_rng(0), unknown=1.0))
    assert len(made) == 5
    for shown, wanted in made:
        assert shown.shape == (4, 2)
        assert (shown[:, 0] == words.UNKNOWN).all()
        assert (shown[:, 1] == words.PADDING).all()
        assert wanted.shape == (4,)
    np.testing.assert_array_equal(numbers, before)
    (shown, wanted), *_ = readers.batches(numbers, labels, 1, 4, np.random.default_rng(0))
    np.testing.assert_array_equal(shown, before[wanted])


def ones(*shape):
    return np.ones(shape, int)


@pytest.mark.parametrize(
    ("numbers", "complaint"),
    [
        (ones(2, 3), "numbers must be with marks"),
        (9 * ones(2, 3, 4), "numbers must lie between 0 and 4, got 9 to 9"),
        (ones(2, 3, 4) * [1, 1, 1, readers.BUCKETS], "numbers must lie between 0 and 4095"),
    ],
)
def test_words_without_a_row_are_refused(numbers, complaint):
    reader = readers.Reader(5, 2, dimensions=2, units=2, marks=1)
    with pytest.raises(ValueError, match=complaint):
        readers.probabilities(reader, numbers)
    with pytest.raises(ValueError, match=complaint):
        readers.train(reader, numbers, np.array([0, 1]), epochs=1)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((ones(0, 2), ones(0), 1, 1), "labels must be one a text"),
        ((ones(3, 2), ones(2), 1, 1), r"must be one a text \(3, not 0\), got shape \(2,\)"),
        ((ones(3, 2), ones(3), 0, 1), "epochs must be at least 1, got 0"),
        ((ones(3, 2), ones(3), 1, 0), "batch must be at least 1, got 0"),
        ((0 * ones(3, 2), ones(3), 1, 1), "numbers must hold a word or more in each text"),
    ],
)
def test_bad_arguments_are_named(arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        next(readers.batches(*arguments, np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [({"cell": "tree"}, "cell must be one of simple, gru, lstm"), ({"summary": "mean"}, "'last'")],
)
def test_unknown_kinds_are_named(settings, complaint):
    with pytest.raises(ValueError, match=complaint):
        readers.Reader(5, 2, **settings)
