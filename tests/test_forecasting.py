"""What a forecast may know: nothing of its own day but the calendar, nothing later at all."""

from dataclasses import replace

import numpy as np
import pytest

from rnncourse import datasets, forecasting


@pytest.fixture(scope="module")
def series():
    """Two years of made-up days."""
    rng = np.random.default_rng(0)
    dates = np.arange("2017-01-01", "2019-03-01", dtype="datetime64[D]")
    types = rng.choice(list("WAU"), len(dates))
    values = rng.integers(1000, 9000, (len(dates), 2)).astype(float)
    source = datasets.Source("made up", "for a test")
    return datasets.Series(
        "ridership", dates, values, ("bus", "rail"), "boardings", source, {"day_type": types}
    )


KINDS = [{}, {"holidays": False}, {"last_year": False}, {"holidays": False, "last_year": False}]


@pytest.mark.parametrize("kinds", KINDS)
@pytest.mark.parametrize("day", ["2018-03-01", "2018-11-22", "2019-02-28"])
def test_a_planted_future_moves_no_row_up_to_its_day(series, kinds, day):
    planted = series.values.copy()
    planted[series.place(day) :] = 1e9
    types = series.labels["day_type"].copy()
    types[series.place(day) + 1 :] = "U"  # tomorrow's timetable is known, no later one is needed
    honest = forecasting.ridership_table(series, **kinds)
    false = forecasting.ridership_table(
        replace(series, values=planted, labels={"day_type": types}), **kinds
    )
    known = slice(0, honest.place(day) + 1)
    np.testing.assert_array_equal(false.inputs[known], honest.inputs[known])
    np.testing.assert_array_equal(false.usual[known], honest.usual[known])
    window = honest.windows("2018-02-20", "2018-03-02", 20)
    np.testing.assert_array_equal(false.windows("2018-02-20", "2018-03-02", 20), window)


def test_a_planted_past_does_move_the_rows_after_it(series):
    changed = series.values.copy()
    changed[series.place("2018-06-01")] *= 2
    honest, moved = (
        forecasting.ridership_table(s) for s in (series, replace(series, values=changed))
    )
    rows = np.flatnonzero((honest.inputs != moved.inputs).any(axis=1))
    assert str(honest.dates[rows[0]]) == "2018-06-02"


def test_training_windows_hold_no_planted_future(series):
    planted = series.values.copy()
    planted[series.place("2018-09-01") :] = 1e9
    table = forecasting.ridership_table(replace(series, values=planted))
    rng = np.random.default_rng(0)
    inputs, targets = table.draw("2018-02-01", "2018-09-01", 30, 5000, rng)
    assert inputs.shape == (5000, 30, table.inputs.shape[1])
    assert targets.shape == (5000, 30, 1)
    honest = forecasting.ridership_table(series)
    limit = np.abs(honest.targets).max()
    assert np.abs(targets).max() <= limit < np.abs(table.targets).max()
    last = honest.targets[honest.place("2018-08-31")]
    assert np.any(targets[:, -1] == last), "the last day before the limit is used"


def test_windows_end_with_the_row_of_their_day(series):
    table = forecasting.ridership_table(series)
    windows = table.windows("2018-06-01", "2018-06-04", 10)
    assert windows.shape == (3, 10, table.inputs.shape[1])
    row = table.place("2018-06-03")
    np.testing.assert_array_equal(windows[2], table.inputs[row - 9 : row + 1])


def test_the_first_numbers_of_a_row(series):
    table = forecasting.ridership_table(series)
    day = series.place("2018-06-15")
    rail = series.column("rail")
    row = table.inputs[table.place("2018-06-15")]
    usual = np.median(rail[[day - 7, day - 14, day - 21, day - 28]].astype(float))
    logs = np.log(rail)
    usual_log = np.median(logs[[day - 7, day - 14, day - 21, day - 28]])
    assert row[0] == pytest.approx(np.log(rail[day - 1] / 5e5), rel=1e-6)
    assert row[4] == pytest.approx(8 * (logs[day - 7] - usual_log), rel=1e-5)
    assert table.usual[table.place("2018-06-15")] == pytest.approx(usual, rel=0.2)
    assert table.boardings[table.place("2018-06-15")] == rail[day]
    target = table.targets[table.place("2018-06-15"), 0]
    assert target == pytest.approx(logs[day] - usual_log, rel=1e-5)


def test_bad_arguments_are_named(series):
    table = forecasting.ridership_table(series)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="steps must be at least 1, or the future"):
        forecasting.before(np.arange(3.0), 0)
    with pytest.raises(ValueError, match="date must lie in 2018-01-28 to 2019-02-28"):
        table.place("2020-01-01")
    with pytest.raises(ValueError, match="length must be at most the 10 days"):
        table.draw("2018-02-01", "2018-02-11", 11, 5, rng)
    with pytest.raises(ValueError, match="first must have 29 days before it"):
        table.windows("2018-02-01", "2018-02-02", 30)


def test_holidays_of_a_year():
    dates = np.arange("2019-01-01", "2020-01-01", dtype="datetime64[D]")
    on_the_day = forecasting.near_holidays(dates)[:, 1:33:3].any(axis=1)
    assert [str(day)[5:] for day in dates[on_the_day]] == [
        *("01-01", "01-21", "02-18", "04-19", "05-27", "07-04"),
        *("09-02", "10-14", "11-11", "11-28", "12-25"),
    ]


def test_marks_of_holidays():
    dates = np.arange("2018-11-20", "2018-11-26", dtype="datetime64[D]")
    marks = forecasting.near_holidays(dates)
    assert marks.sum(axis=1).tolist() == [0, 1, 1, 1, 0, 0]  # the eve, the day, the day after
    assert len({tuple(row) for row in marks}) == 4


def test_weekdays_and_seasons():
    dates = np.array(["2019-06-03", "2019-06-09"], "datetime64[D]")  # a Monday, a Sunday
    assert forecasting.weekdays(dates).argmax(axis=1).tolist() == [0, 6]
    new_year = np.array(["2019-01-01"], "datetime64[D]")
    np.testing.assert_allclose(forecasting.seasons(new_year), [[0, 0, 0, 1, 1, 1]])
