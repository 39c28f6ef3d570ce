"""Sound for a page: notes plucked by NumPy, packed into the page itself as a WAV."""

from __future__ import annotations

import html
import io
import wave
from collections.abc import Sequence

import numpy as np
from IPython.display import Audio

RATE = 8000  # samples a second: enough for a melody, and small
SILENCE = 0.3  # seconds for the last note to die away


def pluck(pitch: float, seconds: float, rate: int = RATE) -> np.ndarray:
    """One note of something like a plucked string: six harmonics, the higher the sooner gone.

    Args:
        pitch: MIDI number; 69 is 440 Hz.
        seconds: How long it sounds.
        rate: Samples a second. Harmonics above half of it are left out.

    Returns:
        Array of shape (samples,), between -1 and 1.
    """
    if not seconds > 0:
        raise ValueError(f"seconds must be above 0, got {seconds}")
    time = np.arange(round(seconds * rate)) / rate
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    result = np.zeros_like(time)
    for harmonic in range(1, 7):
        if harmonic * hertz < rate / 2:
            strength = np.exp(-2.5 * harmonic * time) / harmonic**1.3
            result += strength * np.sin(2 * np.pi * harmonic * hertz * time)
    ramp = np.minimum(1, np.minimum(time, time[::-1]) * 200)  # no clicks at the ends
    return result * ramp / 2.5


def synthesise(
    notes: Sequence[tuple[float, float, float]], seconds_per_whole: float, rate: int = RATE
) -> np.ndarray:
    """Play notes.

    Args:
        notes: ``(onset, length, pitch)`` each, the times in whole notes, the pitch as MIDI number.
        seconds_per_whole: How long a whole note lasts.
        rate: Samples a second.

    Returns:
        Array of shape (samples,), the loudest at 0.9.

    Raises:
        ValueError: If there are no notes, or a time makes no sense.
    """
    if len(notes) == 0:
        raise ValueError("notes must hold at least one, got none")
    if not seconds_per_whole > 0:
        raise ValueError(f"seconds_per_whole must be above 0, got {seconds_per_whole}")
    if min(onset for onset, _, _ in notes) < 0:
        raise ValueError("notes must not begin before 0")
    end = max(onset + length for onset, length, _ in notes) * seconds_per_whole + SILENCE
    result = np.zeros(int(np.ceil(end * rate)) + 1)
    for onset, length, pitch in notes:
        sound = pluck(pitch, length * seconds_per_whole + SILENCE / 2, rate)
        first = round(onset * seconds_per_whole * rate)
        result[first : first + len(sound)] += sound[: len(result) - first]
    return 0.9 * result / np.abs(result).max()


class Player(Audio):
    """An audio element with the sound in it: it needs no file, no server and no network.

    Args:
        samples: Array of shape (samples,), between -1 and 1.
        label: What a screen reader says it is.
        rate: Samples a second.

    Raises:
        ValueError: If the label is empty, or a sample out of range.
    """

    def __init__(self, samples: np.ndarray, label: str, rate: int = RATE):
        if not label.strip():
            raise ValueError("label must say what is heard, got an empty one")
        samples = np.asarray(samples)
        if samples.ndim != 1 or not np.all(np.abs(samples) <= 1):
            raise ValueError("samples must be one row of numbers between -1 and 1")
        self.label = label
        packed = io.BytesIO()
        with wave.open(packed, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(np.round(samples * 32767).astype("<i2").tobytes())
        super().__init__(data=packed.getvalue())
        self.mimetype = "audio/wav"

    def __repr__(self) -> str:
        return f"sound: {self.label}"

    def _repr_html_(self) -> str:
        label = html.escape(self.label, quote=True)
        return (
            f'<audio controls preload="metadata" aria-label="{label}" title="{label}" '
            f'style="width: 100%; max-width: 30rem" src="{self.src_attr()}"></audio>'
        )
