"""The captioner against Keras's own layers and a loop in Python; its shapes, errors, learning."""

import keras
import numpy as np
import pytest

from rnncourse import captioning, scenes, training


def blocks():
    """Digits that are easily told apart: a bright bar at a height of its own."""
    pictures = np.zeros((10, 28, 28), np.uint8)
    for digit in range(10):
        pictures[digit, 2 + 2 * digit : 6 + 2 * digit, 4:24] = 255
        pictures[digit, 24:27, 2 : 4 + 2 * digit] = 255
    return scenes.Painter(pictures, np.arange(10), shift=0)


def some(count=5, seed=0, meanings=None):
    return scenes.draw(blocks(), count, np.random.default_rng(seed), meanings)


def small(every_step=False, seed=0):
    training.seed_everything(seed)
    model = captioning.Captioner(units=6, every_step=every_step, features=4, dropout=0.0)
    model.build()
    rng = np.random.default_rng(seed)
    for layer in (model.gather, model.words, model.writer, model.answer):
        layer.set_weights([rng.normal(0, 0.4, w.shape) for w in layer.get_weights()])
    return model


def seen_by_hand(eye, pictures):
    """Chances of each cell, looked at alone, with their sums at the right and at the bottom."""
    table = np.zeros((len(pictures), 4, 4, 11), "float32")
    for row in range(3):
        for column in range(3):
            r, c = 28 * row, 28 * column
            cell = np.exp(np.asarray(eye(pictures[:, r : r + 28, c : c + 28]), float)[:, 0, 0])
            chances = cell / cell.sum(-1, keepdims=True)
            for i, j in ((row, column), (row, 3), (3, column), (3, 3)):
                table[:, i, j] += chances
    return table.reshape(len(pictures), 176)


def test_the_vector_is_made_of_cells_looked_at_one_by_one():
    """The digits of these pictures keep away from the edges of their cells."""
    model = small()
    rng = np.random.default_rng(0)
    pictures = np.zeros((3, 84, 84), "float32")
    for r in (0, 28, 56):
        for c in (0, 28, 56):
            pictures[:, r + 5 : r + 23, c + 5 : c + 23] = rng.uniform(0, 255, (3, 18, 18))
    expected = model.gather(seen_by_hand(model.eye, pictures))
    assert np.ptp(expected, axis=0).max() > 1e-3, "the pictures are told apart"
    np.testing.assert_allclose(model.vectors(pictures), expected, atol=1e-5)


