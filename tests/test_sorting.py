"""Sorting: the lists, the measures, the network's shapes and errors, and that it learns."""

import keras
import numpy as np
import pytest

from rnncourse import sorting, training
from rnncourse.muon import Muon


def rng(seed=0):
    return np.random.default_rng(seed)


def test_lists_have_their_lengths_and_values():
    lengths = np.array([1, 5, 3])
    lists = sorting.draw(rng(), 3, lengths, size=6, values=9)
    assert lists.shape == (3, 6)
    assert lists.dtype == np.int32
    assert (lists > 0).sum(axis=1).tolist() == lengths.tolist()
    assert lists.max() <= 9
    many = sorting.draw(rng(), 2000, 8)
    assert set(np.unique(many)) == set(range(1, 33))
    assert np.mean(many) == pytest.approx(16.5, abs=0.3)


def test_odd_lists_are_uneven_and_a_third_each_is_ordered():
    lists = sorting.draw(rng(), 3000, 20, odd=1.0)
    rising = (np.diff(lists, axis=1) >= 0).all(axis=1)
    falling = (np.diff(lists, axis=1) <= 0).all(axis=1)
    equal = rising & falling
    assert (rising & ~equal).mean() == pytest.approx((1 - equal.mean()) / 3, abs=0.03)
    assert (falling & ~equal).mean() == pytest.approx((1 - equal.mean()) / 3, abs=0.03)
    assert 0.02 < equal.mean() < 0.3
    different = np.array([len(set(row)) for row in lists])
    assert (different > 10).mean() > 0.1
    assert ((different > 1) & (different < 7)).mean() > 0.1
    assert len(np.unique(lists)) == 32


def test_odd_lists_keep_their_padding_behind():
    lists = sorting.draw(rng(), 200, rng(1).integers(1, 10, 200), size=12, odd=1.0)
    assert (np.diff((lists > 0).astype(int), axis=1) <= 0).all()


def test_in_order_agrees_with_python_and_leaves_the_padding():
    lists = np.array([[3, 1, 2, 0], [2, 2, 1, 1], [5, 0, 0, 0], [0, 0, 0, 0]], "int32")
    wanted = [[1, 2, 3, 0], [1, 1, 2, 2], [5, 0, 0, 0], [0, 0, 0, 0]]
    assert sorting.in_order(lists).tolist() == wanted


def test_accuracy_leaves_the_padding_out():
    lists = np.array([[2, 1, 0, 0], [4, 3, 2, 1]])
    said = np.array([[1, 2, 7, 7], [1, 2, 3, 3]])
    assert sorting.accuracy(said, lists) == (5 / 6, 1 / 2)


@pytest.mark.parametrize("layers", [1, 2])
def test_padding_changes_nothing(layers):
    training.seed_everything(1)
    sorter = sorting.Sorter(values=9, units=7, layers=layers)
    lists = sorting.draw(rng(), 4, 5, values=9)
    padded = np.pad(lists, [(0, 0), (0, 3)])
    logits = sorter(lists).numpy()
    np.testing.assert_allclose(sorter(padded).numpy()[:, :5], logits, atol=1e-6)
    assert logits.shape == (4, 5, 9)
    assert sorting.answers(sorter, padded)[:, 5:].max() == 0


def learn(seed=0):
    training.seed_everything(seed)
    random = rng(seed)
    sorter = sorting.Sorter(values=4, units=16)
    optimizer = Muon(0.02, ratio=0.5, beta_2=0.95)
    batches = (sorting.draw(random, 32, 3, values=4, odd=0.2) for _ in range(150))
    seen = []
    history = sorting.train(sorter, optimizer, batches, watch=seen.append)
    return sorter, history, seen


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
def test_learns_to_sort_twice_the_same_and_is_saved(tmp_path):
    sorter, history, seen = learn()
    _, again, _ = learn()
    assert history.metrics == again.metrics
    assert seen == list(range(1, 151))
    every = np.array(np.meshgrid(*[range(1, 5)] * 3), "int32").reshape(3, -1).T
    elements, lists = sorting.accuracy(sorting.answers(sorter, every), every)
    assert elements > 0.95
    assert lists > 0.9
    assert sorter.sort([3, 1, 2]) == [1, 2, 3]
    sorter.save(tmp_path / "sorter.keras")
    loaded = keras.saving.load_model(tmp_path / "sorter.keras")
    assert (sorting.answers(loaded, every) == sorting.answers(sorter, every)).all()


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ([], "at least one number"),
        ([[1, 2]], r"must have the shape \(any\), got \(1, 2\)"),
        ([1, 40], "between 1 and 32, got 1 to 40"),
        ([0, 3], "between 1 and 32, got 0 to 3"),
    ],
)
def test_lists_that_cannot_be_sorted_are_refused(numbers, message):
    with pytest.raises(ValueError, match=message):
        sorting.Sorter(units=4).sort(numbers)


def test_what_is_no_list_of_numbers_is_refused():
    for numbers, message in (([1.5, 2.0], "hold whole numbers, got float64"), ("12", "be a list")):
        with pytest.raises(TypeError, match=f"numbers must {message}"):
            sorting.Sorter(units=4).sort(numbers)


def test_an_empty_list_is_not_learnt():
    sorter = sorting.Sorter(values=4, units=2)
    batch = np.array([[3, 1], [0, 0]])  # the mean loss of no number would be NaN
    with pytest.raises(ValueError, match=r"batches must hold .* each with a number"):
        sorting.train(sorter, keras.optimizers.SGD(), [batch], jit_compile=False)


def test_the_largest_number_of_a_kind_is_no_padding():
    lists = np.array([[255, 1, 0]], np.uint8)
    assert sorting.in_order(lists).tolist() == [[1, 255, 0]]


def test_lengths_may_be_given_in_any_form():
    drawn = [
        sorting.draw(np.random.default_rng(0), 2, lengths)
        for lengths in ([3, 3], np.array([3, 3]), 3, np.int64(3))
    ]
    for lists in drawn[1:]:
        np.testing.assert_array_equal(lists, drawn[0])
