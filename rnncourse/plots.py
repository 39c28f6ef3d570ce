"""The figures that more than one chapter draws, and the one look they share.

Colour carries meaning, in every figure and equation of the book: what goes in, what is kept and
what comes out have one colour each (from the palette of Okabe and Ito, which colour-blind readers
can tell apart). Text and axes are drawn in ``INK`` on ``PAPER``; on the rendered page those two
follow the reader's light or dark theme.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from cycler import cycler
from matplotlib import colormaps
from matplotlib import pyplot as plt
from matplotlib.colors import LinearSegmentedColormap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INPUT = "#0072b2"  # blue
STATE = "#d55e00"  # vermilion
OUTPUT = "#009e73"  # green
OTHERS = ("#cc79a7", "#e69f00", "#56b4e9")  # purple, orange, sky

GATES = {"input": OTHERS[0], "forget": OTHERS[1], "output": OTHERS[2]}

INK = "#24292e"
FAINT = "#d0d4d9"
PAPER = "#ffffff"

WIDTH = 7.2  # inches: the width of the text column

SIGNED = "rnncourse-signed"  # colour map for numbers of either sign, paper-white at zero
if SIGNED not in colormaps:
    colormaps.register(LinearSegmentedColormap.from_list(SIGNED, [INPUT, PAPER, STATE]))
for _gate, _colour in GATES.items():  # from shut, paper, to open
    if f"rnncourse-{_gate}" not in colormaps:
        colormaps.register(
            LinearSegmentedColormap.from_list(f"rnncourse-{_gate}", [PAPER, _colour])
        )


def use_course_style() -> None:
    """Give every figure of this notebook the look of the book, as SVG."""
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    set_matplotlib_formats("svg", bbox_inches="tight", metadata={"Date": None})
    plt.rcParams.update(
        {
            "figure.figsize": (WIDTH, 3.2),
            "figure.facecolor": PAPER,
            "figure.constrained_layout.use": True,
            "svg.fonttype": "none",
            "svg.hashsalt": "rnncourse",
            "font.size": 10,
            "text.color": INK,
            "axes.facecolor": PAPER,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.titlesize": 10,
            "axes.titlelocation": "left",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": cycler(color=(INPUT, STATE, OUTPUT, *OTHERS)),
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": FAINT,
            "grid.linewidth": 0.6,
            "xtick.color": INK,
            "ytick.color": INK,
            "xtick.major.size": 0,
            "ytick.major.size": 0,
            "lines.linewidth": 1.8,
            "legend.frameon": False,
            "image.cmap": "gray_r",
            "image.interpolation": "nearest",
        }
    )


def declare_timed(axis: Axes) -> None:
    """Declare that an axis draws times, and so other ones in every run.

    The other axes of its figure are the same in every run only if theirs are not moved: give such
    a figure ``layout="none"``, and each axis a title above it in place of a label beside it.
    """
    axis.set_gid("timed")


def draw_unrolled(axis: Axes, steps: int, *, output: str = "Y", state: str = "Y") -> None:
    """Draw a recurrent layer, and beside it the same layer unrolled through time.

    Args:
        axis: Where to draw.
        steps: Number of time steps to show.
        output: Letter of the output.
        state: Letter of what is handed from step to step.
    """
    arrow = {"arrowstyle": "-|>", "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}

    def box(x: float) -> None:
        axis.add_patch(
            plt.Rectangle((x - 0.35, -0.35), 0.7, 0.7, facecolor=PAPER, edgecolor=INK, lw=1.4)
        )
        axis.text(x, 0, "cell", ha="center", va="center")

    def line(start, end, colour, **more) -> None:
        axis.annotate("", xy=end, xytext=start, arrowprops=arrow | {"color": colour} | more)

    def step(x: float, index: str) -> None:
        box(x)
        line((x, -1.0), (x, -0.35), INPUT)
        line((x, 0.35), (x, 1.0), OUTPUT)
        axis.text(x, -1.05, f"$X_{{({index})}}$", ha="center", va="top", color=INPUT)
        axis.text(x, 1.05, f"${output}_{{({index})}}$", ha="center", va="bottom", color=OUTPUT)

    step(0, "t")
    axis.plot([0.35, 0.75, 0.75, -0.75, -0.75], [0.1, 0.1, 0.62, 0.62, 0.1], color=STATE, lw=1.4)
    line((-0.75, 0.1), (-0.35, 0.1), STATE)
    axis.text(1.6, 0.12, "unrolled", ha="center", va="bottom")
    line((1.1, 0), (2.1, 0), INK)
    first = 4.1
    for t in range(steps):
        x = first + 1.9 * t
        step(x, str(t))
        line((x - 1.2 if t == 0 else x - 1.55, 0), (x - 0.35, 0), STATE)
        if t:
            axis.text(
                x - 0.95, 0.06, f"${state}_{{({t - 1})}}$", ha="center", va="bottom", color=STATE
            )
    axis.text(first - 1.25, 0, "0", ha="right", va="center", color=STATE)
    last = first + 1.9 * (steps - 1)
    line((last + 0.35, 0), (last + 1.0, 0), STATE)
    axis.text(last + 1.05, 0, f"${state}_{{({steps - 1})}}$", ha="left", va="center", color=STATE)
    axis.set(xlim=(-1.0, last + 1.7), ylim=(-1.5, 1.5), aspect="equal")
    axis.axis("off")


def draw_curves(
    axis: Axes, curves: Mapping[str, Sequence[float]], *, xlabel: str, ylabel: str
) -> None:
    """Draw one curve for each name, a value an epoch from 1 on, with a legend.

    Args:
        axis: Where to draw.
        curves: Name -> values.
        xlabel: What an epoch is called.
        ylabel: What the values are.
    """
    for name, values in curves.items():
        axis.plot(range(1, len(values) + 1), values, label=name, marker="o", markersize=3)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend()


def draw_matrix(
    axis: Axes, values: np.ndarray, *, digits: int = 2, limit: float | None = None
) -> None:
    """Draw a matrix of signed numbers, each in its coloured cell.

    Args:
        axis: Where to draw.
        values: Array of shape (rows, columns).
        digits: Decimals shown.
        limit: The absolute value that has full colour; by default the largest there is.
    """
    limit = limit or float(np.abs(values).max()) or 1.0
    axis.imshow(values, cmap=SIGNED, vmin=-limit, vmax=limit, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        strong = abs(value) > 0.6 * limit
        axis.text(
            column,
            row,
            f"{value:.{digits}f}",
            ha="center",
            va="center",
            size=9,
            color="white" if strong else "#202428",
        )
    axis.set(xticks=[], yticks=[])
    axis.grid(False)
    axis.spines[:].set_visible(False)


def draw_confusion(axis: Axes, counts: np.ndarray, names: Sequence[str]) -> None:
    """Draw a confusion matrix: rows are the truth, columns what was said.

    Only the mistakes are coloured, for a hit hides the misses.

    Args:
        axis: Where to draw.
        counts: Array of shape (classes, classes).
        names: The classes.
    """
    mistakes = counts * (1 - np.eye(len(counts), dtype=counts.dtype))
    axis.imshow(mistakes, cmap="Oranges")
    for (truth, said), count in np.ndenumerate(counts):
        if count:
            heavy = mistakes[truth, said] > 0.6 * mistakes.max()
            axis.text(
                said,
                truth,
                f"{count}",
                ha="center",
                va="center",
                size=8,
                color="white" if heavy else "#202428",
                weight="bold" if truth == said else "normal",
            )
    ticks = range(len(names))
    axis.set(xticks=ticks, xticklabels=names, yticks=ticks, yticklabels=names)
    axis.set(xlabel="said", ylabel="truth")
    axis.grid(False)


def draw_images(axes: Sequence[Axes], images: np.ndarray, titles: Sequence[str]) -> None:
    """Draw one small picture an axis, ink on paper, with a title above each.

    Args:
        axes: As many as there are images.
        images: Array of shape (n, height, width).
        titles: One an image.
    """
    for axis, image, title in zip(axes, images, titles, strict=True):
        axis.imshow(image, vmin=0, vmax=255)
        axis.set_title(title, fontsize=8, loc="center")
        axis.axis("off")
