"""Translation: attention, search, batches, and that it learns; oracles from elsewhere."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnncourse import training, translation
from rnncourse.datasets import Sentence
from rnncourse.muon import Muon
from rnncourse.subwords import BEGIN, END, PADDING, Subwords, padded

KINDS = list(itertools.product([False, True], repeat=2))


def small(bidirectional=True, attention=True, target=9, seed=1, **sizes):
    """A small network with random weights, large enough to have opinions."""
    training.seed_everything(seed)
    sizes = {"units": 8, "embedding": 6} | sizes
    model = translation.Translator(
        11, target, bidirectional=bidirectional, attention=attention, dropout=0.3, **sizes
    )
    model.build()
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.7, w.shape).astype("float32") for w in model.get_weights()])
    return model


def sentences(rng, count, longest, words=11):
    lengths = rng.integers(1, longest + 1, count)
    return padded([[*rng.integers(4, words, n - 1).tolist(), END] for n in lengths])


def test_attention_is_that_of_keras():
    model = small()
    rng = np.random.default_rng(0)
    read = rng.normal(size=(3, 5, 8)).astype("float32")
    state = rng.normal(size=(3, 4, 8)).astype("float32")
    mask = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]], bool)
    keys = model.key(read)
    oracle = keras.layers.AdditiveAttention(use_scale=True)
    oracle.build([(3, 4, 8), (3, 5, 8), (3, 5, 8)])
    oracle.set_weights([model.score.kernel.numpy()[:, 0]])
    expected, weights = oracle(
        [model.query(state), read, keys], mask=[None, mask], return_attention_scores=True
    )
    got, looked = model.attend(state, (read, keys, mask))
    np.testing.assert_allclose(looked, weights, atol=1e-6)
    np.testing.assert_allclose(got, expected, atol=1e-5)
    assert np.all(looked.numpy()[2, :, 1:] == 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru(x, h, kernel, recurrent, bias):
    """One step in NumPy; Keras's order of gates, the reset gate behind the product."""
    z, r, c = np.split(x @ kernel + bias[0], 3)
    uz, ur, uc = np.split(h @ recurrent + bias[1], 3)
    z, r = sigmoid(z + uz), sigmoid(r + ur)
    return z * h + (1 - z) * np.tanh(c + r * uc)


@pytest.mark.parametrize(("bidirectional", "attention"), KINDS)
def test_logits_are_those_of_the_equations(bidirectional, attention):
    model = small(bidirectional, attention)
    weights = {w.path.partition("/")[2]: w.numpy() for w in model.weights}

    def layer(name):
        return [weights[f"{name}/gru_cell/{k}"] for k in ("kernel", "recurrent_kernel", "bias")]

    sentence, given = [5, 7, 4, END], [BEGIN, 6, 8]
    x = weights["read/embeddings"][sentence]
    h, backward = np.zeros(4 if bidirectional else 8), []
    for row in x[::-1]:
        h = gru(row, h, *layer("backward"))
        backward.insert(0, h)
    states, vector = np.array(backward), h
    if bidirectional:
        h, forward = np.zeros(4), []
        for row in x:
            h = gru(row, h, *layer("forward"))
            forward.append(h)
        states = np.concatenate([forward, states], axis=1)
        vector = np.concatenate([h, vector])
    expected = []
    h = vector
    for word in given:
        h = said = gru(weights["write/embeddings"][word], h, *layer("decoder"))
        if attention:
            keys = states @ weights["key/kernel"] + weights["key/bias"]
            score = np.tanh(h @ weights["query/kernel"] + keys) @ weights["score/kernel"][:, 0]
            chance = np.exp(score) / np.exp(score).sum()
            said = np.concatenate([chance @ states, h])
        answer = np.tanh(said @ weights["combine/kernel"] + weights["combine/bias"])
        expected.append(answer @ weights["write/embeddings"].T + weights["bias"])
    got = model(np.array([sentence]), np.array([given]))
    np.testing.assert_allclose(got[0], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("bidirectional", "attention"), KINDS)
def test_padding_and_neighbours_change_nothing(bidirectional, attention):
    model = small(bidirectional, attention)
    rng = np.random.default_rng(3)
    read, words = sentences(rng, 5, 6), rng.integers(2, 9, (5, 4))
    together = model(read, words).numpy()
    wider = model(np.pad(read, [(0, 0), (0, 3)]), words).numpy()
    np.testing.assert_allclose(wider, together, atol=1e-5)
    for i in range(5):
        alone = model(read[i : i + 1, : (read[i] > 0).sum()], words[i : i + 1])
        np.testing.assert_allclose(alone[0], together[i], atol=1e-5)


