"""The tables of the benchmark of speed, from its records alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from rnncourse import results

Values = dict[str, list[float]]


def document() -> str:
    """``benchmarks/RESULTS.md``: all parts of which there is a record."""
    parts = ["# Speed", "Written by `python -m benchmarks.speed`; the records lie in `records/`."]
    for name, (title, tables) in PARTS.items():
        try:
            run = results.recorded_run(f"speed_{name}")
        except FileNotFoundError:
            continue
        versions = ", ".join(f"{package} {number}" for package, number in run.versions.items())
        made = f"`{run.command}`, {run.date}, {run.machine}; {versions}."
        parts += [f"## {title}", made, *tables(run.values)]
        if "; " in run.data:
            parts.append(f"On {run.data}.")
    return "\n\n".join(parts) + "\n"


def spread(values: Iterable[float]) -> str:
    """The median, and the quartiles in brackets."""
    low, middle, high = (
        f"{v:,.0f}" if v >= 100 else f"{v:.3g}" for v in np.percentile(list(values), [25, 50, 75])
    )
    return f"{middle} [{low}, {high}]"


def table(header: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def by_case(values: Values) -> dict[tuple[str, ...], Values]:
    """``cores | cell | batch | time | units | step | form`` -> case and step -> form -> seconds."""
    cases: dict[tuple[str, ...], Values] = {}
    for name, seconds in values.items():
        *case, form = name.split(" | ")
        cases.setdefault(tuple(case), {})[form] = seconds
    return cases


def best(forms: Values, belongs: Callable[[str], bool]) -> str | None:
    """The form with the lowest median among those that belong to somebody."""
    chosen = [form for form in forms if belongs(form)]
    return min(chosen, key=lambda form: np.median(forms[form])) if chosen else None


def is_ours(form: str) -> bool:
    """Whether a form is ours."""
    return form.startswith("ours")


def is_tensorflow(form: str) -> bool:
    """Whether a form is another one in TensorFlow."""
    return form.startswith(("Keras", "TensorFlow"))


def is_pytorch(form: str) -> bool:
    """Whether a form is PyTorch's."""
    return form.startswith("PyTorch")


def ratio(forms: Values, slower: str, faster: str) -> np.ndarray:
    """How many times as fast one form is as another, round by round."""
    return np.array(forms[slower]) / np.array(forms[faster])


def _steps(values: Values) -> list[str]:
    cases = by_case(values)
    names = dict.fromkeys(f for forms in cases.values() for f in forms if not is_ours(f))
    parts = []
    for what, title in (("train", "A training step"), ("infer", "Inference")):
        chosen = {case: forms for case, forms in cases.items() if case[-1] == what}
        rows, goals = [], []
        for (cores, cell, *size, _), forms in chosen.items():
            mine = best(forms, is_ours)
            milliseconds = spread(1000 * s for s in forms[mine])
            row = [cores, cell, " × ".join(size), f"{milliseconds} ({mine})"]
            shown = [spread(ratio(forms, n, mine)) if n in forms else "" for n in names]
            rows.append(row + shown)
            against = [
                f"{spread(ratio(forms, peer, mine))} ({peer})" if peer else ""
                for peer in (best(forms, is_tensorflow), best(forms, is_pytorch))
            ]
            goals.append([*row[:3], *against])
        case = ["cores", "cell", "batch × time × units"]
        parts += [
            f"### {title}",
            "Milliseconds of our fastest form, then how many times as long the others take: the "
            "median over rounds, in brackets the quartiles. A GRU of TensorFlow 1 is another one.",
            table([*case, "ours, ms", *names], rows),
            "Against the fastest of the TensorFlow forms, and of PyTorch's:",
            table([*case, "TensorFlow", "PyTorch"], goals),
        ]
    return parts


GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}
FEATURES = 32


