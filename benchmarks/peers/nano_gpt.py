"""A small transformer that learns Shakespeare, by nanoGPT's recipe for a processor.

``python nano_gpt.py data.npz 2000``: the sizes, the optimiser and the schedule are those that
nanoGPT's page names for a computer without a graphics card (Karpathy, 2022): windows of 64
characters, 12 a step, 4 layers, 4 heads, 128 numbers a character, no dropout. The network is
written anew here. Prints a line of JSON: seconds of training, nats a character on the last tenth.
"""

import json
import math
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

WINDOW, BATCH, LAYERS, HEADS, WIDTH = 64, 12, 4, 4, 128
PEAK, FLOOR, WARMUP, DECAY, CLIP = 1e-3, 1e-4, 100, 0.1, 1.0
SCALE = 0.02  # of the first weights


class Block(nn.Module):
    """Attention to what went before, then two dense layers, each added to what came in."""

    def __init__(self):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH, bias=False) for _ in range(2))
        self.ask = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.tell = nn.Linear(WIDTH, WIDTH, bias=False)
        self.widen = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.narrow = nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x):
        """(batch, time, width) -> the same."""
        batch, time_, _ = x.shape
        parts = self.ask(self.norms[0](x)).view(batch, time_, 3, HEADS, WIDTH // HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # each (batch, heads, time, size)
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.tell(seen.transpose(1, 2).reshape(batch, time_, WIDTH))
        return x + self.narrow(functional.gelu(self.widen(self.norms[1](x))))


class Transformer(nn.Module):
    """Characters and places to numbers, some blocks, and the table of characters back again."""

    def __init__(self, size: int):
        super().__init__()
        self.letters = nn.Embedding(size, WIDTH)
        self.places = nn.Embedding(WINDOW, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(WIDTH, bias=False)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                last = name.endswith(("tell.weight", "narrow.weight"))
                nn.init.normal_(weight, std=SCALE / math.sqrt(2 * LAYERS) if last else SCALE)

    def forward(self, tokens):
        """(batch, time) -> logits (batch, time, characters)."""
        x = self.letters(tokens) + self.places.weight[: tokens.shape[1]]
        return self.norm(self.blocks(x)) @ self.letters.weight.T


def loss(model, tokens) -> torch.Tensor:
    """Nats a character, on windows of one character more than is read."""
    logits = model(tokens[:, :-1])
    return functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())


def rate(step: int, steps: int) -> float:
    """Up in a straight line, then down along half a cosine."""
    if step < WARMUP:
        return PEAK * (step + 1) / (WARMUP + 1)
    share = min(1.0, (step - WARMUP) / max(1, steps - WARMUP))
    return FLOOR + (PEAK - FLOOR) * (1 + math.cos(math.pi * share)) / 2


def main(file: str, steps: int) -> None:
    """Train, and judge by the part that was not trained on, window by window."""
    with np.load(file, allow_pickle=False) as data:
        train, valid = (torch.from_numpy(data[name]) for name in ("train", "valid"))
        size = int(data["size"])
    torch.manual_seed(1337)
    model = Transformer(size)
    matrices = [w for w in model.parameters() if w.dim() == 2]
    others = [w for w in model.parameters() if w.dim() < 2]
    groups = [{"params": matrices}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=PEAK, betas=(0.9, 0.99), weight_decay=DECAY)
    windows = train.unfold(0, WINDOW + 1, 1)
    begin = time.perf_counter()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(step, steps)
        optimizer.zero_grad(set_to_none=True)
        loss(model, windows[torch.randint(len(windows), (BATCH,))]).backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
    seconds = time.perf_counter() - begin
    with torch.inference_mode():
        judged = valid.unfold(0, WINDOW + 1, WINDOW)[: 20 * steps]
        nats = [float(loss(model, part)) * len(part) for part in judged.split(100)]
    print(json.dumps({"seconds": seconds, "nats": sum(nats) / len(judged), "steps": steps}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
