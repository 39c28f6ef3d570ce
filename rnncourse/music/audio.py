"""Sound for a page: notes plucked by NumPy, packed into the page itself."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
from IPython.display import Audio

from rnncourse import arguments
from rnncourse.arguments import checked

RATE = 8000  # samples a second: enough for a melody, and small
TAIL = 0.3  # seconds in which the last note dies away
LONGEST = 3600  # seconds


@checked
def pluck(pitch: float, seconds: float) -> np.ndarray:
    """One note (MIDI number) like a plucked string: six harmonics, the higher the sooner gone.

    Returns:
        Array of shape (samples,), between -1 and 1.

    Raises:
        ValueError: If a number is out of its range.
    """
    arguments.number("pitch", pitch, least=-1000, most=1000)
    arguments.number("seconds", seconds, least=0, most=LONGEST)
    time = np.arange(round(seconds * RATE)) / RATE
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    result = np.zeros_like(time)
    for harmonic in range(1, 7):
        if harmonic * hertz < RATE / 2:
            strength = np.exp(-2.5 * harmonic * time) / harmonic**1.3
            result += strength * np.sin(2 * np.pi * harmonic * hertz * time)
    ramp = np.minimum(1, np.minimum(time, time[::-1]) * 200)  # no clicks at the ends
    return result * ramp / 2.5


@checked
def synthesise(notes: Sequence[tuple[float, float, float]], seconds_per_whole: float) -> np.ndarray:
    """Play notes.

    Args:
        notes: ``(onset, length, pitch)`` each, the times in whole notes, the pitch as MIDI number.
        seconds_per_whole: How long a whole note lasts.

    Returns:
        Array of shape (samples,), the loudest at 0.9.

    Raises:
        ValueError: If there are no notes, or seconds_per_whole is not above 0.
    """
    if len(notes) == 0:
        raise ValueError("notes must hold at least one, got none")
    if not seconds_per_whole > 0:
        raise ValueError(f"seconds_per_whole must be above 0, got {seconds_per_whole}")
    notes = [_note(note) for note in notes]
    end = max(onset + length for onset, length, _ in notes) * seconds_per_whole + TAIL
    if end > LONGEST:
        raise ValueError(f"notes and seconds_per_whole must make at most {LONGEST} seconds")
    result = np.zeros(int(np.ceil(end * RATE)) + 1)
    for onset, length, pitch in notes:
        sound = pluck(pitch, length * seconds_per_whole + TAIL / 2)
        first = round(onset * seconds_per_whole * RATE)
        result[first : first + len(sound)] += sound
    return 0.9 * result / np.abs(result).max()


def _note(note) -> tuple[float, float, float]:
    """Onset, length and pitch, none of them negative, as numbers."""
    if not isinstance(note, tuple | list) or len(note) != 3:
        raise ValueError(f"notes must be (onset, length, pitch) each, got {arguments.what(note)}")
    return tuple(arguments.number("notes", float(part), least=0) for part in note)


class Player(Audio):
    """An audio element with the sound in it: it needs no file, no server and no network.

    Args:
        samples: Array of shape (samples,), between -1 and 1.
        label: What a screen reader says it is.

    Raises:
        ValueError: If there are no samples, or some beyond -1 and 1.
        TypeError: If an argument is of another kind.
    """

    def __init__(self, samples: np.ndarray, label: str):
        samples = arguments.reals("samples", samples, None).astype(float)
        if np.abs(samples).max() > 1:
            raise ValueError("samples must lie between -1 and 1, got some that do not")
        self.label = arguments.text("label", label)
        super().__init__(samples, rate=RATE, normalize=False)

    def __repr__(self) -> str:
        return f"sound: {self.label}"

    def _repr_html_(self) -> str:
        label = html.escape(self.label)
        return (
            f'<audio controls preload="metadata" aria-label="{label}" title="{label}" '
            f'style="width: 100%; max-width: 30rem; margin: 0.5rem 0" '
            f'src="{self.src_attr()}"></audio>'
        )
