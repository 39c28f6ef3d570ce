"""Series: what is read, which faults are mended and said, and that no future value gets through."""

import os
from pathlib import Path

import numpy as np
import pytest

from rnncourse import datasets

RIDERSHIP = """service_date,day_type,bus,rail_boardings,total_rides
01/01/2019,U,10,1,11
01/02/2019,W,20,2,22
01/04/2019,W,40,4,44
01/02/2019,W,20,2,22
"""
SUNSPOTS = '"Month","Sunspots"\n"1749-01",58.0\n"1749-02",62.6\n"1749-04",55.7'
TEMPERATURES = '"Date","Temp"\n"1984-12-30",20.7\n"1985-01-01",17.9'
AIR = """No,year,month,day,hour,pm2.5,DEWP,TEMP,PRES,cbwd,Iws,Is,Ir
1,2010,1,1,0,NA,-21,-11,1021,NW,1.79,0,0
2,2010,1,1,1,129,-16,-4,1020,SE,3.5,0,0
"""
FILES = {
    "ridership": ("cta_ridership.csv", RIDERSHIP),
    "sunspots": ("monthly-sunspots.csv", SUNSPOTS),
    "temperatures": ("daily-min-temperatures.csv", TEMPERATURES),
    "air": ("pollution.csv", AIR),
}


def test_days_that_stand_there_twice_are_kept_once_and_said(put):
    put(*FILES["ridership"])
    series = datasets.load_series("ridership")
    assert [str(date) for date in series.dates] == [
        "2019-01-01",
        "2019-01-02",
        "2019-01-03",
        "2019-01-04",
    ]
    np.testing.assert_array_equal(series.column("rail"), [1, 2, np.nan, 4])
    np.testing.assert_array_equal(series.column("bus"), [10, 20, np.nan, 40])
    assert list(series.labels["day_type"]) == ["U", "W", "", "W"]
    assert series.faults == (
        "1 days stand in the file twice (2019-01); kept once",
        "no row for 2019-01-03; added with the value missing",
    )


def test_a_day_with_two_different_rows_is_refused(put):
    put("cta_ridership.csv", RIDERSHIP + "01/04/2019,W,999,999,1998\n")
    with pytest.raises(datasets.DataError, match="two different rows for 2019-01-04"):
        datasets.load_series("ridership")


def test_a_value_slipped_in_later_is_refused_by_its_checksum(put, tmp_path):
    put(*FILES["sunspots"])
    (tmp_path / "monthly-sunspots.csv").write_text(SUNSPOTS + '\n"1984-01",999.0')
    with pytest.raises(datasets.DataError, match="is corrupt"):
        datasets.load_series("sunspots")


def test_months_days_and_hours_each_have_their_calendar(put):
    for name in ("sunspots", "temperatures", "air"):
        put(*FILES[name])
    spots = datasets.load_series("sunspots")
    assert spots.dates.dtype == "datetime64[M]"
    np.testing.assert_array_equal(spots.values[:, 0], [58.0, 62.6, np.nan, 55.7])
    days = datasets.load_series("temperatures")
    assert days.faults == ("no row for 1984-12-31; added with the value missing",)
    np.testing.assert_array_equal(days.values[:, 0], [20.7, np.nan, 17.9])
    air = datasets.load_series("air")
    assert str(air.dates[1]) == "2010-01-01T01"
    np.testing.assert_array_equal(air.column("dust"), [np.nan, 129])
    np.testing.assert_array_equal(air.column("temperature"), [-11, -4])
    assert list(air.labels["wind_from"]) == ["NW", "SE"]
    assert air.faults == ("dust was not measured in 1 hours; left missing",)


def test_until_excludes_a_future_that_was_planted(put):
    put(*FILES["ridership"])
    series = datasets.load_series("ridership")
    series.values[series.place("2019-01-03") :] = 1e9
    known = series.until("2019-01-03")
    assert len(known) == len(known.values) == len(known.labels["day_type"]) == 2
    assert np.nanmax(known.values) < 1e9
    assert np.nanmax(known.carried_forward().values) < 1e9


def test_gaps_are_filled_from_the_past_alone(put):
    put(*FILES["temperatures"])
    series = datasets.load_series("temperatures")
    before = series.carried_forward().values.copy()
    np.testing.assert_array_equal(before[:, 0], [20.7, 20.7, 17.9])
    series.values[2] = 1e9
    np.testing.assert_array_equal(series.carried_forward().values[:2], before[:2])


def test_what_is_missing_at_the_beginning_stays_missing(put):
    put(*FILES["air"])
    filled = datasets.load_series("air").carried_forward()
    np.testing.assert_array_equal(filled.column("dust"), [np.nan, 129])


def test_places(put):
    put(*FILES["sunspots"])
    series = datasets.load_series("sunspots")
    assert series.place("1749-03") == 2
    assert series.place("1749-05") == len(series) == 4
    for outside in ("1748-12", "1749-06"):
        with pytest.raises(ValueError, match="date must lie in 1749-01 to 1749-04"):
            series.place(outside)


def test_wrong_names_are_named(nothing):
    with pytest.raises(ValueError, match=r"one of ridership, sunspots, .*, got 'shares'"):
        datasets.load_series("shares")
    with pytest.raises(ValueError, match="one of bus, rail, got 'tram'"):
        datasets.load_series("ridership").column("tram")


@pytest.mark.parametrize(
    ("name", "first", "steps", "columns", "labels"),
    [
        ("ridership", "2001-01-01", 7639, 2, {"day_type": {"W", "A", "U"}}),
        ("sunspots", "1749-01", 2820, 1, {}),
        ("temperatures", "1981-01-01", 3652, 1, {}),
        ("air", "2010-01-01T00", 43824, 7, {"wind_from": {"SE", "NW"}}),
    ],
)
def test_stand_ins_have_the_calendar_of_the_real_set(nothing, name, first, steps, columns, labels):
    series = datasets.load_series(name)
    assert series.source.stand_in
    assert "random generator (RNNCOURSE_OFFLINE is set)" in str(series.source)
    assert str(series.dates[0]) == first
    assert series.values.shape == (steps, columns) == (len(series.dates), len(series.columns))
    assert {key: set(words) for key, words in series.labels.items()} == labels
    again = datasets.load_series(name)
    np.testing.assert_array_equal(again.values, series.values)


real = pytest.mark.skipif(
    not Path(os.environ.get("RNNCOURSE_DATA", ""), "cta_ridership.csv.gz").is_file(),
    reason="the real files are not at hand",
)


@real
@pytest.mark.parametrize(
    ("name", "steps", "missing", "total", "faults"),
    [
        ("ridership", 7639, 0, 9874099681, ["62 days stand in the file twice (2011-10 and 2014-"]),
        ("sunspots", 2820, 0, 144570.0, []),
        ("temperatures", 3652, 2, 40798.8, ["no row for 1984-12-31, 1988-12-31; added with the"]),
        ("air", 43824, 2067, 4117792, ["dust was not measured in 2,067 hours; left missing"]),
    ],
)
def test_the_real_files(name, steps, missing, total, faults):
    series = datasets.load_series(name)
    assert not series.source.stand_in
    assert len(series) == steps
    assert np.isnan(series.values).sum() == missing
    measured = series.values if name != "air" else series.column("dust")
    assert np.nansum(measured) == pytest.approx(total, rel=1e-6)
    assert len(series.faults) == len(faults)
    for said, fault in zip(series.faults, faults, strict=True):
        assert said.startswith(fault)
