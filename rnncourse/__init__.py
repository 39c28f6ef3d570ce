"""Recurrent neural networks by running them: the code that the chapters share.

Nothing is imported here, so that ``import rnncourse`` costs nothing; take what you need from the
modules, for example ``from rnncourse import datasets, training``.
"""

__version__ = "0.1.0"
