"""Word vectors, the ontology and the reviews: what is read, mended and left out."""

import csv
import io

import numpy as np
import pytest

from rnncourse import datasets
from rnncourse.datasets import ontology, reviews


def test_word_vectors_and_the_questions_they_can_answer(put):
    put("glove.6B.50d.10k.txt", "a 1 2\nb -1 0.5\nc 0 0\nd 1 1\n")
    put("questions-words.txt", ": first\nA b c d\na b c x\n: second\nx x x x\n")
    loaded = datasets.load_word_vectors()
    assert loaded.words == ("a", "b", "c", "d")
    np.testing.assert_array_equal(loaded.vectors, np.float32([[1, 2], [-1, 0.5], [0, 0], [1, 1]]))
    assert loaded.questions == {"first": (("a", "b", "c", "d"),), "second": ()}
    assert loaded.asked == 3
    assert not loaded.source.stand_in


@pytest.mark.parametrize(
    ("vectors", "questions", "complaint"),
    [
        ("a 1 2\nb 1\n", ": s\na b c d\n", "as many numbers on every line"),
        ("", ": s\na b c d\n", "as many numbers on every line"),
        ("a 1 2\n", ": s\na b c\n", "four words a line"),
        ("a 1 2\n", "a b c d\n", "four words a line"),
    ],
)
def test_files_of_another_form_are_refused(put, vectors, questions, complaint):
    put("glove.6B.50d.10k.txt", vectors)
    put("questions-words.txt", questions)
    with pytest.raises(datasets.DataError, match=complaint):
        datasets.load_word_vectors()


def test_the_questions_alone_are_not_enough(put):
    put("questions-words.txt", ": s\na b c d\n")
    assert datasets.load_word_vectors().source.stand_in


def test_the_stand_in_has_an_answer_to_most_of_its_questions(nothing):
    from rnncourse import words

    loaded = datasets.load_word_vectors()
    assert loaded.source.stand_in
    assert loaded.vectors.shape == (len(loaded.words), 50)
    assert len(set(loaded.words)) == len(loaded.words)
    place = {word: i for i, word in enumerate(loaded.words)}
    asked = np.array([[place[w] for w in q] for part in loaded.questions.values() for q in part])
    assert np.mean(words.analogies(loaded.vectors, asked[:, :3]) == asked[:, 3]) > 0.7


def test_the_ontology_is_normalised_and_a_repeat_left_out(put):
    put("dbpedia14_val.csv", '"1","ﬁne x"\n"2","twice"\n"2","twice"\n"3","leak"\n')
    put("dbpedia14_test.csv", '"14","leak"\n"5","new"\n')
    loaded = datasets.load_ontology()
    assert loaded.train_texts == ("fine x", "twice")
    np.testing.assert_array_equal(loaded.train_labels, [0, 1])
    assert loaded.test_texts == ("leak", "new")
    np.testing.assert_array_equal(loaded.test_labels, [13, 4])
    assert len(loaded.classes) == 14
    said = " ".join(loaded.faults)
    assert "1 repeated text to train on, left out" in said
    assert "1 text to train on also to test with" in said


def test_an_unknown_class_is_refused(put):
    put("dbpedia14_val.csv", '"15","x"\n')
    put("dbpedia14_test.csv", '"1","y"\n')
    with pytest.raises(datasets.DataError, match="class from 1 to 14"):
        datasets.load_ontology()


def test_repeats_in_the_test_are_kept_and_counted():
    keep, faults = ontology.kept(("a", "b", "a"), ("c", "c", "b"))
    assert keep == [0]
    assert faults == (
        "1 repeated text to train on, left out",
        "1 text to train on also to test with, left out of those to train on",
        "1 repeated text to test with, kept, as the published test has them",
    )
    assert ontology.kept((), ()) == ([], ())


ROWS = [
    ("train", "neg", 3, 0, "bad <br /><br />really"),
    ("train", "pos", 9, 0, "caf\x82 \x96 good"),
    ("train", "pos", 8, 1, "in both"),
    ("test", "neg", 1, 0, "in both"),
    ("test", "pos", 10, 0, 'said "yes",\nand left'),
]


def as_csv(rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([("split", "label", "rating", "id", "text"), *rows])
    return out.getvalue()


def test_reviews_are_mended_and_what_leaks_is_left_out(put):
    put("imdb_10k.csv", as_csv(ROWS))
    loaded = datasets.load_reviews()
    assert loaded.train_texts == ("bad really", "caf‚ – good")
    np.testing.assert_array_equal(loaded.train_labels, [0, 1])
    np.testing.assert_array_equal(loaded.train_ratings, [3, 9])
    assert loaded.test_texts == ("in both", 'said "yes",\nand left')
    np.testing.assert_array_equal(loaded.test_labels, [0, 1])
    np.testing.assert_array_equal(loaded.test_ratings, [1, 10])
    assert "1 text to train on also to test with" in " ".join(loaded.faults)


def test_a_row_of_an_unknown_kind_is_refused(put):
    put("imdb_10k.csv", as_csv([("train", "unsup", 0, 0, "x")]))
    with pytest.raises(datasets.DataError, match="unsup"):
        datasets.load_reviews()


def test_the_cut_is_made_from_the_original_in_order_of_number(put, tmp_path, monkeypatch):
    for part, label, stars, number, text in [*ROWS, ("train", "neg", 4, 10, "later")]:
        folder = tmp_path / "aclImdb" / part / label
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{number}_{stars}.txt").open("w", encoding="utf-8", newline="") as file:
            file.write(text)
    with pytest.raises(datasets.DataError, match="expected"):
        reviews.cut(tmp_path / "aclImdb")
    put("imdb_10k.csv", as_csv(ROWS))
    monkeypatch.setattr(reviews, "PER_FOLDER", 2)
    with pytest.raises(datasets.DataError, match="expected"):
        reviews.cut(tmp_path / "aclImdb")  # number 10 is one too many
    (tmp_path / "aclImdb/train/neg/10_4.txt").unlink()
    assert reviews.cut(tmp_path / "aclImdb").decode() == as_csv(ROWS)


@pytest.mark.parametrize("load", [datasets.load_ontology, datasets.load_reviews])
def test_the_stand_ins_say_so_and_leak_nothing(nothing, load):
    loaded = load()
    assert loaded.source.stand_in
    assert "grammar" in str(loaded.source)
    assert not set(loaded.train_texts) & set(loaded.test_texts)
    assert len(loaded.train_texts) == len(loaded.train_labels) >= 400
    assert len(loaded.test_texts) == len(loaded.test_labels) >= 400
    assert set(loaded.train_labels) == set(loaded.test_labels)
    assert all(loaded.train_texts)


def test_without_a_download_the_reason_is_given(tmp_path, monkeypatch):
    monkeypatch.delenv("RNNCOURSE_DATA", raising=False)
    monkeypatch.delenv("RNNCOURSE_OFFLINE", raising=False)
    monkeypatch.setenv("RNNCOURSE_CACHE", str(tmp_path))
    assert "no download of it" in str(datasets.load_reviews().source)
