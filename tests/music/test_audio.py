"""Sound: the right pitch at the right time, and an element that a page can play."""

import base64
import io
import re
import wave

import numpy as np
import pytest

from rnncourse.music import audio


def loudest_hertz(samples):
    return np.abs(np.fft.rfft(samples)).argmax() * audio.RATE / len(samples)


@pytest.mark.parametrize(("pitch", "hertz"), [(69, 440), (57, 220), (81, 880), (60, 261.63)])
def test_a_note_has_its_pitch(pitch, hertz):
    sound = audio.pluck(pitch, 1.0)
    assert len(sound) == audio.RATE
    assert loudest_hertz(sound) == pytest.approx(hertz, abs=1)
    assert np.abs(sound).max() <= 1
    assert sound[0] == sound[-1] == 0


def test_notes_come_when_they_should():
    samples = audio.synthesise([(0, 1, 57), (2, 1, 69)], seconds_per_whole=1.0)
    assert len(samples) / audio.RATE == pytest.approx(3 + audio.TAIL, abs=0.01)
    assert np.abs(samples).max() == pytest.approx(0.9)
    second = slice(2 * audio.RATE, 3 * audio.RATE)
    assert loudest_hertz(samples[: audio.RATE]) == pytest.approx(220, abs=1)
    assert loudest_hertz(samples[second]) == pytest.approx(440, abs=1)
    assert np.abs(samples[round(1.5 * audio.RATE) : second.start]).max() == 0


def test_the_element_holds_the_sound_and_says_what_it_is():
    samples = audio.synthesise([(0, 0.5, 69)], 1.0)
    page = audio.Player(samples, 'A "test" & more')._repr_html_()
    assert 'aria-label="A &quot;test&quot; &amp; more"' in page
    assert re.search(r"<audio controls [^>]*></audio>", page)
    data = re.search(r'src="data:audio/wav;base64,([^"]+)"', page)[1]
    with wave.open(io.BytesIO(base64.b64decode(data))) as file:
        assert (file.getframerate(), file.getnchannels()) == (audio.RATE, 1)
        heard = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32767
    np.testing.assert_allclose(heard, samples, atol=1e-4)


def test_bad_arguments():
    with pytest.raises(ValueError, match="at least one"):
        audio.synthesise([], 1.0)
    with pytest.raises(ValueError, match="seconds_per_whole"):
        audio.synthesise([(0, 1, 60)], 0)
    with pytest.raises(ValueError, match="between -1 and 1"):
        audio.Player(np.full(4, 2.0), "loud")