@pytest.mark.parametrize("delay", [0, 1, 3, 9])
def test_on_the_fly_is_one_layer_that_reads_and_writes(delay):
    training.seed_everything(1)
    model = translation.OnTheFly(11, 9, delay, units=8, embedding=6)
    model.build()
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(0, 0.7, w.shape).astype("float32") for w in model.get_weights()])
    weights = {w.path.partition("/")[2]: w.numpy() for w in model.weights}
    cell = [weights[f"decoder/gru_cell/{k}"] for k in ("kernel", "recurrent_kernel", "bias")]
    sentence, given = [5, 7, 4, END], [BEGIN, 6, 8]
    x = [*weights["read/embeddings"][sentence], *np.zeros((20, 6))]
    y = [*np.zeros((delay, 6)), *weights["write/embeddings"][given]]
    h, states = np.zeros(8), []
    for step in range(delay + 3):
        h = gru(np.concatenate([x[step], y[step]]), h, *cell)
        states.append(h)
    said = np.tanh(states[delay:] @ weights["combine/kernel"] + weights["combine/bias"])
    expected = said @ weights["write/embeddings"].T + weights["bias"]
    read = np.array([[*sentence, PADDING]])
    np.testing.assert_allclose(model(read, np.array([given]))[0], expected, rtol=1e-4, atol=1e-4)
    memory, state = model.encode(read)
    for step, word in enumerate(given):
        logits, state, _ = model.decode(np.array([[word]]), state, memory)
        np.testing.assert_allclose(logits[0, 0], expected[step], rtol=1e-4, atol=1e-4)


def test_on_the_fly_cannot_know_what_it_has_not_read():
    model = translation.OnTheFly(11, 9, 1, units=8, embedding=6, dropout=0.0)
    model.build()
    words = np.array([[BEGIN, 5, 6]])
    before = model(np.array([[5, 6, 7, 8]]), words).numpy()
    after = model(np.array([[5, 6, 7, 9]]), words).numpy()
    np.testing.assert_array_equal(before[:, :2], after[:, :2])
    assert (before[:, 2] != after[:, 2]).any()


def log_p(model, sentence, words):
    """The logarithm of the chance of a translation, by the model's own logits, BEGIN to END."""
    logits = model(np.array([sentence]), np.array([[BEGIN, *words[:-1]]])).numpy()[0]
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return float(logs[np.arange(len(words)), words].sum())


def every_translation(target, steps):
    """All that can be written in so many steps: ended, or cut."""
    letters = range(END + 1, target)
    for length in range(steps):
        for words in itertools.product(letters, repeat=length):
            yield [*words, END]
    yield from map(list, itertools.product(letters, repeat=steps))


@pytest.mark.parametrize("attention", [False, True])
@pytest.mark.parametrize("power", [0.0, 1.0])
def test_a_wide_search_is_exhaustive(attention, power):
    target, steps = 7, 3  # three words and the end
    model = small(attention=attention, target=target)
    rng = np.random.default_rng(2)
    read = sentences(rng, 4, 5)
    written, logs = translation.search(model, tf.constant(read), tf.constant(steps), 40, power)
    for sentence, row, log in zip(read, written.numpy(), logs.numpy(), strict=True):
        sentence = sentence[sentence > 0]
        best = max(
            every_translation(target, steps),
            key=lambda words, s=sentence: log_p(model, s, words) / len(words) ** power,
        )
        assert [w for w in row.tolist() if w] == best
        assert log == pytest.approx(log_p(model, sentence, best), abs=1e-4)


def test_two_steps_need_no_more_than_the_vocabulary():
    model = small(target=9)
    read = sentences(np.random.default_rng(4), 6, 5)
    few = translation.search(model, tf.constant(read), tf.constant(2), 9, 0.0)
    many = translation.search(model, tf.constant(read), tf.constant(2), 30, 0.0)
    np.testing.assert_array_equal(few[0], many[0])


def test_a_search_of_width_one_takes_the_likeliest_word():
    model = small()
    read = sentences(np.random.default_rng(5), 5, 6)
    written, _ = translation.search(model, tf.constant(read), tf.constant(7))
    for sentence, row in zip(read, written.numpy(), strict=True):
        words = [BEGIN]
        while len(words) < 8 and words[-1] != END:
            logits = model(sentence[None], np.array([words])).numpy()[0, -1]
            words.append(END + int(logits[END:].argmax()))
        assert [w for w in row.tolist() if w] == words[1:]


