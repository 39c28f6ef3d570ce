"""Messages: what is read, that no split shares a tweet or a near-copy, and what stands in."""

import hashlib
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from rnncourse import datasets
from rnncourse.datasets import messages

TRAIN = """7,Acme,Positive,Acme makes the very best anvils in town
7,Acme,Positive,Acme makes the finest anvils in town
9,Acme,Negative,"An anvil fell
on my foot, ""again"" 😡"
9,Acme,Negative,an anvil hit my foot
11,Bolt,Neutral,Bolt opens a shop on the main road
11,Bolt,Neutral,The main road gets a shop
12,Bolt,Irrelevant,
12,Bolt,Irrelevant,It is not the first time
13,Bolt,Negative,acme makes the VERY best anvils in town!!
13,Bolt,Negative,nothing like it
"""
TEST = "7,Acme,Positive,Acme makes the very best anvils in town\n21,Bolt,Neutral,Wow\n"


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Put small files where the loader looks, and register them."""
    monkeypatch.setenv("RNNCOURSE_DATA", str(tmp_path))

    def write(train=TRAIN, test=TEST):
        for filename, text in (("twitter_training.csv", train), ("twitter_validation.csv", test)):
            content = text.replace("\n", "\r\n").encode()
            (tmp_path / filename).write_bytes(content)
            entry = datasets.DataFile("http://127.0.0.1:9/", hashlib.sha256(content).hexdigest())
            monkeypatch.setitem(datasets.REGISTRY, filename, entry)

    return write


@pytest.fixture
def nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNCOURSE_DATA", "")
    monkeypatch.setenv("RNNCOURSE_CACHE", str(tmp_path))
    monkeypatch.setenv("RNNCOURSE_OFFLINE", "1")


def test_published_is_the_files_as_they_are(put):
    put()
    loaded = datasets.load_messages("published")
    assert len(loaded.train) == 10 and len(loaded.test) == 2 and loaded.faults == ()
    assert list(loaded.train.ids) == [7, 7, 9, 9, 11, 11, 12, 12, 13, 13]
    assert loaded.train.texts[2] == 'An anvil fell\r\non my foot, "again" 😡'
    assert loaded.train.texts[6] == ""
    assert list(loaded.train.labels[::2]) == [2, 0, 1, 3, 0]
    assert list(loaded.train.entities[:5]) == ["Acme"] * 4 + ["Bolt"]
    assert str(loaded.source) == "Twitter entity sentiment, from the folder in RNNCOURSE_DATA"


def test_clean_keeps_originals_that_are_not_in_the_test(put):
    put()
    loaded = datasets.load_messages("clean")
    assert list(loaded.train.ids) == [9, 11]  # 7 is in the test, 12 is empty, 13 is a near-copy
    assert [fault.split()[0] for fault in loaded.faults] == ["5", "1", "1", "1"]


def test_paraphrases_belong_to_clean_tweets(put):
    put()
    loaded = datasets.load_messages("paraphrases")
    assert list(loaded.train.ids) == [9, 9, 11, 11, 12, 13]


@pytest.mark.parametrize("protocol", ["Clean", "", None])
def test_an_unknown_protocol_is_named(protocol):
    with pytest.raises(ValueError, match=f"one of published, clean, paraphrases, got {protocol!r}"):
        datasets.load_messages(protocol)


@pytest.mark.parametrize(
    "row", ["7,Acme,Positive", "7,Acme,Glad,text", "x,Acme,Positive,text", "7,Acme,Positive,a,b"]
)
def test_a_row_of_another_kind_is_an_error(put, row):
    put(train=TRAIN + row + "\n")
    with pytest.raises(datasets.DataError, match="row 11 should be id, entity, attitude, text"):
        datasets.load_messages("clean")


def same_by_sets(one, other):
    """Share of runs of five characters in common, the slow way."""
    runs = []
    for text in (one, other):
        bare = "".join(c for c in text.casefold() if c.isalnum()) or text.strip()
        bare = f"__{bare}__"
        runs.append({bare[i : i + 5] for i in range(len(bare) - 4)})
    union = runs[0] | runs[1]
    return len(runs[0] & runs[1]) / len(union) if union else 0.0


def test_resemblance_agrees_with_sets():
    rng = np.random.default_rng(3)
    words = ["the", "cat", "Sat", "on", "a", "mat,", "and", "WHAT", "of", "it?", "wow", "😀", "q"]
    texts = [" ".join(rng.choice(words, rng.integers(0, 7))) for _ in range(60)]
    others = texts[:5] + [" ".join(rng.choice(words, 4)) for _ in range(20)]
    expected = [max(same_by_sets(text, other) for other in others) for text in texts]
    np.testing.assert_allclose(datasets.resemblance(texts, others), expected, atol=1e-6)


def test_twins_are_all_pairs_that_are_near():
    rng = np.random.default_rng(4)
    texts = [" ".join(rng.choice(["cat", "mat", "sat", "hat"], 5)) for _ in range(40)] + [""]
    near = {(a, b): same_by_sets(texts[a], texts[b]) for a in range(41) for b in range(a)}
    pairs, shares = datasets.twins(texts, 0.5)
    found = {(int(b), int(a)): share for (a, b), share in zip(pairs, shares, strict=True)}
    assert found == pytest.approx({pair: share for pair, share in near.items() if share >= 0.5})
    assert len(datasets.twins([])[0]) == 0


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("Wow!!", "wow", True),
        ("W", "w.", True),
        ("😀", "😀 ", True),
        ("😀", "😡", False),
        ("", "", False),
        ("great game", "great shame", False),
        ("I love the new update so much", "i LOVE the new update, so so much", True),
    ],
)
def test_what_is_a_near_copy(one, other, near):
    assert datasets.near_copies([one], [other])[0] == near


def test_near_copies_of_nothing():
    assert datasets.near_copies([], ["a"]).shape == (0,)
    assert not datasets.near_copies(["a"], []).any()


@pytest.mark.parametrize("threshold", [0, -1, 1.1])
def test_a_threshold_out_of_range(threshold):
    with pytest.raises(ValueError, match="threshold must be above 0 and at most 1"):
        datasets.near_copies(["a"], ["b"], threshold)


@pytest.mark.parametrize("protocol", ["published", "clean", "paraphrases"])
def test_held_out_tweets_share_nothing_with_the_rest(nothing, protocol):
    train = datasets.load_messages(protocol).train
    rest, held = datasets.hold_out(train, 100, seed=4)
    assert len(held) == len(set(held.ids)) == 100
    assert not np.isin(rest.ids, held.ids).any()
    assert not datasets.near_copies(rest.texts, held.texts).any()
    again = datasets.hold_out(train, 100, seed=4)[1]
    assert list(again.ids) == list(held.ids)
    assert list(datasets.hold_out(train, 100, seed=5)[1].ids) != list(held.ids)


@pytest.mark.parametrize("count", [0, -1, 5])
def test_too_many_held_out(put, count):
    put()
    with pytest.raises(ValueError, match="count must be from 1 to 4, got"):
        datasets.hold_out(datasets.load_messages("published").train, count)


def test_the_stand_in_has_the_faults_of_the_real_set(nothing):
    loaded = datasets.load_messages("published")
    assert loaded.source.stand_in
    assert "random generator (RNNCOURSE_OFFLINE is set)" in str(loaded.source)
    ids, counts = np.unique(loaded.train.ids, return_counts=True)
    assert (counts == 6).all() and np.isin(loaded.test.ids, ids).all()
    assert sum(not text for text in loaded.train.texts) > 0
    assert set(loaded.train.labels) == set(loaded.test.labels) == {0, 1, 2, 3}
    again = datasets.load_messages("published")
    assert list(again.train.texts) == list(loaded.train.texts)


@pytest.mark.parametrize("protocol", ["clean", "paraphrases"])
def test_no_double_gets_through(nothing, protocol):
    loaded = datasets.load_messages(protocol)
    assert not np.isin(loaded.train.ids, loaded.test.ids).any()
    assert all(text.strip() for text in loaded.train.texts)
    shares = [same_by_sets(t, o) for t in loaded.train.texts[:60] for o in loaded.test.texts[:60]]
    assert max(shares) < 0.4
    assert all(type(fault) is str for fault in loaded.faults) and len(loaded.faults) >= 3


def test_a_file_may_come_in_an_archive(tmp_path, monkeypatch):
    content = TRAIN.encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("twitter_training.csv", content)
    (tmp_path / "twitter_training.csv.zip").write_bytes(packed.getvalue())
    entry = datasets.DataFile("http://127.0.0.1:9/", hashlib.sha256(content).hexdigest(), "0" * 64)
    monkeypatch.setitem(datasets.REGISTRY, "twitter_training.csv", entry)
    monkeypatch.setenv("RNNCOURSE_DATA", "")
    monkeypatch.setenv("RNNCOURSE_CACHE", str(tmp_path))
    monkeypatch.setenv("RNNCOURSE_OFFLINE", "1")
    found, source = messages.find("Tweets", "twitter_training.csv")
    assert found == content and not source.stand_in
    (tmp_path / "twitter_training.csv.zip").write_bytes(packed.getvalue()[:-30])
    with pytest.raises(datasets.DataError, match=r"twitter_training\.csv\.zip cannot be read"):
        messages.find("Tweets", "twitter_training.csv")


real = pytest.mark.skipif(
    not Path(os.environ.get("RNNCOURSE_DATA", ""), "twitter_training.csv.gz").is_file(),
    reason="the real files are not at hand",
)


@real
@pytest.mark.parametrize(
    ("protocol", "rows", "labels"),
    [
        ("published", 74682, [22542, 18318, 20832, 12990]),
        ("clean", 11011, None),
        ("paraphrases", None, None),
    ],
)
def test_the_real_files(protocol, rows, labels):
    loaded = datasets.load_messages(protocol)
    assert not loaded.source.stand_in and len(loaded.test) == 1000
    assert rows is None or len(loaded.train) == rows
    assert labels is None or list(np.bincount(loaded.train.labels)) == labels
    assert len(np.unique(loaded.train.entities)) == 32
    if protocol == "published":
        assert np.isin(loaded.test.ids, loaded.train.ids).all()
        assert (np.unique(loaded.train.ids, return_counts=True)[1] == 6).all()
    else:
        assert not np.isin(loaded.train.ids, loaded.test.ids).any()
        assert not datasets.near_copies(loaded.train.texts, loaded.test.texts).any()
