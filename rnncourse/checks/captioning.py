"""Exercises of the chapter on captions: what the writer is told, a fair loss, a greedy loop."""

import numpy as np

from rnncourse.checks import Exercise


def _sentences_case(rng):
    lengths = rng.integers(2, 6, 4)
    lengths[:2] = 5, 2
    sentences = rng.integers(2, 9, (4, 6))
    columns = np.arange(6)
    sentences[columns >= lengths[:, None]] = 0
    sentences[np.arange(4), lengths - 1] = 1
    return (sentences,)


def _words_before(sentences):
    return np.pad(sentences[:, :-1], [(0, 0), (1, 0)])


words_before = Exercise(
    "words_before",
    _words_before,
    _sentences_case,
    slips={
        "these are the words themselves: the network would only have to copy what it is shown.": (
            lambda sentences: sentences.copy()
        ),
        "these are the words after; what is told at a step is the word before.": (
            lambda sentences: np.pad(sentences[:, 1:], [(0, 0), (0, 1)])
        ),
        "the rows moved, not the columns: words follow each other along axis 1.": (
            lambda sentences: np.pad(sentences[:-1], [(1, 0), (0, 0)])
        ),
        "this has one column more: the last word is told to nobody.": (
            lambda sentences: np.pad(sentences, [(0, 0), (1, 0)])
        ),
        "the first word should be told nothing, 0, not another word.": (
            lambda sentences: np.concatenate([sentences[:, :1], sentences[:, :-1]], axis=1)
        ),
    },
)


def _loss_case(rng):
    (sentences,) = _sentences_case(rng)
    return rng.normal(0, 2, (*sentences.shape, 9)), sentences


def _surprise(logits, sentences):
    shifted = logits - logits.max(-1, keepdims=True)
    chances = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return -np.take_along_axis(chances, sentences[..., None], -1)[..., 0]


def _loss(logits, sentences):
    return _surprise(logits, sentences)[sentences > 0].mean()


loss = Exercise(
    "loss",
    _loss,
    _loss_case,
    slips={
        "padding counts here: leave out the places where the sentence is 0.": (
            lambda logits, sentences: _surprise(logits, sentences).mean()
        ),
        "padding is left out of the sum, but still counted in what the sum is divided by.": (
            lambda logits, sentences: (_surprise(logits, sentences) * (sentences > 0)).mean()
        ),
        "this is the mean of the sentences' means; every word should weigh the same.": (
            lambda logits, sentences: np.mean(
                [
                    row[words > 0].mean()
                    for row, words in zip(_surprise(logits, sentences), sentences, strict=True)
                ]
            )
        ),
        "this is the sum; the loss is the mean over all words.": (
            lambda logits, sentences: _surprise(logits, sentences)[sentences > 0].sum()
        ),
        "the full stops are missing: they are words that have to be learnt as well.": (
            lambda logits, sentences: _surprise(logits, sentences)[sentences > 1].mean()
        ),
        "the sign is wrong: a loss falls as the network gets better.": (
            lambda logits, sentences: -_loss(logits, sentences)
        ),
    },
)


def _greedy_case(rng):
    """A step on five words, 1 the stop, whose best words are 3, 2, 4, 2, 1 or the like."""
    path = [int(word) for word in rng.permutation([2, 3, 4]).tolist() * 2][: rng.integers(3, 6)]
    path.append(1)
    noise = rng.uniform(0, 0.5, (len(path) + 9, 5))

    def step(word, state):
        told = path[state - 1] if 0 < state <= len(path) else 0
        logits = noise[min(state, len(noise) - 1)].copy()
        if word == told and state < len(path):
            logits[path[state]] += 2
        else:  # whoever tells it something else loses the thread
            logits[(word + state + 2) % 5] += 2
        return logits, state + 1

    return step, 0, 20


def _greedy(step, state, longest):
    words, word = [], 0
    while len(words) < longest and word != 1:
        logits, state = step(word, state)
        word = int(np.argmax(logits))
        words.append(word)
    return words


def _told_nothing(step, state, longest):
    words = []
    while len(words) < longest and 1 not in words:
        logits, state = step(0, state)
        words.append(int(np.argmax(logits)))
    return words


def _forgetting(step, state, longest):
    words, word = [], 0
    while len(words) < longest and word != 1:
        logits, _ = step(word, state)
        word = int(np.argmax(logits))
        words.append(word)
    return words


def _endless(step, state, longest):
    words, word = [], 0
    for _ in range(longest):
        logits, state = step(word, state)
        word = int(np.argmax(logits))
        words.append(word)
    return words


greedy = Exercise(
    "greedy",
    _greedy,
    _greedy_case,
    slips={
        "the full stop is missing at the end.": (
            lambda step, state, longest: _greedy(step, state, longest)[:-1]
        ),
        "the step is told 0 every time; from the second step on tell it the word just written.": (
            _told_nothing
        ),
        "the state stays the first one: hand each step the state that the step before returned.": (
            _forgetting
        ),
        "it does not stop at the full stop, which is word 1.": _endless,
        "the nothing before the first word, 0, is not part of the sentence.": (
            lambda step, state, longest: [0, *_greedy(step, state, longest)]
        ),
    },
)
