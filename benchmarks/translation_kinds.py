"""Five ways to translate, none trained for less time than attention, on the same pairs.

``python -m benchmarks.translation_kinds`` trains each kind of network under the given seeds and
writes ``benchmarks/records/translation_kinds.json``: BLEU against all translations and against one,
exact match, accuracy of the single pieces, steps, seconds of the processor, and BLEU by the number
of words in the sentence. Everything is measured on the test sentences, of which none decided
anything. What is in the record already is kept, so that a run that was broken off can go on.
"""

from __future__ import annotations

import argparse
import os
import time

import keras

from benchmarks import record
from rnncourse import results, training, translation
from rnncourse.datasets import load_pairs
from rnncourse.muon import Muon
from rnncourse.subwords import Subwords

STEPS = 1_500  # mini-batches for attention
# How many times as many mini-batches each kind makes, so that none has less time than attention;
# and its arguments.
KINDS = {
    "attention": (1, {}),
    "encoder and decoder": (1.35, {"bidirectional": False, "attention": False}),
    "on the fly": (1.8, {"delay": 0}),
    "three words behind": (1.75, {"delay": 3}),
    "bidirectional encoder": (1.4, {"attention": False}),
}
LENGTHS = (3, 4, 5, 6)  # words; the first stands for fewer as well


def learn(pairs, seed: int, steps: int, kind: dict) -> dict[str, float]:
    """Train one network and measure it."""
    keras.backend.clear_session()
    seed = training.seed_everything(seed)
    read = [s.english for s in pairs.train for _ in s.french]
    wanted = [text for s in pairs.train for text in s.french]
    source, target = (Subwords.learnt(texts, 6_000) for texts in (read, wanted))
    network = translation.OnTheFly if "delay" in kind else translation.Translator
    model = network(len(source), len(target), **kind)
    encoded = [source.encode(text) for text in read], [target.encode(text) for text in wanted]
    optimizer = Muon(
        training.warmup_cosine(0.01, steps, 0.05),
        only=r"gru_cell/.*kernel|(query|key)/kernel",
        beta_2=0.99,
        global_clipnorm=1.0,
    )
    started = time.process_time()
    translation.train(model, optimizer, translation.Batches(*encoded, seed=seed), steps)
    seconds = time.process_time() - started
    said = translation.Interpreter(model, source, target).translate([s.english for s in pairs.test])
    scores = translation.scores(said, pairs.test)
    measured = {"all": scores.all, "one": scores.one, "exact": scores.exact}
    measured |= {"steps": steps, "seconds": seconds}
    measured["pieces"] = translation.token_accuracy(
        model,
        [source.encode(s.english) for s in pairs.test],
        [target.encode(s.french[0]) for s in pairs.test],
    )
    for length in LENGTHS:
        some = [
            i for i, s in enumerate(pairs.test) if max(len(s.english.split()), LENGTHS[0]) == length
        ]
        part = translation.scores([said[i] for i in some], [pairs.test[i] for i in some])
        measured[f"{length} words"] = part.all
    return measured


def main() -> None:
    """Train them all and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="seeds 1 to N")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help="for attention")
    parser.add_argument("--anew", action="store_true", help="forget what is in the record")
    given = parser.parse_args()
    seeds, pairs = list(range(1, given.seeds + 1)), load_pairs()
    command = (
        f"python -m benchmarks.translation_kinds --seeds {len(seeds)} --steps {given.steps} --anew"
    )
    values: dict[str, list[float]] = {}
    if not given.anew and (results.RECORDS / "translation_kinds.json").exists():
        before = results.recorded_run("translation_kinds")
        values = before.values if before.command == command else {}
    for name, (more, kind) in KINDS.items():
        if f"{name}, steps" in values:
            continue
        runs = [learn(pairs, seed, round(given.steps * more), kind) for seed in seeds]
        for what in runs[0]:
            values[f"{name}, {what}"] = [run[what] for run in runs]
            print(name, what, values[f"{name}, {what}"], flush=True)
        record.save(
            "translation_kinds", values, command=command, data=str(pairs.source), seeds=seeds
        )


if __name__ == "__main__":
    os.environ.setdefault("RNNCOURSE_QUIET", "1")
    main()