def operations(cell: str, batch: int, time: int, units: int, what: str) -> float:
    """Additions and multiplications in the products of a layer; thrice as many in training."""
    once = 2 * batch * time * GATES[cell] * units * (units + FEATURES)
    return once * (3 if what == "train" else 1)


def limits(values: Values) -> list[dict]:
    """For each case and step: our best form, its rate, the plain product's, and their ratio."""
    cases, rows = by_case(values), []
    for (cores, cell, batch, time, units, what), forms in cases.items():
        if what not in ("train", "infer"):
            continue
        size, mine = [int(batch), int(time), int(units)], best(forms, is_ours)
        rate = operations(cell, *size, what) / np.array(forms[mine]) / 1e9
        products = cases[cores, cell, batch, time, units, "step"]["matrix product"]
        peak = 2 * size[0] * size[2] ** 2 * GATES[cell] / np.array(products) / 1e9
        row = {"cell": cell, "size": size, "what": what, "form": mine, "rate": rate}
        rows.append(row | {"product": peak, "share": rate / peak})
    return rows


def _limit(values: Values) -> list[str]:
    rows = [
        [
            row["cell"],
            " × ".join(map(str, row["size"])),
            row["what"],
            f"{spread(row['rate'])} ({row['form']})",
            spread(row["product"]),
            spread(row["share"]),
        ]
        for row in limits(values)
    ]
    header = ["cell", "batch × time × units", "step", "ours, GFLOP/s", "product, GFLOP/s", "share"]
    words = (
        "Only the operations in products of matrices are counted. The product is that of one step, "
        "batch × units by units × gates · units, as TensorFlow does it by itself."
    )
    return [words, table(header, rows)]


def _memory(values: Values) -> list[str]:
    rows = [[*name.split(" | "), spread(mib)] for name, mib in values.items()]
    words = "MiB for a gradient above what the process held before, batch 32, 128 units."
    return [words, table(["cell", "time", "form", "MiB"], rows)]


def _sampling(values: Values) -> list[str]:
    rows = []
    for (*_, what), forms in by_case(values).items():
        if what == "write":
            for form, seconds in forms.items():
                rate = [1 / s for s in seconds]
                rows.append([form, spread(rate), spread(ratio(forms, form, "sampler"))])
    words = (
        "A GRU of 256 units writes one text; the ratio is how many times as fast the sampler is."
    )
    return [words, table(["way", "characters a second", "sampler / this"], rows)]


def _scan(values: Values) -> list[str]:
    rows = []
    for (_, _, _, time, _, what), forms in by_case(values).items():
        if what not in ("train", "infer"):
            continue
        loop = best(forms, lambda form: "scan" not in form)
        scan = best(forms, lambda form: "scan" in form)
        shown = [spread(1000 * s for s in forms[form]) for form in (loop, scan)]
        rows.append([time, what, *shown, spread(ratio(forms, loop, scan))])
    header = ["time", "step", "loop, ms", "scan, ms", "loop / scan"]
    return ["A minGRU, batch 32, 128 units, each in its faster form.", table(header, rows)]


def _result(values: Values) -> list[str]:
    found: dict[tuple[str, str], Values] = {}
    for name, numbers in values.items():
        kind, whose, what = name.split(" | ")
        found.setdefault((kind, whose), {})[what] = numbers
    rows = []
    for (kind, whose), said in found.items():
        others = [f"{what} {spread(v)}" for what, v in said.items() if what != "seconds"]
        rows.append([kind, whose, spread(said["seconds"]), "; ".join(others)])
    return [table(["", "", "seconds of training", "what came out"], rows)]


PARTS: dict[str, tuple[str, Callable[[Values], list[str]]]] = {
    "steps": ("Layers", _steps),
    "limit": ("Distance from the machine's limit", _limit),
    "memory": ("Memory", _memory),
    "sampling": ("Sampling", _sampling),
    "scan": ("Loop and scan", _scan),
    "result": ("Time to a result", _result),
}
