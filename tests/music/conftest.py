"""What the tests of tunes share."""

import pytest

from rnncourse import datasets


@pytest.fixture(scope="session")
def made_up():
    """The stand-in: tunes made by a grammar, as texts in ABC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RNNCOURSE_DATA", raising=False)
        patch.setenv("RNNCOURSE_CACHE", "nowhere")
        patch.setenv("RNNCOURSE_OFFLINE", "1")
        return datasets.load_tunes().texts


@pytest.fixture(scope="session")
def slip_jig():
    """A tune with a broken rhythm, a triplet, accidentals, and two endings."""
    head = "X:9\nT:Made for this test\nM:9/8\nL:1/8\nK:A Dorian\n"
    return head + "A|e2A ^c>BA (3ABc d|!\n[1 a9:|[2 =g8|]"
