"""Messages as numbers, and the networks that read them."""

import zlib

import keras
import numpy as np
import pytest

from rnncourse import datasets, sentiment
from rnncourse.fast_gru import FastGRU


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("Good game!", "Good game!"),
        ("it’s “é” …", 'it\'s "e" ...'),
        ("a\tb\r\nc\x00d\u200be", "a b  c d e"),
        ("so 😀😀 great 中", "so \x01\x01 great \x01"),
    ],
)
def test_characters(text, shown):
    numbers = sentiment.characters([text], 40)
    assert numbers.shape == (1, 40) and numbers.dtype == np.uint8
    assert bytes(numbers[0]).decode().rstrip("\0") == shown


def test_long_messages_are_cut():
    numbers = sentiment.characters(["x" * 300, "ffi" * 90, "ﬁ" * 200])
    assert numbers.shape == (3, 256)
    assert (numbers > 0).all()
    assert numbers.max() < sentiment.CHARACTERS
    assert sentiment.characters([]).shape == (0, 256)


def test_a_length_out_of_range():
    with pytest.raises(ValueError, match="length must be at least 1, got 0"):
        sentiment.characters(["a"], 0)


def test_endings():
    rows = 1000
    numbers = sentiment.endings(["Abc", "xabc", ""], run=3, rows=rows, length=6)
    assert numbers.shape == (3, 6) and numbers.dtype == np.int32
    assert numbers[0, 2] == numbers[1, 3] == 1 + (ord("a") * 961 + ord("b") * 31 + ord("c")) % 999
    assert numbers[0, 0] == 1 + ord("a")  # nothing stands before it
    assert numbers[0, 0] != numbers[1, 1]
    assert not numbers[0, 3:].any() and not numbers[2].any()
    for name, least in {"run": 1, "rows": 2, "length": 1}.items():
        with pytest.raises(ValueError, match=f"{name} must be at least {least}"):
            sentiment.endings(["a"], **{name: least - 1})


def test_half_of_a_sign_is_a_sign():
    numbers = sentiment.pieces(["so \ud800"])
    assert (numbers[0, 1, :2] > 0).all()


def test_a_run_longer_than_a_message_is_the_message():
    texts = ["abc", "abcabc"]
    one, other = (sentiment.endings(texts, run=run, rows=99, length=4) for run in (4, 9))
    np.testing.assert_array_equal(one, other)


def test_words_and_their_runs():
    assert sentiment.words("It's GREAT!! 😀") == ["it", "'", "s", "great", "!", "!", "😀"]
    assert sentiment.words(" \n") == []
    assert sentiment.runs("cat") == ["<cat>", "<ca", "cat", "at>", "<cat", "cat>", "<cat>"]
    assert sentiment.runs("!") == ["<!>", "<!>"]


def test_pieces():
    numbers = sentiment.pieces(["a cat", "", "b " * 9], length=4, most=6, buckets=100)
    assert numbers.shape == (3, 4, 6) and numbers.dtype == np.int32
    hashed = [1 + zlib.crc32(run.encode()) % 99 for run in ("<cat>", "<ca", "cat", "at>")]
    assert list(numbers[0, 1, :4]) == hashed
    assert not numbers[0, 2:].any() and not numbers[1].any()
    assert numbers[2].any(axis=-1).all()


def test_a_word_with_an_entity_is_a_piece():
    one = sentiment.pieces(["a cat"] * 2, ["Acme", "Bolt"], length=3, most=4)
    assert one.shape == (2, 3, 5)
    np.testing.assert_array_equal(one[0, :, :4], one[1, :, :4])
    assert (one[0, :2, 4] != one[1, :2, 4]).all() and not one[:, 2].any()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"entities": ["x"]}, r"entities must be as many as texts \(2\), got 1"),
        ({"length": 0}, "length must be at least 1"),
        ({"most": 0}, "most must be at least 1"),
        ({"buckets": 1}, "buckets must be at least 2, got 1"),
    ],
)
def test_pieces_refuses(wrong, message):
    with pytest.raises(ValueError, match=message):
        sentiment.pieces(["a", "b"], **wrong)