def test_a_wider_search_is_rarely_worse_and_each_sentence_is_on_its_own():
    model = small()
    read = sentences(np.random.default_rng(6), 20, 6)
    _, narrow = translation.search(model, tf.constant(read), tf.constant(6), 1, 0.0)
    written, wide = translation.search(model, tf.constant(read), tf.constant(6), 4, 0.0)
    assert np.mean(wide.numpy() >= narrow.numpy() - 1e-5) > 0.9
    alone, _ = translation.search(model, tf.constant(read[3:4]), tf.constant(6), 4, 0.0)
    row = written.numpy()[3]
    assert row[row > 0].tolist() == [w for w in alone.numpy()[0].tolist() if w]


def test_dropout_zeroes_its_share_and_keeps_the_mean():
    noise = tf.random.stateless_uniform((200, 300), [1, 2])
    drop = translation.dropper(0.25, noise)
    first, second = drop(tf.ones((200, 10, 20))).numpy(), drop(tf.ones((200, 100))).numpy()
    for x in (first, second):
        assert np.mean(x == 0) == pytest.approx(0.25, abs=0.01)
        assert x.max() == pytest.approx(4 / 3)
    assert abs(np.corrcoef(first[:, :5].ravel(), second.ravel())[0, 1]) < 0.05
    x = tf.ones((2, 3))
    assert translation.dropper(0.0, noise)(x) is x
    assert translation.dropper(0.5)(x) is x


@pytest.mark.parametrize(("bidirectional", "attention"), KINDS)
def test_the_noise_is_used_up(bidirectional, attention):
    model = small(bidirectional, attention)
    rng = np.random.default_rng(7)
    read, words = sentences(rng, 3, 5), rng.integers(2, 9, (3, 4))
    many = model.chances(read.shape[1], 4)
    ones = tf.ones((3, many))
    scaled = model(read, words, noise=ones)
    assert not np.allclose(scaled, model(read, words))
    last = tf.concat([ones[:, :-1], tf.zeros((3, 1))], axis=1)
    assert not np.allclose(model(read, words, noise=last), scaled)
    with pytest.raises(tf.errors.InvalidArgumentError):
        model(read, words, noise=ones[:, :-1])


def pairs(count=500, seed=0):
    """A language to learn: say the words backwards, 4 as 7, 5 as 8 and 6 as 9."""
    rng = np.random.default_rng(seed)
    read = [rng.integers(4, 7, rng.integers(1, 5)).tolist() for _ in range(count)]
    return [[*row, END] for row in read], [[*(w + 3 for w in row[::-1]), END] for row in read]


def test_batches_hold_every_pair_and_little_padding():
    read, asked = pairs(500)
    batches = translation.Batches(read, asked, size=20, seed=1)
    seen, padding, total = [], 0, 0
    for i, (sentences, wanted) in enumerate(batches):
        assert sentences.shape[0] == wanted.shape[0] == 20
        assert (sentences.shape[1], wanted.shape[1]) in batches.shapes
        for s, w in zip(sentences, wanted, strict=True):
            s, w = s[s > 0].tolist(), w[w > 0].tolist()
            assert [x + 3 for x in s[:-1]][::-1] == w[:-1]
            seen.append(tuple(s))
        padding, total = padding + (wanted == 0).sum(), total + wanted.size
        if i == 22:
            break
    assert len(batches.shapes) > 1
    assert padding / total < 0.25
    assert set(seen) >= {tuple(s) for s in read if seen.count(tuple(s)) > 8}
    first, again, other = (
        next(iter(translation.Batches(read, asked, size=20, seed=s))) for s in (1, 1, 2)
    )
    assert (first[0] == again[0]).all()
    assert first[0].shape != other[0].shape or (first[0] != other[0]).any()


def test_batches_refuse_what_cannot_be():
    read, asked = pairs(10)
    with pytest.raises(ValueError, match="wanted must be as many"):
        translation.Batches(read, asked[:-1])
    with pytest.raises(ValueError, match="not none"):
        translation.Batches([], [])
    with pytest.raises(ValueError, match="size must be at least 1"):
        translation.Batches(read, asked, size=0)
    with pytest.raises(ValueError, match="shapes must hold every pair"):
        translation.Batches(read, asked, shapes=((1, 1),))


