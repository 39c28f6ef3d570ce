"""What a forecast of tomorrow may know: the days up to now, and tomorrow's page of the calendar.

Row ``i`` of everything in this module belongs to day ``i`` *and is known the evening before*. Of
the day itself it holds the date and the timetable, which are printed long in advance, and never a
number that had to be counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pandas.tseries.holiday import (
    GoodFriday,
    Holiday,
    USColumbusDay,
    USLaborDay,
    USMartinLutherKingJr,
    USMemorialDay,
    USPresidentsDay,
    USThanksgivingDay,
)

from rnncourse import arguments
from rnncourse.arguments import checked
from rnncourse.datasets import Series

WEEK, YEAR = 7, 364  # days; a year of 52 whole weeks, so that weekdays fall on weekdays


@dataclass(frozen=True)
class Table:
    """Days to forecast, and what is known of each the evening before.

    Attributes:
        dates: The days, datetime64[D] of shape (days,).
        inputs: What is known, float32 of shape (days, features).
        usual: Median boardings of the same weekday over the last four weeks, of shape (days,).
        boardings: What came in the end, of shape (days,).
    """

    dates: np.ndarray
    inputs: np.ndarray
    usual: np.ndarray
    boardings: np.ndarray

    @property
    def targets(self) -> np.ndarray:
        """How unusual each day became: log(boardings / usual), float32 of shape (days, 1)."""
        return np.log(self.boardings / self.usual)[:, None].astype(np.float32)

    @checked
    def place(self, date: str) -> int:
        """The row of a date.

        Raises:
            ValueError: If the date is not in the table, nor the first one after it.
        """
        row = int(
            (arguments.date("date", date).astype("datetime64[D]") - self.dates[0]).astype(int)
        )
        if not 0 <= row <= len(self.dates):
            raise ValueError(
                f"date must lie in {self.dates[0]} to {self.dates[-1]}, got {np.datetime64(date)}"
            )
        return row

    @checked
    def draw(
        self, first: str, until: str, length: int, count: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Random windows to train on, all of whose days lie between two dates.

        Args:
            first: The earliest day that may be in a window.
            until: The first day that may not, nor any day after it.
            length: Days of a window.
            count: Windows.
            rng: Where the random numbers come from.

        Returns:
            Inputs of shape (count, length, features) and targets of shape (count, length, 1).

        Raises:
            ValueError: If there are fewer days than a window has.
        """
        arguments.whole("length", length)
        arguments.whole("count", count, 0, arguments.MANY)
        low, high = self.place(first), self.place(until) - length
        if high < low:
            days = high + length - low
            raise ValueError(f"length must be at most the {days} days up to {until}, got {length}")
        rows = rng.integers(low, high + 1, count)[:, None] + np.arange(length)
        return self.inputs[rows], self.targets[rows]

    @checked
    def windows(self, first: str, until: str, length: int) -> np.ndarray:
        """One window for each day to forecast, ending with the row of that day.

        Args:
            first: The first day to forecast.
            until: The day after the last.
            length: Rows of a window.

        Returns:
            Inputs of shape (days, length, features).

        Raises:
            ValueError: If the table begins too late for the first window.
        """
        arguments.whole("length", length)
        rows = np.arange(self.place(first), self.place(until))
        if self.place(first) < length - 1:
            raise ValueError(f"first must have {length - 1} days before it, got {first}")
        return self.inputs[rows[:, None] + np.arange(1 - length, 1)]


@checked
def ridership_table(series: Series, *, holidays: bool = True, last_year: bool = True) -> Table:
    """What is known of each day of Chicago's trains the evening before.

    Args:
        series: As :func:`rnncourse.datasets.load_series` gives it.
        holidays: Whether to mark the holidays and the days around them.
        last_year: Whether to look at the same week of last year.

    Returns:
        A table from the first day on that has a year and four weeks before it.
    """
    rail, bus = np.log(series.column("rail")), np.log(series.column("bus"))
    usual_rail, usual_bus = usual(rail), usual(bus)
    strange, strange_bus = rail - usual_rail, bus - usual_bus
    numbers = [
        before(rail, 1) - np.log(5e5),
        before(bus, 1) - np.log(7e5),
        8 * before(strange, 1),
        8 * before(strange_bus, 1),
        8 * (before(rail, WEEK) - usual_rail),
    ]
    types = np.stack([series.labels["day_type"] == kind for kind in "WAU"], axis=1).astype(float)
    known = [types, weekdays(series.dates), seasons(series.dates)]
    if last_year:
        numbers += [8 * before(strange, YEAR), 8 * (before(rail, YEAR) - usual_rail)]
        known += [before(types, YEAR)]
    if holidays:
        known += [near_holidays(series.dates)]
    inputs = np.concatenate([np.stack(numbers, axis=1), *known], axis=1)
    days = slice(YEAR + 4 * WEEK, None)
    return Table(
        series.dates[days],
        inputs[days].astype(np.float32),
        np.exp(usual_rail[days]),
        series.column("rail")[days],
    )