def test_the_layer_adds_the_rows_of_the_table():
    layer = sentiment.Pieces(20, 3)
    numbers = np.array([[[4, 7, 7], [2, 0, 0], [0, 0, 0]]])
    vectors = layer(numbers).numpy()
    table = layer.table.numpy()
    expected = np.stack([(table[4] + 2 * table[7]) / 3**0.5, table[2], 0 * table[2]])
    np.testing.assert_allclose(vectors[0], expected, atol=1e-6)
    assert layer.compute_mask(numbers).numpy().tolist() == [[True, True, False]]


# Keras reads its variables in a way that this NumPy has deprecated
old_copy = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")


def small_piece_reader(**how):
    return sentiment.piece_reader(
        3, vector=4, units=5, length=6, most=4, buckets=50, **how
    )  # the numbers that fit it: (batch, 6, 4)


def some(batch=2):
    rng = np.random.default_rng(0)
    return rng.integers(1, 50, (batch, 6, 4)).astype("int32")


@old_copy
@pytest.mark.parametrize("recurrent", [True, False])
@pytest.mark.parametrize("about", [True, False])
def test_piece_reader(recurrent, about, tmp_path):
    if not about and keras.__version__.startswith("3.12."):
        pytest.skip("Keras 3.12 knows no model with an input that nothing uses")
    model = small_piece_reader(recurrent=recurrent, about=about)
    entities = np.array([0, 2], "int32")
    logits = model.predict([some(), entities], verbose=0)
    assert logits.shape == (2, 4)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict([some(), entities], verbose=0), logits, atol=1e-6)


def test_words_that_are_not_there_do_not_count():
    model = small_piece_reader()
    numbers = some()
    numbers[:, 4:] = 0
    table = next(weight for weight in model.weights if "table" in weight.path)
    answers = []
    for padding in (9.0, -9.0):
        changed = table.numpy()
        changed[0] = padding
        table.assign(changed)
        answers.append(model.predict([numbers, np.zeros(2, "int32")], verbose=0))
    np.testing.assert_allclose(*answers, atol=1e-6)


def test_an_opinion_is_added_to():
    model = small_piece_reader(straight=False, opinion=True)
    opinions = np.log([[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]]).astype("float32")
    given = [some(), np.zeros(2, "int32")]
    without = model.predict([*given, 0 * opinions], verbose=0)
    logits = model.predict([*given, opinions], verbose=0)
    np.testing.assert_allclose(logits - without, opinions, atol=1e-6)


def test_an_empty_message_has_an_answer():
    numbers = some()
    numbers[1] = 0
    logits = small_piece_reader().predict([numbers, np.zeros(2, "int32")], verbose=0)
    assert np.isfinite(logits).all()


def test_the_entity_is_the_first_state():
    model = small_piece_reader()
    numbers = np.repeat(some(1), 2, axis=0)
    entities = np.array([0, 1], "int32")
    same = model.predict([numbers, entities], verbose=0)
    np.testing.assert_allclose(same[0], same[1], atol=1e-6)  # all entities begin alike
    first = next(w for w in model.trainable_weights if tuple(w.shape) == (3, 5))
    first.assign(np.arange(15).reshape(3, 5) / 10)
    other = model.predict([numbers, entities], verbose=0)
    assert np.abs(other[0] - other[1]).max() > 1e-4


def by_hand(model, numbers, units, layers):
    """The handout's network written out, step by step, in NumPy and single layers."""
    total = 0
    for way, order in (("forwards", 1), ("backwards", -1)):
        outputs = np.eye(128, dtype="float32")[numbers][:, ::order]
        for n in range(layers):
            layer = keras.layers.GRU(units, return_sequences=True)
            layer.build(outputs.shape)
            layer.set_weights(model.get_layer(f"{way}_{n}").get_weights())
            outputs = layer(outputs).numpy()
        kernel, bias = model.get_layer(f"project_{way}").get_weights()
        total = total + outputs[:, -1] @ kernel + bias
    kernel, bias = model.get_layer("answer").get_weights()
    return total @ kernel + bias