def test_an_eye_learns_to_read_and_is_left_as_it_is():
    training.seed_everything(0)
    eye = captioning.eye()
    history = captioning.teach(eye, blocks(), 60, np.random.default_rng(0), batch_size=8)
    assert len(history.metrics["loss"]) == 60
    given = some(50)
    read = np.asarray(eye(given.pictures.astype("float32"))).argmax(-1)
    assert (np.where(read < 10, read, -1) == given.grids).mean() > 0.95
    model = captioning.Captioner(units=6)
    model.adopt(eye)
    before = [w.copy() for w in eye.get_weights()]
    batch = [(given.pictures, given.tokens)] * 3
    captioning.train(model, keras.optimizers.Adam(0.01), batch)
    for old, new in zip(before, model.eye.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("every_step", [False, True])
def test_logits_are_those_of_keras_layers(every_step):
    model, given = small(every_step), some()
    vectors = np.asarray(model.vectors(given.pictures.astype("float32")))
    assert vectors.shape == (5, 6)
    before = np.zeros_like(given.tokens)
    before[:, 1:] = given.tokens[:, :-1]
    x = np.asarray(model.words.embeddings)[before]  # (scenes, time, features)
    if every_step:
        x = np.concatenate([x, np.tile(vectors[:, None], (1, x.shape[1], 1))], axis=-1)
    layer = keras.layers.GRU(6, return_sequences=True)
    layer.build(x.shape)
    layer.set_weights(model.writer.get_weights())
    states = layer(x, initial_state=np.zeros_like(vectors) if every_step else vectors)
    expected = np.asarray(states) @ np.asarray(model.answer.kernel) + np.asarray(model.answer.bias)
    got = model((given.pictures.astype("float32"), given.tokens))
    assert got.shape == (5, 14, len(scenes.WORDS))
    np.testing.assert_allclose(got, expected, atol=1e-5)


@pytest.mark.parametrize("every_step", [False, True])
def test_writing_is_a_loop_that_takes_the_likeliest(every_step):
    model, given = small(every_step, seed=3), some(7, seed=1)
    written = captioning.write(model, given.pictures, batch_size=3)
    pictures = given.pictures.astype("float32")
    for scene in range(7):
        tokens = np.zeros((1, 14), "int32")
        for t in range(14):  # asks the whole network again for each word
            logits = np.asarray(model((pictures[scene : scene + 1], tokens)))[0, t]
            tokens[0, t] = logits.argmax()
            chance = np.exp(logits - logits.max())
            assert written.chances[scene, t] == pytest.approx(
                (chance / chance.sum()).max(), abs=1e-5
            )
            if tokens[0, t] <= scenes.STOP:
                assert (written.chances[scene, t + 1 :] == 1).all()
                break
        assert written.tokens[scene].tolist() == tokens[0].tolist()
    assert written.states.shape == (7, 14, 6)


def test_a_batch_of_one_and_any_length():
    model, given = small(), some(3)
    together = captioning.write(model, given.pictures)
    alone = [captioning.write(model, given.pictures[k : k + 1]) for k in range(3)]
    assert together.sentences() == [w.sentences()[0] for w in alone]
    short = captioning.write(model, given.pictures, longest=2)
    assert short.tokens.shape == (3, 2)
    assert (short.tokens == together.tokens[:, :2]).all()


@pytest.mark.parametrize("shape", [(0, 84, 84), (84, 84), (2, 28, 28), (2, 84, 84, 1)])
def test_what_is_no_picture_is_refused(shape):
    with pytest.raises(ValueError, match="must have the shape"):
        captioning.write(small(), np.zeros(shape, np.uint8))


def test_easy_scenes_come_first_and_all_steps_are_made():
    kept = scenes.all_meanings()
    made = list(captioning.batches(blocks(), 20, 32, np.random.default_rng(0), kept, easy=0.5))
    assert [len(pictures) for pictures, _ in made] == [32] * 20
    words = [np.count_nonzero(tokens, axis=1).mean() for _, tokens in made]
    assert max(words[:8]) < 8 < np.mean(words[16:])
    again = captioning.batches(blocks(), 20, 32, np.random.default_rng(0), kept, easy=0.5)
    assert all(
        (a == b).all()
        for one, other in zip(made, again, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def learn(seed=0):
    training.seed_everything(seed)
    kept = [m for m in scenes.all_meanings() if m.kind in ("nothing", "one group")]
    kept = [m for m in kept if not m.groups or m.groups[0].digit in (1, 8)]
    eye = captioning.eye()
    captioning.teach(eye, blocks(), 60, np.random.default_rng(seed), batch_size=8)
    model = captioning.Captioner(units=32, features=8)
    model.adopt(eye)
    draws = (some(32, seed=step, meanings=kept) for step in range(160))
    batches = ((drawn.pictures, drawn.tokens) for drawn in draws)
    seen = []
    history = captioning.train(model, keras.optimizers.Adam(0.01), batches, seen.append)
    return model, history, seen, kept


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
def test_learns_twice_the_same_and_is_saved(tmp_path):
    model, history, seen, kept = learn()
    assert history.metrics == learn()[1].metrics
    assert seen == list(range(1, 161))
    fresh = some(200, seed=999, meanings=kept)
    written = captioning.write(model, fresh.pictures)
    assert scenes.score(written.sentences(), fresh.meanings).exact > 0.9
    model.save(tmp_path / "captioner.keras")
    loaded = keras.saving.load_model(tmp_path / "captioner.keras")
    assert captioning.write(loaded, fresh.pictures).sentences() == written.sentences()


def test_padding_does_not_count_in_the_loss():
    model, given = small(), some(4)
    once = [(given.pictures, given.tokens)]
    inputs = given.pictures.astype("float32"), given.tokens
    logits = np.asarray(model(inputs, training=True), float)
    surprise = np.log(np.exp(logits).sum(-1)) - np.take_along_axis(
        logits, given.tokens[..., None], -1
    ).squeeze(-1)
    history = captioning.train(model, keras.optimizers.SGD(0.0), once)
    expected = surprise[given.tokens > 0].mean()
    assert history.metrics["loss"][0] == pytest.approx(expected, abs=1e-5)
