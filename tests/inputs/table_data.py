"""Data sets, series, music, results and listings."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from contract import Case

from rnncourse import datasets, forecasting, listing, results
from rnncourse.datasets import files, messages, ontology, pairs, reviews, tunes
from rnncourse.music import abc_notation, audio, melodies

SOURCE = datasets.Source("a set", "from a test")


def anything(result, arguments):
    """Nothing to compute with comes out."""


def offline(load):
    """The loader on a machine that has no data and no network."""

    def call(**arguments):
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("RNNCOURSE_DATA", raising=False)
            patch.setenv("RNNCOURSE_CACHE", "nowhere")
            patch.setenv("RNNCOURSE_OFFLINE", "1")
            return load(**arguments)

    return call


def some_tweets(rng, count=6):
    texts = np.array([f"{n} is good {rng.integers(9)}" for n in range(count)], object)
    return datasets.Tweets(
        np.arange(count),
        np.array(["Shop", "Game"])[np.arange(count) % 2],
        np.arange(count) % 4,
        texts,
    )


def some_series(rng, days=40):
    values = rng.integers(1, 9, (days, 2)).astype(float)
    dates = np.datetime64("2001-01-01", "D") + np.arange(days).astype("timedelta64[D]")
    labels = {"day_type": np.full(days, "W")}
    return datasets.Series("ridership", dates, values, ("bus", "rail"), "boardings", SOURCE, labels)


SERIES = some_series(np.random.default_rng(0))
TABLE = forecasting.Table(
    SERIES.dates, np.ones((40, 3), np.float32), np.full(40, 2.0), np.full(40, 3.0)
)
OPEN = {"errors": (ValueError, TypeError, datasets.DataError)}

DATA = [
    Case(
        "datasets.messages.load_messages",
        offline(datasets.load_messages),
        lambda rng: {"protocol": "published"},
        holds=anything,
        examples=6,
    ),
    Case(
        "datasets.messages.read_tweets",
        messages.read_tweets,
        lambda rng: {"content": b'1,Shop,Neutral,"hi"\n'},
        theirs="^row [0-9]+ ",
        **OPEN,
    ),
    Case(
        "datasets.messages.split",
        messages.split,
        lambda rng: {
            "protocol": "clean",
            "train": some_tweets(rng),
            "test": some_tweets(rng, 2),
            "source": SOURCE,
        },
        examples=40,
    ),
    Case(
        "datasets.messages.Tweets.take",
        lambda rows: some_tweets(np.random.default_rng(0)).take(rows),
        lambda rng: {"rows": np.array([0, 2])},
    ),
    Case(
        "datasets.messages.hold_out",
        messages.hold_out,
        lambda rng: {"tweets": some_tweets(rng), "count": 2, "seed": 0},
        examples=40,
    ),
    Case(
        "datasets.messages.near_copies",
        messages.near_copies,
        lambda rng: {"texts": ["a b c d", "x"], "others": ["abcd", "y"], "threshold": 0.4},
    ),
    Case(
        "datasets.messages.resemblance",
        messages.resemblance,
        lambda rng: {"texts": ["a b c d", "x"], "others": ["abcd", "y"]},
    ),
    Case(
        "datasets.messages.twins",
        messages.twins,
        lambda rng: {"texts": ["a b c d", "x", "abcd"], "threshold": 0.4},
    ),
    Case(
        "datasets.ontology.kept",
        ontology.kept,
        lambda rng: {"train": ("a", "b", "a"), "test": ("b",)},
    ),
    Case(
        "datasets.pairs.load_pairs",
        offline(datasets.load_pairs),
        lambda rng: {"words": 6, "pairs": 9, "held_out": 2},
        fits=("words held_out",),
        holds=anything,
        examples=6,
    ),
    Case("datasets.pairs.normalised", pairs.normalised, lambda rng: {"text": "l’été !"}),
    Case("datasets.reviews.clean", reviews.clean, lambda rng: {"text": "good<br />bad \x96"}),
    Case("datasets.series.Series.column", SERIES.column, lambda rng: {"name": "bus"}),
    Case("datasets.series.Series.place", SERIES.place, lambda rng: {"date": "2001-01-09"}),
    Case("datasets.series.Series.until", SERIES.until, lambda rng: {"date": "2001-01-09"}),
    Case(
        "datasets.series.Series.carried_forward",
        lambda: SERIES.carried_forward(),
        lambda rng: {},
        examples=3,
    ),
    Case(
        "datasets.series.load_series",
        offline(datasets.load_series),
        lambda rng: {"name": "sunspots"},
        holds=anything,
        examples=6,
    ),
    Case("datasets.tunes.split", tunes.split, lambda rng: {"text": "X:1\nK:C\nabc\n\nX:2\nd"}),
    Case(
        "datasets.files.in_folder",
        files.in_folder,
        lambda rng: {"folder": "here", "filename": "irish.abc"},
        holds=anything,
    ),
    Case(
        "datasets.files.find",
        offline(files.find),
        lambda rng: {"name": "tunes", "filename": "irish.abc"},
        holds=anything,
        **OPEN,
    ),
]

FORECASTING = [
    Case("forecasting.Table.place", TABLE.place, lambda rng: {"date": "2001-01-09"}),
    Case(
        "forecasting.Table.draw",
        TABLE.draw,
        lambda rng: {
            "first": "2001-01-03",
            "until": "2001-01-20",
            "length": 4,
            "count": 2,
            "rng": rng,
        },
        fits=("first until length date",),
    ),
    Case(
        "forecasting.Table.windows",
        TABLE.windows,
        lambda rng: {"first": "2001-01-10", "until": "2001-01-20", "length": 4},
        fits=("first until length date",),
    ),
    Case("forecasting.Table.targets", lambda: TABLE.targets, lambda rng: {}, examples=3),
    Case(
        "forecasting.ridership_table",
        forecasting.ridership_table,
        lambda rng: {"series": some_series(rng, 420), "holidays": True, "last_year": True},
        examples=30,
    ),
    Case(
        "forecasting.before",
        forecasting.before,
        lambda rng: {"values": rng.normal(size=9), "steps": 2},
        holds=anything,
        fits=("values steps",),
    ),
    Case(
        "forecasting.usual",
        forecasting.usual,
        lambda rng: {"values": rng.normal(size=40), "weeks": 2},
        holds=anything,
        fits=("values weeks",),
    ),
    Case("forecasting.weekdays", forecasting.weekdays, lambda rng: {"dates": SERIES.dates}),
    Case(
        "forecasting.seasons", forecasting.seasons, lambda rng: {"dates": SERIES.dates, "waves": 2}
    ),
    Case(
        "forecasting.near_holidays",
        forecasting.near_holidays,
        lambda rng: {"dates": SERIES.dates[:9]},
        examples=30,
    ),
]

# --- music ---------------------------------------------------------------------------------------

TUNE = "X:9\nM:6/8\nL:1/8\nK:A Dorian\nA|e2A ^c>B A (3ABc|d6|"
BARS = abc_notation.parse(TUNE).bars

MUSIC = [
    Case("music.abc_notation.parse", abc_notation.parse, lambda rng: {"text": TUNE}, theirs="."),
    Case("music.abc_notation.tokens", abc_notation.tokens, lambda rng: {"text": TUNE}, theirs="."),
    Case("music.abc_notation.kind", abc_notation.kind, lambda rng: {"token": "^c'"}),
    Case("music.abc_notation.spelling", abc_notation.spelling, lambda rng: {"note": "^c'"}),
    Case("music.abc_notation.eighths", abc_notation.eighths, lambda rng: {"length": "3/2"}),
    Case("music.abc_notation.bar_length", abc_notation.bar_length, lambda rng: {"metre": "6/8"}),
    Case(
        "music.abc_notation.on_line_of_fifths",
        abc_notation.on_line_of_fifths,
        lambda rng: {"letter": "D", "alteration": 1},
    ),
    Case("music.abc_notation.from_line", abc_notation.from_line, lambda rng: {"place": 3}),
    Case(
        "music.abc_notation.tonic_on_line",
        abc_notation.tonic_on_line,
        lambda rng: {"token": "K:F#"},
    ),
    Case("music.abc_notation.timeline", abc_notation.timeline, lambda rng: {"bars": list(BARS)}),
    Case("music.audio.pluck", audio.pluck, lambda rng: {"pitch": 60.0, "seconds": 0.01}),
    Case(
        "music.audio.synthesise",
        audio.synthesise,
        lambda rng: {"notes": [(0, 0.01, 60)], "seconds_per_whole": 0.5},
        fits=("notes seconds_per_whole",),
    ),
    Case(
        "music.audio.Player", audio.Player, lambda rng: {"samples": np.zeros(9), "label": "a note"}
    ),
    Case(
        "music.melodies.in_tonic",
        melodies.in_tonic,
        lambda rng: {"tune": abc_notation.tokens(TUNE), "letter": "G"},
        theirs="accidentals",
        fits=("tune token",),
    ),
    Case(
        "music.melodies.melody",
        melodies.melody,
        lambda rng: {"tune": abc_notation.tokens(TUNE)},
        fits=("tune token",),
    ),
    Case(
        "music.melodies.near_copies",
        melodies.near_copies,
        lambda rng: {"melodies": [[1, 2, 3, 4], [1, 2, 3, 5]], "notes": 2, "share": 0.25},
    ),
    Case(
        "music.melodies.longest_common_stretches",
        melodies.longest_common_stretches,
        lambda rng: {"melodies": [[1, 2, 3], [4]], "others": [[2, 3], [4]]},
    ),
]

# --- results -------------------------------------------------------------------------------------


def shown(result, arguments):
    assert arguments["text"] in result


RESULTS = [
    Case(
        "results.timed",
        results.timed,
        lambda rng: {"text": f"{rng.uniform():.1f}"},
        holds=shown,
    ),
    Case("results.show", results.show, lambda rng: {"value": float(rng.normal()), "unit": "share"}),
    Case(
        "results.record",
        results.record,
        lambda rng: {
            "name": "test.what",
            "value": 0.5,
            "at_least": None,
            "at_most": None,
            "between": (0, 1),
            "unit": "",
            "source": None,
            "data": None,
        },
        errors=(ValueError, TypeError, results.BoundError),
        fits=("at_least at_most between value name test",),
    ),
    Case(
        "results.in_notebook",
        results.in_notebook,
        lambda rng: {"notebook": SimpleNamespace(cells=[])},
    ),
    Case("results.load", results.load, lambda rng: {"path": Path("nowhere.json")}, holds=anything),
    Case(
        "results.recorded_run",
        results.recorded_run,
        lambda rng: {"name": sorted(p.stem for p in results.RECORDS.glob("*.json"))[0]},
        errors=(ValueError, TypeError, FileNotFoundError),
        fits=("name recorded",),
    ),
    Case("results.spreads", results.spreads, lambda rng: {"board": {}}),
    Case(
        "listing.listing",
        lambda thing, language: listing.listing(thing, language=language),
        lambda rng: {"thing": "a = 1", "language": "python"},
        fits=("thing things",),
    ),
]

CASES = DATA + FORECASTING + MUSIC + RESULTS
