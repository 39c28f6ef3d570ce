"""How a program that is timed speaks with the one that asks: one line of JSON each way.

A framework offers *forms*: name -> a function that takes a :class:`Case` and returns
``{"train": step, "infer": step}``, each a function without arguments that returns when its work is
done. The asking side prepares some forms, and then has them timed in turn.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

Steps = dict[str, Callable[[], None]]
GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3, "minGRU": 2}
CLASSES = 10


@dataclass(frozen=True)
class Case:
    """One layer, and the mini-batch that it reads; it ends in a dense layer and a loss.

    Attributes:
        cell: ``SimpleRNN``, ``LSTM``, ``GRU`` or ``minGRU``.
        batch: Sequences.
        time: Steps.
        units: Of the layer.
        features: Of the input.
    """

    cell: str
    batch: int
    time: int
    units: int
    features: int = 32


def serve(forms: dict[str, Callable[[Case], Steps]], version: str) -> None:
    """Answer questions from standard input until it ends.

    Whatever the framework itself prints goes to standard error.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    prepared: dict[str, Steps] = {}
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = _answer(question, forms, prepared, version)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"[:400]}
        print(json.dumps(answer), file=answers, flush=True)


def _answer(question: dict, forms: dict, prepared: dict, version: str) -> dict:
    what = question["do"]
    if what == "hello":
        return {"forms": list(forms), "version": version}
    if what == "release":
        prepared.clear()
        return {}
    form = question["form"]
    if what == "prepare":
        begin = time.perf_counter()
        prepared[form] = forms[form](Case(**question["case"]))
        for step in prepared[form].values():
            step()
        return {"seconds": time.perf_counter() - begin, "steps": list(prepared[form])}
    return {"seconds": timed(prepared[form][question["step"]], question["budget"])}


def timed(step: Callable[[], None], budget: float) -> float:
    """Seconds a call, over as many calls as fit into a budget of seconds; at least one."""
    calls, begin = 0, time.perf_counter()
    while True:
        step()
        calls += 1
        spent = time.perf_counter() - begin
        if spent + spent / calls > budget:
            return spent / calls
