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


def test_the_slides_series_at_times_where_it_is_known():
    quarter = np.pi / 2
    np.testing.assert_allclose(
        tasks.slides_series(np.array([0.0, quarter, 2 * quarter, 3 * quarter])),
        [0, quarter / 3 + 2, 0, -quarter - 2],
        atol=1e-12,
    )


def test_windows_of_the_series_lie_in_their_stretches_and_the_target_is_one_step_later():
    inputs, targets = tasks.series_windows([2, 7], 300, np.random.default_rng(0))
    assert inputs.shape == targets.shape == (300, 20, 1)
    assert inputs.dtype == targets.dtype == np.float32
    np.testing.assert_array_equal(inputs[:, 1:], targets[:, :-1])
    times = np.arange(0, 30, 0.002)
    curve = tasks.slides_series(times)
    for window, target in zip(inputs[..., 0], targets[..., 0], strict=True):
        begins = np.abs(tasks.slides_series(times[:, None] + 0.1 * np.arange(20)) - window)
        begin = times[begins.max(axis=1).argmin()]
        assert int(begin / 3 + 1e-3) in (2, 7)
        assert int((begin + 2) / 3 - 1e-3) == int(begin / 3 + 1e-3)
        assert target[-1] == pytest.approx(np.interp(begin + 2, times, curve), abs=0.05)


def test_noise_on_the_series_has_the_asked_for_size_and_is_in_the_targets_too():
    def drawn(noise):
        return tasks.series_windows([1], 2_000, np.random.default_rng(0), noise=noise)

    (exact, exact_next), (noisy, noisy_next) = drawn(0.0), drawn(0.5)
    assert np.std(noisy - exact) == pytest.approx(0.5, rel=0.05)
    assert np.std(noisy_next - exact_next) == pytest.approx(0.5, rel=0.05)
    np.testing.assert_array_equal(noisy[:, 1:], noisy_next[:, :-1])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda rng: tasks.adding_problem(1, 1, rng), "time must be at least 2, got 1"),
        (lambda rng: tasks.copy_memory(1, 0, rng), "delay must be at least 1, got 0"),
        (lambda rng: tasks.counting([2, 0]), "counts must lie between 1 and .* got 0"),
        (lambda rng: tasks.counting([]), "counts must be positive"),
        (lambda rng: tasks.series_windows([], 1, rng), "stretches must hold at least one"),
        (lambda rng: tasks.series_windows([1], 1, rng, steps=31), "must fit into a stretch"),
        (lambda rng: tasks.series_windows([1], 1, rng, steps=0), "steps must be at least 1, got 0"),
    ],
)
def test_bad_sizes_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make(np.random.default_rng(0))
