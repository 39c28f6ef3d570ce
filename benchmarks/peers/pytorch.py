"""PyTorch's recurrent layers, as forms to be timed; run by ``benchmarks.speed``."""

import os

import torch
from talk import CLASSES, Case, serve

if hasattr(os, "sched_getaffinity"):
    torch.set_num_threads(len(os.sched_getaffinity(0)))
LAYERS = {"SimpleRNN": torch.nn.RNN, "LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU}


class Reader(torch.nn.Module):
    """A recurrent layer, and a dense one behind its last output."""

    def __init__(self, case: Case):
        super().__init__()
        self.layer = LAYERS[case.cell](case.features, case.units, batch_first=True)
        self.dense = torch.nn.Linear(case.units, CLASSES, bias=False)

    def forward(self, x):
        """(batch, time, features) -> (batch, classes)."""
        return self.dense(self.layer(x)[0][:, -1])


def by(compiled: bool):
    """A form: as it comes, or through ``torch.compile``."""

    def form(case: Case):
        torch.manual_seed(0)
        torch.compiler.reset()
        reader = Reader(case)
        model = torch.compile(reader) if compiled else reader
        optimizer = torch.optim.SGD(reader.parameters(), lr=0.01)
        x = torch.randn(case.batch, case.time, case.features)
        labels = torch.randint(0, CLASSES, (case.batch,))

        def train():
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x), labels)
            loss.backward()
            optimizer.step()
            return loss.item()

        @torch.inference_mode()
        def infer():
            return model(x).sum().item()

        return {"train": train, "infer": infer}

    return form


FORMS = {"PyTorch": by(False), "PyTorch, compile": by(True)}

if __name__ == "__main__":
    serve(FORMS, torch.__version__)