def test_the_handouts_network():
    keras.utils.set_random_seed(1)
    model = sentiment.character_reader(2, 3, length=7)
    numbers = sentiment.characters(["hello", "Go away"], 7)
    found = model.predict(numbers, verbose=0)
    np.testing.assert_allclose(found, by_hand(model, numbers, 3, 2), atol=1e-5)


def test_the_handouts_own_size():
    model = sentiment.character_reader()
    gru = [layer for layer in model.layers if isinstance(layer, keras.layers.GRU)]
    assert [layer.units for layer in gru] == [512] * 8
    assert model.input_shape == (None, 256) and model.output_shape == (None, 4)
    first, other = 3 * 512 * (128 + 512 + 2), 3 * 512 * (512 + 512 + 2)
    dense = 2 * (512 * 128 + 128) + 128 * 4 + 4
    assert sum(np.prod(w.shape) for w in model.trainable_weights) == 2 * (first + 3 * other) + dense


@pytest.mark.parametrize(
    "how",
    [
        {"stem": (6, 7, 4)},
        {"masked": True},
        {"pool": "max", "dropout": 0.5},
        {"cell": FastGRU, "stem": (6, 7, 4), "pool": "max"},
        {"cell": FastGRU, "stem": (6, 7, 4), "pool": "max", "masked": True, "vector": 3},
        {"cell": keras.layers.LSTM},
        {"cell": keras.layers.SimpleRNN, "masked": True},
    ],
)
def test_variants(how):
    model = sentiment.character_reader(1, 4, length=16, **how)
    assert model(sentiment.characters(["some words", ""], 16)).shape == (2, 4)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"layers": 0}, "layers must be at least 1, got 0"),
        ({"pool": "mean"}, "pool must be 'last' or 'max', got 'mean'"),
    ],
)
def test_character_reader_refuses(wrong, message):
    with pytest.raises(ValueError, match=message):
        sentiment.character_reader(**wrong)


@pytest.mark.parametrize("stem", [None, (6, 5, 4)])
@pytest.mark.parametrize("pool", ["last", "max"])
@pytest.mark.parametrize("layers", [1, 2])
def test_where_a_masked_message_is_cut_does_not_matter(stem, pool, layers):
    keras.utils.set_random_seed(1)
    model = sentiment.character_reader(
        layers, 4, cell=FastGRU, stem=stem, pool=pool, masked=True, length=None
    )
    texts = ["some words", "a few more words", "no"]
    short, long = (model(sentiment.characters(texts, length)) for length in (20, 40))
    np.testing.assert_allclose(short, long, atol=1e-6)


def test_buckets():
    lengths = np.array([0, 3, 4, 5, 8, 9, 12, 12, 4, 7, 2])
    messages = (np.arange(12) < lengths[:, None]).astype("uint8")
    messages[:, 1][lengths > 2] = 0  # a gap is no end
    drawn = sentiment.Bucketed(messages, lengths, 2, edges=(4, 8, 12), seed=3)
    assert len(drawn) == 2 + 1 + 1
    orders = []
    for _ in range(2):
        batches = [drawn[n] for n in range(len(drawn))]
        for some, targets in batches:
            edge = some.shape[1]
            assert len(some) == 2 and edge in (4, 8, 12)
            assert (targets <= edge).all() and (targets > edge - 4).all() | (edge == 4)
        orders.append([targets.tolist() for _, targets in batches])
        drawn.on_epoch_end()
    assert orders[0] != orders[1]


@pytest.mark.parametrize(
    ("edges", "size", "message"),
    [((4, 8), 2, "edges must rise to 12"), ((8, 4, 12), 2, "rise"), ((12,), 9, "batch_size")],
)
def test_buckets_refuse(edges, size, message):
    with pytest.raises(ValueError, match=message):
        sentiment.Bucketed(np.ones((3, 12), "uint8"), np.zeros(3), size, edges=edges)


