"""Figure functions draw what they are given."""

import io

import matplotlib

matplotlib.use("agg")

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb

from rnncourse import plots


@pytest.fixture
def axis():
    figure, axis = plt.subplots()
    yield axis
    plt.close(figure)


def texts(axis):
    return [text.get_text() for text in axis.texts if text.get_text()]


def test_input_state_and_output_can_be_told_apart():
    colours = [to_rgb(colour) for colour in (plots.INPUT, plots.STATE, plots.OUTPUT, *plots.OTHERS)]
    assert len(set(colours)) == len(colours)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_unrolling_shows_every_step(axis, steps):
    plots.draw_unrolled(axis, steps)
    said = texts(axis)
    assert said.count("cell") == steps + 1
    assert [f"$X_{{({t})}}$" for t in range(steps)] == [s for s in said if s[:3] == "$X_"][1:]
    for text in axis.texts:
        if text.get_text().startswith("$X"):
            assert text.get_color() == plots.INPUT


def test_curves_start_at_one_and_are_named(axis):
    plots.draw_curves(axis, {"a": [3, 2], "b": [1, 4]}, xlabel="epoch", ylabel="loss")
    first, _ = axis.lines
    assert list(first.get_xdata()) == [1, 2]
    assert [t.get_text() for t in axis.get_legend().get_texts()] == ["a", "b"]
    assert axis.get_xlabel() == "epoch"


def test_a_matrix_shows_its_numbers_on_a_scale_with_zero_in_the_middle(axis):
    plots.draw_matrix(axis, np.array([[0.5, -2.0]]))
    assert texts(axis) == ["0.50", "-2.00"]
    assert axis.images[0].get_clim() == (-2.0, 2.0)


def test_a_matrix_of_zeros_can_be_drawn(axis):
    plots.draw_matrix(axis, np.zeros((2, 2)))
    assert axis.images[0].get_clim() == (-1.0, 1.0)


def test_confusion_colours_mistakes_only(axis):
    plots.draw_confusion(axis, np.array([[90, 1], [0, 80]]), ["a", "b"])
    np.testing.assert_array_equal(axis.images[0].get_array(), [[0, 1], [0, 0]])
    assert sorted(texts(axis)) == ["1", "80", "90"]


def test_pictures_need_a_title_each(axis):
    with pytest.raises(ValueError, match="zip"):
        plots.draw_images([axis], np.zeros((1, 2, 2)), [])


def test_one_look_and_the_same_file_twice():
    with plt.rc_context():
        plots.use_course_style()
        files = []
        for _ in range(2):
            figure, axis = plt.subplots()
            plots.draw_unrolled(axis, 2)
            buffer = io.StringIO()
            figure.savefig(buffer, format="svg", metadata={"Date": None})
            plt.close(figure)
            files.append(buffer.getvalue())
    assert files[0] == files[1]
    assert plots.INK in files[0]
    assert ">cell</text>" in files[0], "text stays text"