def test_words_that_the_network_does_not_know_are_refused():
    model = translation.Translator(5, 4, 2, 2)
    with pytest.raises(ValueError, match="sentences must lie between 0 and 4, got 2 to 5"):
        translation.token_accuracy(model, [[5, 2]], [[3, 2]])
    batches = translation.Batches([[3, 2]] * 2, [[4, 2]] * 2, size=2)
    with pytest.raises(ValueError, match=r"batches .* wanted must lie between 0 and 3, got 2 to 4"):
        translation.train(model, keras.optimizers.SGD(), batches, 1)


def test_there_is_no_share_of_nothing():
    with pytest.raises(ValueError, match="wanted must be as many as sentences, and not none"):
        translation.token_accuracy(translation.Translator(5, 4, 2, 2), [], [])


def test_who_does_not_look_back_has_no_looks():
    with pytest.raises(ValueError, match="model must have attention"):
        interpreter(attention=False).looks("We go.")


def test_a_small_set_makes_a_batch_all_the_same():
    read, asked = pairs(3)
    sentences, wanted = next(iter(translation.Batches(read, asked, size=8)))
    assert len(sentences) == len(wanted) == 8


def test_the_loss_is_smoothed_cross_entropy_of_what_counts():
    model = small()
    read, asked = (padded(rows) for rows in pairs(4))
    asked = np.minimum(asked, 8)
    model.dropout = 0.0
    noise = tf.zeros((4, model.chances(read.shape[1], asked.shape[1])))
    got = float(translation.loss(model, tf.constant(read), tf.constant(asked), noise, 0.2))
    before = np.concatenate([np.full((4, 1), BEGIN), asked[:, :-1]], axis=1)
    logits = model(read, before).numpy()
    logs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    right = np.take_along_axis(logs, asked[..., None], axis=-1)[..., 0]
    losses = -0.8 * right - 0.2 * logs.mean(axis=-1)
    assert got == pytest.approx(losses[asked > 0].mean(), rel=1e-5)


def test_xla_and_halves_change_nothing_but_the_speed():
    losses = {}
    for jit_compile, parts in ((False, 1), (True, 1), (True, 2)):
        model = small(seed=3)
        batches = translation.Batches([[5, 4, END]] * 4, [[6, 7, END]] * 4, size=4)
        history = translation.train(
            model, keras.optimizers.Adam(0.01), batches, 3, jit_compile=jit_compile, parts=parts
        )
        losses[jit_compile, parts] = history.metrics["loss"]
    np.testing.assert_allclose(losses[True, 1], losses[False, 1], rtol=1e-4)
    np.testing.assert_allclose(losses[True, 2], losses[False, 1], rtol=1e-4)
    assert losses[True, 2][-1] < losses[True, 2][0]


def learn(bidirectional=True, attention=True, steps=250):
    training.seed_everything(0)
    model = translation.Translator(7, 10, 32, 16, bidirectional, attention, dropout=0.0)
    optimizer = Muon(0.02, only=r"gru_cell/recurrent_kernel", beta_2=0.95)
    batches = translation.Batches(*pairs(), size=32, shapes=((5, 5),))
    watched = []
    history = translation.train(
        model, optimizer, batches, steps, watch=watched.append, smoothing=0.05
    )
    assert watched == list(range(1, steps + 1))
    return model, history


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
def test_it_learns_twice_the_same_and_is_saved(tmp_path):
    model, history = learn()
    _, again = learn()
    assert history.metrics == again.metrics
    read, asked = pairs(200, seed=9)
    assert translation.token_accuracy(model, read, asked) > 0.97
    arguments = tf.constant(padded(read)), tf.constant(6)
    written, _ = translation.search(model, *arguments)
    right = [
        [w for w in row if w] == a for row, a in zip(written.numpy().tolist(), asked, strict=True)
    ]
    assert np.mean(right) > 0.9
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(translation.search(loaded, *arguments)[0], written)


def test_on_the_fly_learns_what_needs_no_waiting():
    training.seed_everything(0)
    read, _ = pairs(200)
    asked = [[w + 3 if w > END else w for w in row] for row in read]
    model = translation.OnTheFly(7, 10, units=32, embedding=16, dropout=0.1)
    batches = translation.Batches(read, asked, size=32, shapes=((5, 5),))
    optimizer = Muon(0.02, only=r"gru_cell/recurrent_kernel", beta_2=0.95)
    translation.train(model, optimizer, batches, 60, jit_compile=False)
    assert translation.token_accuracy(model, read, asked) > 0.95


