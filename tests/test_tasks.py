"""Made-up tasks: every example has the answer that the task defines."""

import numpy as np
import pytest

from rnncourse import tasks


def test_adding_sums_the_two_marked_numbers():
    inputs, targets = tasks.adding_problem(200, 11, np.random.default_rng(0))
    assert inputs.shape == (200, 11, 2)
    assert targets.shape == (200, 1)
    for sequence, target in zip(inputs, targets, strict=True):
        marked = sequence[sequence[:, 1] == 1, 0]
        assert len(marked) == 2
        assert target == pytest.approx(marked.sum())
        assert sequence[:5, 1].sum() == sequence[5:, 1].sum() == 1
    assert np.mean((targets - 1) ** 2) == pytest.approx(1 / 6, rel=0.2)


def test_copying_asks_for_the_symbols_in_order_after_the_signal():
    inputs, targets = tasks.copy_memory(50, 7, np.random.default_rng(0), symbols=4, length=3)
    assert inputs.shape == (50, 13, 6)
    shown = inputs.argmax(-1)
    np.testing.assert_array_equal(inputs.sum(-1), 1)
    np.testing.assert_array_equal(shown[:, :3], targets[:, -3:])
    assert (shown[:, 3:9] == 4).all()
    assert (shown[:, 9] == 5).all()
    assert (shown[:, 10:] == 4).all()
    assert (targets[:, :10] == tasks.IGNORED).all()


def test_counting_asks_only_for_what_is_certain():
    inputs, targets = tasks.counting([1, 3])
    assert inputs.shape == (2, 10, 4)
    symbols = ["".join("abc$"[i] for i in word.argmax(-1)) for word in inputs]
    assert symbols[1] == "$aaabbbccc"
    assert symbols[0][:4] == "$abc"
    assert inputs[0, 4:].sum() == 0
    letters = "abc$ "
    assert "".join(letters[t] for t in targets[1]) == "    bbccc$"
    assert "".join(letters[t] for t in targets[0]) == "  c$      "


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda rng: tasks.adding_problem(1, 1, rng), "time must be at least 2, got 1"),
        (lambda rng: tasks.copy_memory(1, 0, rng), "delay must be at least 1, got 0"),
        (lambda rng: tasks.counting([2, 0]), "counts must be positive"),
        (lambda rng: tasks.counting([]), "counts must be positive"),
    ],
)
def test_bad_sizes_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make(np.random.default_rng(0))
