"""Short sentences in English and French: Tatoeba's pairs, or what Babel can say in both."""

from __future__ import annotations

import datetime
import hashlib
import itertools
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass

from rnncourse.arguments import checked
from rnncourse.datasets.files import DataError, Missing, Source, find, read_member

SIGNS = str.maketrans({"‘": "'", "’": "'", "ʼ": "'", "‐": "-", "‑": "-"})
UNITS = tuple(
    f"{kind}-{unit}"
    for kind, units in {
        "duration": "second minute hour day week month year",
        "length": "meter kilometer centimeter mile foot inch",
        "mass": "gram kilogram ton pound ounce",
        "volume": "liter cubic-meter gallon cup tablespoon",
        "area": "square-meter square-kilometer hectare",
        "speed": "kilometer-per-hour mile-per-hour",
        "angle": "degree",
        "temperature": "celsius",
        "energy": "joule kilowatt-hour",
        "power": "watt horsepower",
    }.items()
    for unit in units.split()
)
CURRENCIES = ("EUR", "USD", "CAD", "GBP", "JPY", "CHF", "SEK", "INR", "BRL", "MXN", "CNY", "AUD")


@dataclass(frozen=True)
class Sentence:
    """An English sentence and its translations.

    Attributes:
        english: The sentence.
        french: One translation or more, none twice, in the order of the file.
    """

    english: str
    french: tuple[str, ...]


@dataclass(frozen=True)
class Pairs:
    """Sentences in three parts, of which no two share an English sentence.

    Attributes:
        train: To learn from.
        validation: To choose settings by.
        test: To be looked at once, at the end.
        source: Where the bytes came from.
    """

    train: tuple[Sentence, ...]
    validation: tuple[Sentence, ...]
    test: tuple[Sentence, ...]
    source: Source


def load_pairs(words: int = 6, pairs: int = 30_000, held_out: int = 1_000) -> Pairs:
    """Load English sentences with French translations (Tatoeba, in the edition of 2017).

    Text is normalised by :func:`normalised` before anything is counted or compared. Sentences that
    differ in nothing but capitals and punctuation count as one when the parts are drawn, so they
    all land in the same part. Which part that is follows from the sentence alone.

    The stand-in is what Babel says in both languages: dates, amounts, countries and languages.

    Args:
        words: The longest English sentence that is taken, in words between spaces.
        pairs: The most pairs of sentence and translation to learn from.
        held_out: English sentences in either of the other two parts.

    Returns:
        The three parts, and their source. The stand-in may have fewer pairs than were asked for.

    Raises:
        DataError: If a file is found whose checksum is wrong, or that cannot be read.
        ValueError: If a number is not positive, or too few sentences are left to learn from.
    """
    for name, value in (("words", words), ("pairs", pairs), ("held_out", held_out)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be a positive integer, got {value!r}")
    found = find("Tatoeba's pairs", "fra-eng.zip")
    if isinstance(found, Missing):
        rows = _stand_in()
        where = f"dates, amounts and names in the two languages, by Babel ({found.why})"
        source = Source("Tatoeba's pairs", where, stand_in=True)
    else:
        content, source = found
        rows = _rows(content)
    return _split(rows, source, words, pairs, held_out)


@checked
def normalised(text: str) -> str:
    """One way to write what looks alike: NFKC, straight apostrophes, single plain spaces.

    French typography has narrow, wide and unbreakable spaces before ``? ! : ;``. Invisible
    characters, such as marks of direction and soft hyphens, go.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(SIGNS)
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return " ".join(text.split())


def _rows(content: bytes) -> list[tuple[str, str]]:
    """English and French of each line of the archive's fra.txt."""
    try:
        text = read_member(content, "fra.txt", "fra-eng.zip").decode("utf-8")
        rows = [tuple(line.split("\t")) for line in text.splitlines()]
        if {len(row) for row in rows} != {2}:
            raise ValueError("a line should be English, a tab and French")
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise DataError(f"fra-eng.zip does not hold a readable fra.txt: {error}") from error
    return rows


def _split(
    rows: Iterable[tuple[str, str]], source: Source, words: int, pairs: int, held_out: int
) -> Pairs:
    """Gather the translations of each sentence, then draw the parts by sentence."""
    sentences: dict[str, tuple[str, dict[str, str]]] = {}
    for english, french in rows:
        if not english.strip() or len(english.split()) > words:
            continue
        english, french = normalised(english), normalised(french)
        if english and french:
            _, known = sentences.setdefault(english.casefold(), (english, {}))
            known.setdefault(french.casefold(), french)
    alike: dict[str, list[Sentence]] = {}
    for english, french in sentences.values():
        key = "".join(c for c in english.casefold() if c.isalnum()) or english
        alike.setdefault(key, []).append(Sentence(english, tuple(french.values())))
    drawn = iter([alike[key] for key in sorted(alike, key=_lot)])
    test, validation, train = ([] for _ in range(3))
    for part in (test, validation):
        while len(part) < held_out and (group := next(drawn, None)):
            part += group
        del part[held_out:]
    for sentence in itertools.chain.from_iterable(drawn):
        if pairs == 0:
            break
        train.append(Sentence(sentence.english, sentence.french[:pairs]))
        pairs -= len(train[-1].french)
    if not train:
        raise ValueError(f"held_out must leave sentences to learn from, got {held_out}")
    return Pairs(tuple(train), tuple(validation), tuple(test), source)


def _lot(key: str) -> bytes:
    """A number drawn for a sentence, the same on every machine and with every version."""
    return hashlib.sha256(key.encode()).digest()


def _stand_in() -> list[tuple[str, str]]:
    """Pairs that the Unicode consortium's data, which come with Babel, have for both languages."""
    from babel import Locale
    from babel.dates import format_date
    from babel.units import format_unit

    english, french = Locale("en"), Locale("fr")
    rows = []

    def add(write) -> None:
        rows.append((write(english), write(french)))

    for year in range(1980, 2028):
        for month in range(1, 13):
            for form in ("full", "long", "MMMM y"):
                day = datetime.date(year, month, 1 + (7 * year + 11 * month + len(form)) % 28)
                add(lambda locale, d=day, f=form: format_date(d, f, locale))
    for unit in UNITS:
        for count in range(1, 91):
            add(lambda locale, n=count, u=unit: format_unit(n, u, locale=locale))
    for kind in ("territories", "languages"):
        names = [getattr(locale, kind) for locale in (english, french)]
        for code in sorted(set(names[0]) & set(names[1])):
            rows.append((names[0][code], names[1][code]))
    for currency in CURRENCIES:
        for count in range(1, 91):
            add(lambda locale, n=count, c=currency: _amount(n, c, locale))
    return rows


def _amount(number: int, currency: str, locale) -> str:
    """An amount of money in words, such as ``3 euros``."""
    from babel.numbers import format_currency

    return format_currency(number, currency, "0", locale, False, "name")
