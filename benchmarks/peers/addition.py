"""Sums of numbers of up to three digits, spelled out, by the recipe of Keras's example.

``python addition.py data.npz 5``: an LSTM of 128 reads the question from its end, another writes
the answer, mini-batches of 32, so many epochs (the example has 30). Prints a line of JSON: seconds
of training, share of answers on the last tenth of the questions with every digit right.
"""

import json
import sys
import time

import keras
import numpy as np

DIGITS, LETTERS = 3, "0123456789+ "


def spelled(texts: list[str]) -> np.ndarray:
    """Texts of one length as one-hot vectors, (texts, time, letters)."""
    numbers = np.array([[LETTERS.index(letter) for letter in text] for text in texts])
    return np.eye(len(LETTERS), dtype=bool)[numbers]


def main(file: str, epochs: int) -> None:
    """Make the questions, train and test."""
    with np.load(file, allow_pickle=False) as data:
        count = int(data["count"])
    keras.utils.set_random_seed(0)
    rng, pairs = np.random.default_rng(0), {}
    while len(pairs) < count:
        first, second = (int(rng.integers(0, 10 ** rng.integers(1, DIGITS + 1))) for _ in range(2))
        pairs[min(first, second), max(first, second)] = (first, second)
    asked = [f"{a}+{b}".ljust(2 * DIGITS + 1)[::-1] for a, b in pairs.values()]
    answers = [str(a + b).ljust(DIGITS + 1) for a, b in pairs.values()]
    x, y = spelled(asked), spelled(answers)
    order = rng.permutation(count)
    x, y, cut = x[order], y[order], count - count // 10
    model = keras.Sequential(
        [
            keras.Input(x.shape[1:]),
            keras.layers.LSTM(128),
            keras.layers.RepeatVector(DIGITS + 1),
            keras.layers.LSTM(128, return_sequences=True),
            keras.layers.Dense(len(LETTERS), activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    begin = time.perf_counter()
    model.fit(x[:cut], y[:cut], batch_size=32, epochs=epochs, verbose=0)
    seconds = time.perf_counter() - begin
    said = model.predict(x[cut:], verbose=0).argmax(-1)
    right = float((said == y[cut:].argmax(-1)).all(1).mean())
    print(json.dumps({"seconds": seconds, "right": right, "epochs": epochs}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
