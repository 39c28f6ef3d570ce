"""Measured series, one step of the calendar a row, with their faults named and mended openly."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from rnncourse import arguments
from rnncourse.arguments import checked
from rnncourse.datasets.files import DataError, Missing, Source, find


@dataclass(frozen=True)
class Series:
    """Values in order of time, without gaps in the calendar.

    Attributes:
        name: As given to :func:`load_series`.
        dates: datetime64 of shape (time,); each is one day, month or hour after the last.
        values: float64 of shape (time, columns); NaN where nothing was measured.
        columns: What the columns of ``values`` are.
        unit: What the values count.
        labels: Name -> words of shape (time,), for columns that hold no numbers.
        faults: What was wrong with the file and what was done about it, a sentence each.
        source: Where the bytes came from.
    """

    name: str
    dates: np.ndarray
    values: np.ndarray
    columns: tuple[str, ...]
    unit: str
    source: Source
    labels: dict[str, np.ndarray] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.dates)

    @checked
    def column(self, name: str) -> np.ndarray:
        """The values of one column, of shape (time,).

        Raises:
            ValueError: If there is no such column.
        """
        if name not in self.columns:
            raise ValueError(f"name must be one of {', '.join(self.columns)}, got {name!r}")
        return self.values[:, self.columns.index(name)]

    @checked
    def place(self, date: str) -> int:
        """The row of a date such as ``"2019-06-01"``; the length for the first date past the end.

        Raises:
            ValueError: If the date lies outside the series.
        """
        step = arguments.date("date", date).astype(self.dates.dtype)
        row = int((step - self.dates[0]).astype(int))
        if not 0 <= row <= len(self):
            span = f"{self.dates[0]} to {self.dates[-1]}"
            raise ValueError(f"date must lie in {span} or just after, got {date}")
        return row

    @checked
    def until(self, date: str) -> Series:
        """What was known when this date began: the rows before it, and nothing of it or after.

        Raises:
            ValueError: If the date lies outside the series.
        """
        rows = slice(0, self.place(date))
        labels = {name: words[rows] for name, words in self.labels.items()}
        return replace(self, dates=self.dates[rows], values=self.values[rows], labels=labels)

    def carried_forward(self) -> Series:
        """With every missing value replaced by the last one measured before it.

        A line drawn through a gap would use the value after the gap, which a forecast may not
        know. What is missing at the very beginning stays missing.
        """
        rows = np.arange(len(self))[:, None]
        last = np.maximum.accumulate(np.where(np.isnan(self.values), 0, rows), axis=0)
        return replace(self, values=np.take_along_axis(self.values, last, axis=0))


@checked
def load_series(name: str) -> Series:
    """Load a series by name.

    ========================  =====================================================================
    ``"ridership"``           boardings a day of Chicago's buses and trains, 2001 to November 2021,
                              with the kind of timetable: W weekday, A Saturday, U Sunday or holiday
    ``"sunspots"``            mean number of sunspots a month, Zurich, 1749 to 1983
    ``"temperatures"``        lowest temperature a day, Melbourne, 1981 to 1990
    ``"air"``                 fine dust and weather an hour, Beijing, 2010 to 2014
    ========================  =====================================================================

    The stand-ins have the same calendar, columns and habits, and are drawn by a random generator.

    Args:
        name: One of the four.

    Returns:
        The series, its faults and its source.

    Raises:
        ValueError: If there is no such series.
        DataError: If a file is found whose checksum is wrong, that cannot be read, or in which
            one date has two different values.
    """
    if name not in _KINDS:
        raise ValueError(f"name must be one of {', '.join(_KINDS)}, got {name!r}")
    kind = _KINDS[name]
    found = find(kind.title, kind.filename)
    if isinstance(found, Missing):
        return kind.stand_in(found, kind.title)
    content, source = found
    return kind.parse(io.StringIO(content.decode("ascii")), source)


def _ridership(text: io.StringIO, source: Source) -> Series:
    table = list(csv.DictReader(text))
    days = [f"{d[6:]}-{d[:2]}-{d[3:5]}" for d in (row["service_date"] for row in table)]
    rows = [(row["bus"], row["rail_boardings"], row["day_type"]) for row in table]
    dates, rows, repeats = _once(np.array(days, "datetime64[D]"), rows, source)
    numbers = np.array([row[:2] for row in rows], float)
    types = np.array([row[2] for row in rows])
    faults = []
    if len(repeats):
        months = " and ".join(map(str, np.unique(repeats.astype("datetime64[M]"))))
        faults += [f"{len(repeats)} days stand in the file twice ({months}); kept once"]
    series = Series(
        "ridership", dates, numbers, ("bus", "rail"), "boardings", source, {"day_type": types}
    )
    return _without_gaps(series, faults)


def _sunspots(text: io.StringIO, source: Source) -> Series:
    return _single(text, source, "sunspots", "sunspots", "sunspots", "M")


def _temperatures(text: io.StringIO, source: Source) -> Series:
    return _single(text, source, "temperatures", "lowest", "°C", "D")


def _single(
    text: io.StringIO, source: Source, name: str, column: str, unit: str, step: str
) -> Series:
    """A file of two columns, date and number, under one line of names."""
    table = list(csv.reader(text))[1:]
    days = np.array([row[0] for row in table], f"datetime64[{step}]")
    dates, rows, _ = _once(days, [row[1:] for row in table], source)
    series = Series(name, dates, np.array(rows, float), (column,), unit, source)
    return _without_gaps(series, [])


def _air(text: io.StringIO, source: Source) -> Series:
    table = list(csv.DictReader(text))
    hours = [
        f"{int(r['year'])}-{int(r['month']):02}-{int(r['day']):02}T{int(r['hour']):02}"
        for r in table
    ]
    names = ("pm2.5", "DEWP", "TEMP", "PRES", "Iws", "Is", "Ir")
    rows = [(*(row[name].replace("NA", "nan") for name in names), row["cbwd"]) for row in table]
    dates, rows, _ = _once(np.array(hours, "datetime64[h]"), rows, source)
    numbers = np.array([row[:-1] for row in rows], float)
    labels = {"wind_from": np.array([row[-1] for row in rows])}
    series = Series("air", dates, numbers, _AIR, _AIR_UNIT, source, labels)
    return _without_gaps(series, [_not_measured(numbers[:, 0])])


_AIR = ("dust", "dew point", "temperature", "pressure", "wind", "snow", "rain")
_AIR_UNIT = "µg/m³, °C, °C, hPa, m/s added up, hours of it, hours of it"


def _not_measured(dust: np.ndarray) -> str:
    return f"dust was not measured in {np.isnan(dust).sum():,} hours; left missing"


def _once(dates: np.ndarray, rows: list, source: Source) -> tuple[np.ndarray, list, np.ndarray]:
    """Rows in order of time, each date once, and the dates that stood there again.

    Raises:
        DataError: If a date has two rows that differ: which of them was known, and when?
    """
    order = np.argsort(dates, kind="stable")
    dates, rows = dates[order], [tuple(rows[i]) for i in order]
    again = np.flatnonzero(dates[1:] == dates[:-1]) + 1
    for i in again:
        if rows[i] != rows[i - 1]:
            raise DataError(
                f"{source.name} has two different rows for {dates[i]}: "
                f"{', '.join(rows[i - 1])} and {', '.join(rows[i])}"
            )
    kept = np.setdiff1d(np.arange(len(dates)), again)
    return dates[kept], [rows[i] for i in kept], dates[again]


def _without_gaps(series: Series, faults: list[str]) -> Series:
    """The same with a row for every step of the calendar; a row that was missing holds NaN."""
    step = np.timedelta64(1, np.datetime_data(series.dates.dtype)[0])
    calendar = np.arange(series.dates[0], series.dates[-1] + step)
    rows = (series.dates - calendar[0]).astype(int)
    values = np.full((len(calendar), len(series.columns)), np.nan)
    values[rows] = series.values
    labels = {
        name: np.full(len(calendar), "", words.dtype) for name, words in series.labels.items()
    }
    for name, words in series.labels.items():
        labels[name][rows] = words
    missing = np.setdiff1d(calendar, series.dates)
    if len(missing):
        few = ", ".join(map(str, missing[:3])) + (", …" if len(missing) > 3 else "")
        faults = [*faults, f"no row for {few}; added with the value missing"]
    return replace(series, dates=calendar, values=values, labels=labels, faults=tuple(faults))


def _made_up(missing: Missing, title: str, what: str) -> Source:
    return Source(title, f"{what} drawn by a random generator ({missing.why})", stand_in=True)


def _weather(rng: np.random.Generator, steps: int, size: float, kept: float) -> np.ndarray:
    """Noise that keeps a share of itself from step to step, of shape (steps,)."""
    noise = rng.normal(0, size, steps)
    for i in range(1, steps):
        noise[i] += kept * noise[i - 1]
    return noise


def _ridership_stand_in(missing: Missing, title: str) -> Series:
    rng = np.random.default_rng(0)
    dates = np.arange("2001-01-01", "2021-12-01", dtype="datetime64[D]")
    weekday = (dates.astype(int) + 3) % 7  # 0 is Monday
    free = np.isin([str(date)[5:] for date in dates], ["01-01", "07-04", "12-25"])
    types = np.select([free | (weekday == 6), weekday == 5], ["U", "A"], "W")
    day = np.arange(len(dates))
    season = 1 + 0.06 * np.sin(2 * np.pi * (day / 365.25 - 0.3))
    level = np.select([types == "W", types == "A"], [1.0, 0.6], 0.45) * season
    noise = _weather(rng, len(dates), 0.03, 0.6)[:, None] + rng.normal(0, 0.02, (len(dates), 2))
    values = np.round([900e3, 650e3] * level[:, None] * np.exp(noise))
    source = _made_up(missing, title, "weekdays, holidays, seasons and weather")
    labels = {"day_type": types}
    return Series("ridership", dates, values, ("bus", "rail"), "boardings", source, labels)


def _sunspots_stand_in(missing: Missing, title: str) -> Series:
    rng = np.random.default_rng(0)
    dates = np.arange("1749-01", "1984-01", dtype="datetime64[M]")
    month = np.arange(len(dates))
    phase = np.cumsum(2 * np.pi / 132 * (1 + 0.1 * np.sin(month / 300)))
    mean = (60 + 25 * np.sin(month / 400)) * (1 - np.cos(phase))
    values = np.maximum(mean + rng.normal(0, 3 + 0.15 * mean), 0)[:, None].round(1)
    source = _made_up(missing, title, "cycles of eleven years")
    return Series("sunspots", dates, values, ("sunspots",), "sunspots", source)


def _temperatures_stand_in(missing: Missing, title: str) -> Series:
    rng = np.random.default_rng(0)
    dates = np.arange("1981-01-01", "1991-01-01", dtype="datetime64[D]")
    season = 4.5 * np.cos(2 * np.pi * np.arange(len(dates)) / 365.25 - 0.5)
    values = (11 + season + _weather(rng, len(dates), 2.3, 0.5))[:, None].round(1)
    source = _made_up(missing, title, "days with a season")
    return Series("temperatures", dates, values, ("lowest",), "°C", source)


def _air_stand_in(missing: Missing, title: str) -> Series:
    rng = np.random.default_rng(0)
    dates = np.arange("2010-01-01", "2015-01-01", dtype="datetime64[h]")
    hour = np.arange(len(dates))
    season = np.cos(2 * np.pi * hour / 8766)
    calm = 0.2 * season + _weather(rng, len(dates), 0.12, 0.98)
    dust = np.exp(4.2 + calm).round()
    dust[rng.random(len(dates)) < 0.05] = np.nan
    temperature = 12 - 14 * season - 4 * np.cos(2 * np.pi * hour / 24)
    temperature += _weather(rng, len(dates), 0.6, 0.97)
    wind = np.maximum(20 * np.exp(-calm) + rng.normal(0, 5, len(dates)), 0.45)
    others = [temperature - 10, temperature, 1016 + 9 * season, wind, 0 * wind, 0 * wind]
    values = np.column_stack([dust, *(other.round(1) for other in others)])
    source = _made_up(missing, title, "hours of dust and weather")
    labels = {"wind_from": np.where(calm > 0, "SE", "NW")}
    faults = (_not_measured(dust),)
    return Series("air", dates, values, _AIR, _AIR_UNIT, source, labels, faults)


@dataclass(frozen=True)
class _Kind:
    """How one series is found, read and stood in for."""

    title: str
    filename: str
    parse: Callable[[io.StringIO, Source], Series]
    stand_in: Callable[[Missing, str], Series]


_KINDS = {
    "ridership": _Kind("Chicago ridership", "cta_ridership.csv", _ridership, _ridership_stand_in),
    "sunspots": _Kind("Sunspots", "monthly-sunspots.csv", _sunspots, _sunspots_stand_in),
    "temperatures": _Kind(
        "Melbourne temperatures",
        "daily-min-temperatures.csv",
        _temperatures,
        _temperatures_stand_in,
    ),
    "air": _Kind("Beijing air", "pollution.csv", _air, _air_stand_in),
}