def test_token_accuracy_leaves_padding_out():
    model = small()
    read, asked = pairs(30)
    asked = [[min(w, 8) for w in row] for row in asked]
    right = count = 0
    for s, w in zip(read, asked, strict=True):
        said = model(np.array([s]), np.array([[BEGIN, *w[:-1]]])).numpy()[0].argmax(-1)
        right, count = right + (said == w).sum(), count + len(w)
    assert translation.token_accuracy(model, read, asked) == pytest.approx(right / count)


TEXTS = ["I'm here.", "Go on!", "We go."], ["Je suis là.", "Continue !", "Nous y allons."]


def interpreter(**kinds):
    vocabularies = [Subwords.learnt(texts, 20) for texts in TEXTS]
    training.seed_everything(2)
    model = translation.Translator(*map(len, vocabularies), 8, 6, **kinds)
    model.build()
    return translation.Interpreter(model, *vocabularies, longest=30)


def test_empty_unknown_foreign_and_single_sentences_are_answered():
    one = interpreter()
    texts = ["", "Go on!", "  ", "שלום עולם", "你好", "Xylophone?", "\u200f"]
    said = one.translate(texts)
    assert [said[i] for i in (0, 2, 6)] == ["", "", ""]
    assert all(isinstance(text, str) for text in said)
    assert one.translate([]) == []
    for text, answer in zip(texts, said, strict=True):
        assert one.translate([text]) == [answer]
    assert one.translate(texts, batch_size=2) == said
    assert one.translate(["GO ON !"]) == one.translate(["go  on!"])
    assert not any("<" in text for text in one.translate(texts, width=3))


def test_what_cannot_be_read_is_refused():
    one = interpreter()
    with pytest.raises(ValueError, match=r"at most 30 pieces each, got \d+: 'go go"):
        one.translate(["we go.", "go " * 40])
    with pytest.raises(TypeError, match="texts must be a list of str, got str 'we go\\.'"):
        one.translate("we go.")
    with pytest.raises(TypeError, match="texts must be a list of str, got int 3 at 0"):
        one.translate([3])


def test_looks_are_weights_of_what_is_read():
    read, written, weights = interpreter().looks("We go.")
    assert read == ["w·", "e", "go", ".", "<end>"]
    assert weights.shape == (len(written), 5)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)


SENTENCES = [
    Sentence("We go on.", ("Nous continuons .", "On y va tout de suite .")),
    Sentence("Here.", ("Je suis ici maintenant .",)),
]


def test_scores_count_any_translation_or_the_first():
    first = [s.french[0] for s in SENTENCES]
    perfect = translation.scores(first, SENTENCES)
    assert perfect.all == perfect.one == pytest.approx(100)
    assert perfect.exact == 1
    assert "case:lc" in perfect.signature
    assert "tok:13a" in perfect.signature
    other = translation.scores(["on y va tout de suite .", "JE suis ici maintenant ."], SENTENCES)
    assert other.all == pytest.approx(100)
    assert other.one < 80
    assert other.exact == 1
    nothing = translation.scores(["", "tout"], SENTENCES)
    assert nothing.one == nothing.exact == 0


def test_bleu_is_that_of_its_definition():
    said, french = "le chat est sur le tapis .", "le chat dort sur le tapis rouge ."
    grams = [
        ([*zip(*(t.split()[i:] for i in range(n)), strict=False)])
        for n in range(1, 5)
        for t in (said, french)
    ]
    precisions = []
    for mine, wanted in zip(grams[::2], grams[1::2], strict=True):
        precisions.append(sum(min(mine.count(g), wanted.count(g)) for g in set(mine)) / len(mine))
    precisions[3] = 1 / 2 / 4  # none in four: counted as a half
    brevity = np.exp(1 - 8 / 7)
    expected = 100 * brevity * np.exp(np.mean(np.log(precisions)))
    got = translation.scores([said], [Sentence("x", (french,))])
    assert got.one == pytest.approx(expected, rel=1e-6)


def test_scores_need_one_translation_each():
    with pytest.raises(ValueError, match="2 translations, got 1"):
        translation.scores(["x"], SENTENCES)
    with pytest.raises(ValueError, match="0 translations, got 0"):
        translation.scores([], [])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"source": 0}, "source must be at least 1, got 0"),
        ({"units": 7}, "units must be even, got 7"),
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1, got float 1.0"),
    ],
)
def test_impossible_networks_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        translation.Translator(**({"source": 5, "target": 5} | given))


def test_padding_is_zero():
    assert PADDING == 0
