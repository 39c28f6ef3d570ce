"""Tunes: ABC notation as text, tokens and bars; a metronome; and sound for a page."""
