"""Programs that run in processes of their own, each under the interpreter of its framework.

They import nothing of the project unless they are its own side, since the environments of PyTorch
and JAX hold nothing else.
"""
