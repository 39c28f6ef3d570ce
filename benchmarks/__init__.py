"""Runs too long for a chapter; each writes its figures to ``benchmarks/records``."""
