"""Messages to vectors and back: letters, shapes, the loop against Keras's layers, and learning."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from rnncourse import message_vectors, training


@given(st.text())
def test_any_text_has_plain_letters(text):
    plain = message_vectors.plain(text)
    assert set(plain) <= set(message_vectors.LETTERS[1:])
    assert plain == plain.strip()
    assert "  " not in plain
    assert message_vectors.plain(plain) == plain


@given(st.text(alphabet=message_vectors.LETTERS[2:], min_size=1, max_size=32))
def test_letters_come_back(text):
    numbers = message_vectors.encode([text])
    assert numbers.shape == (1, 32)
    assert message_vectors.decode(numbers[0]) == text


def test_letters_by_hand():
    assert message_vectors.plain("Ça  va,\tÉdith? 👍 → שלום") == "ca va, edith? _ _ ____"
    assert message_vectors.decode(message_vectors.encode(["ab"], 2)[0]) == "ab"
    long = "one two three four five six seven eight"
    assert message_vectors.decode(message_vectors.encode([long])[0]) == (
        "one two three four five six"
    )
    assert message_vectors.decode(message_vectors.encode(["x" * 40])[0]) == "x" * 32
    assert message_vectors.encode([]).shape == (0, 32)


@pytest.mark.parametrize("text", ["", "  \n", "\u0301"])
def test_an_empty_message_is_refused(text):
    with pytest.raises(ValueError, match="empty one"):
        message_vectors.encode(["good", text])
    with pytest.raises(ValueError, match="at least 1, got 0"):
        message_vectors.encode(["good"], 0)


def small(seed=0):
    training.seed_everything(seed)
    model = message_vectors.MessageVectors(units=5, features=3)
    model.build()
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.5, w.shape) for w in model.get_weights()])
    return model


def test_vectors_and_logits_are_those_of_keras_layers():
    model = small()
    messages = message_vectors.encode(["good day", "no", "a longer one"], 12)
    table = np.asarray(model.letters.embeddings)
    reader = keras.layers.GRU(5)
    reader.build((None, None, 3))
    reader.set_weights(model.reader.get_weights())
    alone = [reader(table[row[row > 0]][None])[0] for row in messages]
    vectors = model.encode(tf.constant(messages))
    np.testing.assert_allclose(vectors, alone, atol=1e-6)
    writer = keras.layers.GRU(5, return_sequences=True)
    writer.build((None, None, 3))
    writer.set_weights(model.writer.get_weights())
    logits = model(tf.constant(messages))
    assert logits.shape == (3, 13, len(message_vectors.LETTERS))
    for row, vector, got in zip(messages, alone, logits, strict=True):
        told = np.array([0, *row[row > 0]])  # nothing first, then the letters
        states = writer(table[told][None], initial_state=vector[None])[0]
        expected = np.asarray(states) @ np.asarray(model.answer.kernel) + model.answer.bias
        np.testing.assert_allclose(got[: len(told)], expected, atol=1e-5)


def test_writing_is_a_loop_that_takes_the_likeliest():
    model, vectors = small(2), np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    written = message_vectors.write(model, tf.constant(vectors), 9).numpy()
    table = np.asarray(model.letters.embeddings)
    for vector, row in zip(vectors, written, strict=True):
        state, letter, expected = vector[None], 0, []
        for _ in range(9):
            _, (state,) = model.writer.cell(table[letter][None], [state])
            letter = int(np.argmax(model.answer(state)[0]))
            expected.append(letter)
            if letter == 0:
                break
        assert row.tolist() == expected + [0] * (9 - len(expected))


def test_accuracy_leaves_the_padding_out_and_counts_what_is_too_long():
    messages = np.array([[5, 6, 0, 0], [5, 6, 7, 8], [5, 6, 0, 0]])
    written = np.array([[5, 6, 0, 0], [5, 6, 8, 7], [5, 6, 7, 0]])
    letters, whole = message_vectors.accuracy(written, messages)
    assert letters.tolist() == [1, 0.5, 1]
    assert whole.tolist() == [True, False, False]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
def test_learns_some_words_by_heart_and_is_saved(tmp_path):
    training.seed_everything(0)
    messages = tf.constant(message_vectors.encode(["good day", "bad", "no way", "so so"], 8))
    model = message_vectors.MessageVectors(units=16, features=8)
    model.build()
    wanted = tf.pad(messages, [(0, 0), (0, 1)])
    model.compile(
        keras.optimizers.Adam(0.02),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(messages, wanted, epochs=80, verbose=0)
    vectors = model.encode(messages)
    assert (message_vectors.write(model, vectors, 8).numpy() == messages.numpy()).all()
    model.save(tmp_path / "vectors.keras")
    loaded = keras.saving.load_model(tmp_path / "vectors.keras")
    np.testing.assert_allclose(loaded.encode(messages), vectors, atol=1e-6)


def test_what_stands_for_no_letter_is_refused():
    for number in (-1, len(message_vectors.LETTERS)):
        with pytest.raises(ValueError, match=f"numbers must lie between 0 and .* got {number}"):
            message_vectors.decode([number])


def test_one_text_is_no_list_of_texts():
    with pytest.raises(TypeError, match="texts must be a list of str, got str 'good'"):
        message_vectors.encode("good")


def test_there_is_no_share_of_no_letters():
    nothing = np.zeros((1, 4), int)
    with pytest.raises(ValueError, match="messages must have one letter each or more"):
        message_vectors.accuracy(nothing, nothing)