@checked
def before(values: np.ndarray, steps: int) -> np.ndarray:
    """What the values were a number of steps earlier; NaN at the beginning.

    Raises:
        ValueError: If steps is not positive: that would be the day itself, or a later one.
    """
    if values.ndim == 0 or values.dtype.kind not in "iufb":
        raise ValueError(f"values must be numbers, one a day, got {arguments.what(values)}")
    if steps < 1:
        raise ValueError(f"steps must be at least 1, or the future would leak in, got {steps}")
    shifted = np.full(values.shape, np.nan)
    shifted[steps:] = values[:-steps]
    return shifted


@checked
def usual(values: np.ndarray, weeks: int = 4) -> np.ndarray:
    """The median of the same weekday over the weeks before, of shape (days,).

    Raises:
        ValueError: If weeks is not positive, or values do not hold numbers.
    """
    arguments.whole("weeks", weeks, most=1000)
    earlier = [before(values, WEEK * week) for week in range(1, weeks + 1)]
    return np.median(earlier, axis=0)


def _days(dates: np.ndarray) -> np.ndarray:
    """Dates as days, of shape (days,)."""
    if dates.ndim != 1 or dates.dtype.kind != "M" or np.isnat(dates).any():
        raise ValueError(f"dates must be days of shape (days,), got {arguments.what(dates)}")
    return dates.astype("datetime64[D]")


@checked
def weekdays(dates: np.ndarray) -> np.ndarray:
    """Monday to Sunday, one-hot, of shape (days, 7)."""
    return np.eye(7)[(_days(dates).astype("datetime64[D]").astype(int) + 3) % 7]


@checked
def seasons(dates: np.ndarray, waves: int = 3) -> np.ndarray:
    """Where in the year a day lies: sine and cosine of its first waves, (days, 2 * waves)."""
    arguments.whole("waves", waves, most=1000)
    dates = _days(dates)
    days = dates - dates.astype("datetime64[Y]")
    angles = 2 * np.pi * days.astype(int)[:, None] * np.arange(1, waves + 1) / 365.25
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


@checked
def near_holidays(dates: np.ndarray) -> np.ndarray:
    """The eve, the day and the day after of each holiday, and the days around Christmas.

    Returns:
        Zeros and ones of shape (days, features).
    """
    days = _days(dates)
    if not len(days):
        return np.zeros((0, 3 * len(US_HOLIDAYS) + 10))
    day, year = np.timedelta64(1, "D"), np.timedelta64(YEAR, "D")
    span, marks = (days[0] - year, days[-1] + year), []
    for holiday in US_HOLIDAYS:
        given = holiday.dates(*span).to_numpy().astype("datetime64[D]")
        marks += [np.isin(days, given + offset * day) for offset in (-1, 0, 1)]
    month_day = np.array([str(day)[5:] for day in days])
    quiet = [f"12-{day}" for day in (22, 23, *range(26, 32))] + ["01-02", "01-03"]
    marks += [month_day == day for day in quiet]
    return np.stack(marks, axis=1).astype(float)


# The days on which offices and schools in the United States close, many of them or all.
US_HOLIDAYS = (
    Holiday("New Year", month=1, day=1),
    USMartinLutherKingJr,
    USPresidentsDay,
    GoodFriday,
    USMemorialDay,
    Holiday("Independence", month=7, day=4),
    USLaborDay,
    USColumbusDay,
    Holiday("Veterans", month=11, day=11),
    USThanksgivingDay,
    Holiday("Christmas", month=12, day=25),
)