def test_training_in_buckets():
    keras.utils.set_random_seed(0)
    model = sentiment.character_reader(
        1, 8, cell=FastGRU, vector=4, masked=True, pool="max", length=None
    )
    labels = np.arange(48) % 2
    texts = [("yes" + " " * (n % 9), "no, no" * (1 + n % 2))[n % 2] for n in range(48)]
    how = {"rate": 0.05, "decay": 0.0, "smoothing": 0.0, "muon": True, "edges": (6, 16)}
    history = sentiment.fit_reader(
        model, [sentiment.characters(texts, 16)], labels, epochs=12, batch_size=8, **how
    )
    assert history.metrics["loss"][-1] < 0.3


def test_training_lowers_the_loss():
    keras.utils.set_random_seed(0)
    model = small_piece_reader(pieces_dropped=0.0, words_dropped=0.0, dropout=0.0)
    labels = np.arange(36) % 4
    inputs = [some(36), np.zeros(36, "int32")]
    history = sentiment.fit_reader(
        model, inputs, labels, epochs=30, batch_size=8, rate=0.05, decay=0.0, smoothing=0.0
    )
    assert history.metrics["loss"][-1] < 0.5 * history.metrics["loss"][0]
    with pytest.raises(ValueError, match=r"labels must be at least batch_size \(64\), got 36"):
        sentiment.fit_reader(model, inputs, labels, epochs=1)


@pytest.mark.parametrize("about", [True, False])
def test_the_linear_reader(about):
    labels = np.arange(60) % 2
    texts = np.array([("good thing", "bad thing")[label] for label in labels], object)
    tweets = datasets.Tweets(np.arange(60), np.array(["Acme", "Bolt", "Acme"] * 20), labels, texts)
    model = sentiment.linear_reader(about).fit(sentiment.pairs(tweets), labels)
    assert model.score(sentiment.pairs(tweets), labels) == 1.0


def test_a_second_opinion_is_of_messages_not_learnt_from():
    rng = np.random.default_rng(0)
    texts = np.array([f"so w{n}x{n}" for n in rng.integers(1000, 9999, 120)], object)
    labels = rng.integers(0, 2, 120)  # by chance, so that nothing can be learnt but by heart
    tweets = datasets.Tweets(np.arange(120), np.array(["Acme", "Bolt"] * 60), labels, texts)
    new, known = sentiment.second_opinions(tweets, tweets)
    assert new.shape == known.shape == (120, 2) and new.dtype == np.float32
    np.testing.assert_allclose(np.exp(new).sum(axis=1), 1, atol=1e-3)
    assert np.mean(new.argmax(axis=1) == labels) < 0.65 < np.mean(known.argmax(axis=1) == labels)


def test_with_the_entity_a_word_can_mean_two_things():
    entities = np.array(["Acme", "Bolt"] * 40)
    labels = (np.arange(80) % 2) ^ (
        np.arange(80) // 40
    )  # sick is good of Acme, ill is good of Bolt
    texts = np.array(["so sick"] * 40 + ["so ill"] * 40, object)
    tweets = datasets.Tweets(np.arange(80), entities, labels, texts)
    score = {}
    for about in (True, False):
        model = sentiment.linear_reader(about, 100.0).fit(sentiment.pairs(tweets), labels)
        score[about] = model.score(sentiment.pairs(tweets), labels)
    assert score == {True: 1.0, False: 0.5}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a good pass, Scunthorpe aside", "a good pass, S********* aside"),
        ("assassins and classes", "assassins and classes"),
        ("", ""),
    ],
)
def test_masking(text, shown):
    assert sentiment.masked(text) == shown


def test_coarse_words_keep_a_letter():
    word = "fuvg".translate(str.maketrans("fuvg", "shit"))
    assert sentiment.masked(f"Holy {word}!") == "Holy s***!"
    assert sentiment.masked(word.upper()) == "S***"
