"""The tables of the benchmark of speed, from its records alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np

from rnncourse import results

Values = dict[str, list[float]]
RESULTS = Path(__file__).with_name("RESULTS.md")
WHOLE, WARM = 20 * 60, 10  # seconds for the whole book; until an edited page is there
PACE = "times as slow as the machine that times are promised for"


def write(path: Path = RESULTS) -> None:
    """Write the tables, and say where."""
    results.write_atomically(path, document())
    print(f"written to {path.relative_to(results.PROJECT)}")


def document() -> str:
    """All parts of which there is a record."""
    runs = {}
    for name in PARTS:
        with suppress(FileNotFoundError):
            runs[name] = results.recorded_run(name)
    parts = [
        "# Speed",
        "Written by `python -m benchmarks.speed` and `python -m benchmarks.build`; the records lie "
        "in `records/`.",
        "## What was aimed at",
        *goals({name: run.values for name, run in runs.items()}),
    ]
    for name, run in runs.items():
        title, tables = PARTS[name]
        versions = ", ".join(f"{package} {number}" for package, number in run.versions.items())
        made = f"`{run.command}`, {run.date}, {run.machine}; {versions}."
        parts += [f"## {title}", made, *tables(run.values)]
        if "; " in run.data:
            parts.append(f"On {run.data}.")
    return "\n\n".join(parts) + "\n"


def goals(runs: dict[str, Values]) -> list[str]:
    """What was to be reached, and in how many cases it is, by the medians."""
    trained = [
        forms
        for (cores, *_, what), forms in by_case(runs.get("speed_steps", {})).items()
        if what == "train" and cores == "2"
    ]
    written = [
        forms
        for (*_, what), forms in by_case(runs.get("speed_sampling", {})).items()
        if what == "write"
    ]
    ahead = {
        whose: [
            ratio(forms, best(forms, belongs), best(forms, is_ours))
            for forms in trained
            if best(forms, belongs)
        ]
        for whose, belongs in (("TensorFlow", is_tensorflow), ("PyTorch", is_pytorch))
    }
    shares = [row["share"] for row in limits(runs.get("speed_limit", {})) if row["size"][2] == 512]
    predicted = [ratio(forms, "model.predict, 32 characters", "sampler") for forms in written]
    build = runs.get("build", {})
    least = [
        (
            "a training step on two cores, TensorFlow's fastest form / ours",
            1.5,
            ahead["TensorFlow"],
        ),
        ("a training step on two cores, PyTorch's fastest form / ours", 1, ahead["PyTorch"]),
        ("at 512 units, the rate / that of a plain product", 0.6, shares),
        ("sampling, `model.predict` / ours", 50, predicted),
    ]
    most = [
        (f"the book, {what}, seconds", seconds, [build[what]] if build else [])
        for what, seconds in (("cold", WHOLE), ("after an edit", WARM))
    ]
    rows = []
    for sign, aims in ((1, least), (-1, most)):
        for what, aim, found in aims:
            middles = [np.median(one) for one in found]
            kept = sum(sign * middle >= sign * aim for middle in middles)
            shown = " to ".join(dict.fromkeys(f"{f(middles):,.4g}" for f in (min, max) if middles))
            word = "at least" if sign > 0 else "at most"
            rows.append([what, f"{word} {aim:,}", shown, f"{kept} of {len(found)}"])
    words = (
        "Medians, from the lowest to the highest case. The profile says why short sequences gain "
        "less than long ones."
    )
    if PACE in build:
        words += f" The machine that built the book was {spread(build[PACE])} {PACE}."
    return [words, table(["what", "aim", "measured", "reached in"], rows)]


def spread(values: Iterable[float]) -> str:
    """The median, and the quartiles in brackets; or the only value."""
    several = list(values)
    shown = [f"{v:,.0f}" if v >= 100 else f"{v:.3g}" for v in np.percentile(several, [25, 50, 75])]
    low, middle, high = shown
    return f"{middle} [{low}, {high}]" if len(several) > 1 else middle


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


def profiles(values: Values) -> list[dict]:
    """For each layer: what our step consists of, beside the fastest other one in TensorFlow.

    Seconds, one a round: ``whole``; ``call``, a step with sequences of length 1; ``gates``, what is
    saved without them; ``products``, all the rest. ``other`` is the other one's whole and
    ``other_call`` its call.
    """
    cases, rows = by_case(values), []
    for (cores, cell, batch, time, units, what), forms in cases.items():
        if what != "train" or time == "1":
            continue
        once = cases[cores, cell, batch, "1", units, what]
        mine = best(forms, lambda form: is_ours(form) and "without" not in form)
        other = best(forms, is_tensorflow)
        whole, call = np.array(forms[mine]), np.array(once[mine])
        bare = np.array(forms[f"{mine}, without gates"])
        rows.append(
            {
                "cell": cell,
                "size": (batch, time, units),
                "form": mine,
                "whole": whole,
                "call": call,
                "products": bare - call,
                "gates": whole - bare,
                "rival": other,
                "other": np.array(forms[other]),
                "other_call": np.array(once[other]),
            }
        )
    return rows


def _profile(values: Values) -> list[str]:
    rows = []
    for row in profiles(values):
        shares = [spread(100 * row[what] / row["whole"]) for what in ("call", "products", "gates")]
        ratios = [row["other"] / row["whole"], row["other"] / (row["whole"] - row["gates"])]
        rows.append(
            [
                row["cell"],
                " × ".join(row["size"]),
                f"{spread(1000 * row['whole'])} ({row['form']})",
                *shares,
                f"{spread(1000 * row['other_call'])} ({row['rival']})",
                *map(spread, ratios),
            ]
        )
    words = (
        "What a training step consists of. The call is a step with sequences of length 1: "
        "starting, the dense layer, the loss, the update. Without gates, a layer has the same loop "
        "and the same products of matrices, and makes the mean of their blocks its state. The last "
        "two columns are how many times as long the fastest other form in TensorFlow takes, and "
        "how many times it would if our gates took no time at all."
    )
    header = ["cell", "batch × time × units", "ours, ms", "call, %", "products and loop, %"]
    header += ["gates, %", "the other's call, ms", "the other / ours", "/ ours without gates"]
    return [words, table(header, rows)]


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
        others = [f"{what} {np.median(v):.4g}" for what, v in said.items() if what != "seconds"]
        rows.append([kind, whose, spread(said["seconds"]), "; ".join(others)])
    return [table(["", "", "seconds of training", "what came out"], rows)]


def _build(values: Values) -> list[str]:
    rows = [[name.removeprefix("chapter "), spread(seconds)] for name, seconds in values.items()]
    words = (
        "Seconds of each chapter in a build from nothing, its processor's where it ran beside "
        "others; of rendering all pages; of the whole; and from an edit of the prose to the page."
    )
    return [words, table(["", "seconds"], rows)]


PARTS: dict[str, tuple[str, Callable[[Values], list[str]]]] = {
    "speed_steps": ("Layers", _steps),
    "speed_profile": ("Profile of a training step", _profile),
    "speed_limit": ("Distance from the machine's limit", _limit),
    "speed_memory": ("Memory", _memory),
    "speed_sampling": ("Sampling", _sampling),
    "speed_scan": ("Loop and scan", _scan),
    "speed_result": ("Time to a result", _result),
    "build": ("The build", _build),
}
