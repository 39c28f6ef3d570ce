"""Sentence pairs: normalised, gathered, split by sentence, and the stand-in."""

import io
import unicodedata
import zipfile

import pytest

from rnncourse import datasets

ZIP = "fra-eng.zip"
ROWS = [
    ("Go.", "Va\u202f!"),
    ("Go!", "Bouge\u00a0!"),
    ("go.", "File !"),
    ("Go.", "va !"),
    ("I’m here.", "Je suis l\u00e0."),
    ("I'm here.", "Me voila\u0300."),
    ("This sentence has far too many words.", "Cette phrase est longue."),
    ("One\u00adtwo.", "Un,\u200b deux\u2026"),
    *((f"Number {i}.", f"Nombre {i}.") for i in range(40)),
]


def archive(rows, name="fra.txt"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(name, "\n".join("\t".join(row) for row in rows))
    return packed.getvalue()


def everything(pairs):
    return [*pairs.train, *pairs.validation, *pairs.test]


def key(sentence):
    return "".join(c for c in sentence.english.casefold() if c.isalnum())


def test_translations_are_gathered_and_written_in_one_way(put):
    put(ZIP, archive(ROWS))
    pairs = datasets.load_pairs(held_out=3)
    assert not pairs.source.stand_in
    french = {s.english: s.french for s in everything(pairs)}
    assert french["Go."] == ("Va !", "File !")
    assert french["Go!"] == ("Bouge !",)
    assert french["I'm here."] == ("Je suis là.", "Me voilà.")
    assert french["Onetwo."] == ("Un, deux...",)
    assert len(french) == 4 + 40


def test_no_sentence_is_in_two_parts_and_capitals_and_signs_make_no_difference(put):
    put(ZIP, archive(ROWS))
    for held_out in range(1, 12):
        pairs = datasets.load_pairs(held_out=held_out)
        parts = [{key(s) for s in part} for part in (pairs.train, pairs.validation, pairs.test)]
        assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]
        assert len(pairs.validation) == len(pairs.test) == held_out


def test_the_parts_do_not_depend_on_the_order_of_the_file_and_little_on_its_length(put):
    put(ZIP, archive(ROWS))
    pairs = datasets.load_pairs(held_out=8)
    put(ZIP, archive(ROWS[::-1]))
    again = datasets.load_pairs(held_out=8)
    assert {s.english for s in pairs.test} == {s.english for s in again.test}
    put(ZIP, archive(ROWS[:-1]))
    fewer = datasets.load_pairs(held_out=8)
    assert len({s.english for s in pairs.test} & {s.english for s in fewer.test}) >= 7


def test_the_number_of_pairs_is_kept(put):
    put(ZIP, archive(ROWS))
    pairs = datasets.load_pairs(pairs=17, held_out=5)
    assert sum(len(s.french) for s in pairs.train) == 17


def test_short_sentences_only(put):
    put(ZIP, archive(ROWS))
    long = datasets.load_pairs(words=7, held_out=5)
    assert "This sentence has far too many words." in {s.english for s in everything(long)}
    put(ZIP, archive([*ROWS, ("Wait!", "Attends !"), ("\u00a0Why\u202f?", "Pourquoi ?")]))
    short = datasets.load_pairs(words=1, held_out=1)
    assert {key(s) for s in everything(short)} <= {"go", "onetwo", "wait"}
    assert len(everything(datasets.load_pairs(words=2, held_out=1))) > 40


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"words": 0}, "words must be a positive integer, got 0"),
        ({"pairs": 2.5}, "pairs must be a positive integer, got 2.5"),
        ({"held_out": True}, "held_out must be a positive integer, got True"),
        ({"held_out": 30}, "held_out must leave sentences"),
    ],
)
def test_bad_numbers_are_refused(put, given, message):
    put(ZIP, archive(ROWS))
    with pytest.raises(ValueError, match=message):
        datasets.load_pairs(**given)


@pytest.mark.parametrize(
    "content",
    [
        b"no archive",
        archive(ROWS, name="other.txt"),
        archive([("three", "columns", "here")]),
        archive([("one",)]),
    ],
)
def test_a_wrong_archive_is_named(put, content):
    put(ZIP, content)
    with pytest.raises(datasets.DataError, match=r"fra-eng\.zip does not hold a readable fra.txt"):
        datasets.load_pairs()


def test_normalised():
    assert datasets.normalised("  D’accord\u202f! \n") == "D'accord !"
    assert datasets.normalised("ﬁn…") == "fin..."
    assert datasets.normalised("e\u0301te\u0301") == "été"
    assert datasets.normalised("\u200fשלום\u200f") == "שלום"
    assert datasets.normalised("\u200b \t") == ""


def test_the_stand_in_is_real_french_and_split_like_the_real_set(nothing):
    stand_in = datasets.load_pairs()
    assert stand_in.source.stand_in
    assert "Babel" in str(stand_in.source)
    sentences = everything(stand_in)
    french = {s.english: s.french for s in sentences}
    assert len(french) > 5_000
    assert french["7 kilograms"] == ("7 kilogrammes",)
    assert french["Germany"] == ("Allemagne",)
    assert "avril 1999" in {f for s in sentences for f in s.french if s.english == "April 1999"}
    parts = [{key(s) for s in p} for p in (stand_in.train, stand_in.validation, stand_in.test)]
    assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]
    assert max(len(s.english.split()) for s in sentences) <= 6
    for text in [t for s in sentences for t in (s.english, *s.french)]:
        assert unicodedata.is_normalized("NFKC", text)
        assert text == " ".join(text.split())
