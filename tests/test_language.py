"""The generator: the numbers of Keras, the state carried, quicker than chance at learning."""

import keras
import numpy as np
import pytest

from rnncourse import language, sampling, training
from rnncourse.text import Vocabulary

TEXT = "the rain in spain stays mainly in the plain. " * 40
VOCABULARY = Vocabulary.of(TEXT)
TOKENS = VOCABULARY.encode(TEXT)


@pytest.fixture
def model():
    keras.utils.set_random_seed(2)
    model = language.generator(len(VOCABULARY), (12, 9))
    rng = np.random.default_rng(0)
    model.set_weights([w + rng.normal(0, 0.1, w.shape) * (w.ndim > 1) for w in model.get_weights()])
    one_hot = model.get_layer("one_hot")
    one_hot.set_weights([np.eye(len(VOCABULARY))])
    return model


def plain_keras(model):
    """The same weights in Keras's own layers."""
    plain = keras.Sequential(
        [
            keras.Input((None, len(VOCABULARY))),
            *(keras.layers.GRU(size, return_sequences=True) for size in (12, 9)),
            keras.layers.Dense(len(VOCABULARY)),
        ]
    )
    plain.set_weights(model.get_weights()[1:])
    return plain


def test_the_handouts_generator_has_its_sizes():
    model = language.generator(128, (512, 512, 512))
    first = 3 * 512 * (128 + 512 + 2)
    upper = 3 * 512 * (512 + 512 + 2)
    trained = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert trained == first + 2 * upper + 512 * 128 + 128


def test_it_begins_orthogonal_by_gate_and_keeps(model):
    kernel, recurrent, bias = language.generator(5, (6,)).layers[1].get_weights()
    assert kernel.shape == (5, 18)
    for gate in np.split(recurrent, 3, axis=1):
        np.testing.assert_allclose(gate @ gate.T, np.eye(6), atol=1e-5)
    assert bias.tolist() == [[1.0] * 6 + [0.0] * 12, [0.0] * 18]


def test_reading_agrees_with_keras_and_may_be_interrupted(model):
    tokens = TOKENS[:60].reshape(2, 30)
    wanted = np.asarray(plain_keras(model)(np.eye(len(VOCABULARY))[tokens]))
    np.testing.assert_allclose(model(tokens), wanted, atol=1e-5)
    first, states = language.run(model, tokens[:, :13], language.start(model, 2))
    second, _ = language.run(model, tokens[:, 13:], states)
    np.testing.assert_allclose(np.concatenate([first, second], 1), wanted, atol=1e-5)


def test_masks_leave_out_and_make_up(model):
    tokens, start = TOKENS[None, :7], language.start(model, 1)
    full, _ = language.run(model, tokens, start)
    ones, _ = language.run(model, tokens, start, [np.ones((1, 1, 12)), np.ones((1, 1, 9))])
    np.testing.assert_allclose(ones, full, atol=1e-6)
    none, _ = language.run(model, tokens, start, [np.ones((1, 1, 12)), np.zeros((1, 1, 9))])
    bias = model.layers[-1].get_weights()[1]
    np.testing.assert_allclose(none[0], np.tile(bias, (7, 1)), atol=1e-6)


def test_log_probabilities_are_those_of_one_long_reading(model, monkeypatch):
    tokens = TOKENS[:700]
    logits = np.asarray(plain_keras(model)(np.eye(len(VOCABULARY))[tokens[None]]))[0].astype(float)
    p = np.exp(logits - logits.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    wanted = np.log(p[np.arange(699), tokens[1:]])
    np.testing.assert_allclose(language.log_probabilities(model, tokens), wanted, atol=1e-4)
    monkeypatch.setattr(language, "PIECE", 64)
    np.testing.assert_allclose(language.log_probabilities(model, tokens), wanted, atol=1e-4)
    with pytest.raises(ValueError, match="at least two, got 1"):
        language.log_probabilities(model, tokens[:1])


def test_it_learns_a_sentence_and_says_it():
    training.seed_everything(0)
    model = language.generator(len(VOCABULARY), (24,))
    recipe = language.Recipe(steps=150, streams=8, length=16, peak=0.02, dropout=0.1, decay=0.01)
    seen = []
    losses = language.train(model, TOKENS, recipe, watch=seen.append)
    assert seen == list(range(1, 151))
    assert losses[0] == pytest.approx(np.log(len(VOCABULARY)), abs=0.3)
    assert losses[-10:].mean() < 0.3
    assert -language.log_probabilities(model, TOKENS).mean() < 0.2
    (text,) = sampling.Sampler(model, VOCABULARY).text("the rain in ", 50, top_k=1)
    assert text[:45] == TEXT[:45]


def test_training_twice_gives_the_same_and_side_by_side_what_it_gives_alone():
    recipe = language.Recipe(steps=6, streams=4, length=8, dropout=0.2)

    def models():
        training.seed_everything(1)
        return [language.generator(len(VOCABULARY), (8,)) for _ in range(2)]

    pair, alone = models(), models()
    losses = language.train_side_by_side(pair, TOKENS, recipe, seed=3)
    assert losses.shape == (2, 6)
    assert not np.allclose(losses[0], losses[1])
    for i, model in enumerate(alone):
        np.testing.assert_array_equal(language.train(model, TOKENS, recipe, 3000 + i), losses[i])
        for mine, theirs in zip(model.get_weights(), pair[i].get_weights(), strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_a_state_that_is_not_carried_is_as_if_every_window_were_the_first(monkeypatch):
    training.seed_everything(1)
    recipe = language.Recipe(steps=4, streams=3, length=5, carry=False, peak=1e-9)
    model = language.generator(len(VOCABULARY), (8,))
    losses = language.train(model, TOKENS, recipe)
    rng = np.random.default_rng(0)
    source = language.windows(TOKENS, 3, 5, rng)
    for loss in losses:
        inputs, targets, _ = next(source)
        rng.random((3, 1, 8), np.float32)  # what a mask of the training drew
        logits = np.asarray(model(inputs)).astype(float)
        p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
        said = np.take_along_axis(p, targets[..., None], -1)
        assert loss == pytest.approx(-np.log(said).mean(), abs=1e-4)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="length must be from 1"):
        language.train(language.generator(3, (4,)), TOKENS[:9] % 3, language.Recipe(steps=1))
    with pytest.raises(ValueError, match="at least one layer"):
        language.generator(3, ())


def test_a_character_that_the_model_does_not_know_is_refused():
    model = language.generator(3, (4,))
    with pytest.raises(ValueError, match="tokens must lie between 0 and 2, got 0 to 3"):
        language.log_probabilities(model, [0, 3])
    with pytest.raises(ValueError, match="tokens must lie between 0 and 2, got 0 to 3"):
        language.train(model, [0, 3] * 40, language.Recipe(steps=1))
