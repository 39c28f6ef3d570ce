"""Running a cell over a sequence: as a chain of copies, as a loop, and in both directions.

The three functions do what TensorFlow 1's functions of the same names did, for the cells of
:mod:`rnncourse.cells` and for any other Keras cell: with ``sequence_length``, outputs are zero past
the end of each sequence, and the state is the one at its last valid step.

Where a cell of this course meets its past in one product, ``dynamic_rnn`` runs it in the loop of
:mod:`rnncourse.fast_loop`, which learns faster. For the others, what they make of the input alone
is computed for all steps in one product before the loop where that pays: where the input is wide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from rnncourse import arguments, fast_loop
from rnncourse.cells import Cell

WIDE = 2  # features a unit, above which inputs are projected before the loop

State = Any  # one tensor for a cell with one state, else a list in the order of cell.state_size


def static_rnn(
    cell, inputs: list, initial_state: State = None, sequence_length=None
) -> tuple[list[tf.Tensor], State]:
    """Chain one copy of the cell for each step; the graph grows with the number of steps.

    Args:
        cell: A Keras cell: ``cell(inputs, states) -> (output, states)``.
        inputs: List with one tensor of shape (batch, features) a step.
        initial_state: The state to begin with; zeros by default.
        sequence_length: Integers of shape (batch,), from 0 to the number of steps; by default all
            sequences are whole.

    Returns:
        A list with one output of shape (batch, output_size) a step, and the final state.

    Raises:
        ValueError: If a shape, a length or the structure of the state does not fit.
        TypeError: If inputs are not a list, or dtypes differ.
    """
    _check_cell("cell", cell)
    if not isinstance(inputs, list | tuple):
        raise TypeError(
            f"inputs must be a list of (batch, features) tensors, got {type(inputs).__name__}"
        )
    if not inputs:
        raise ValueError("inputs must hold at least one step, got an empty list")
    inputs = [_as_float(cell, x, f"inputs[{t}]", rank=2) for t, x in enumerate(inputs)]
    for t, x in enumerate(inputs):
        if not x.shape.is_compatible_with(inputs[0].shape):
            raise ValueError(
                f"inputs must all have one shape; inputs[0] has {inputs[0].shape}, "
                f"inputs[{t}] has {x.shape}"
            )
    _build(cell, inputs[0].shape)
    batch = _size(inputs[0], 0)
    states = _initial(cell, initial_state, batch)
    length = _lengths(sequence_length, inputs[0].shape[0], batch, len(inputs))
    outputs = []
    for t, x in enumerate(inputs):
        output, states = _step(cell, cell, x, states, None if length is None else t < length)
        outputs.append(output)
    return outputs, _packed(cell, states)


def dynamic_rnn(
    cell, inputs, sequence_length=None, initial_state: State = None
) -> tuple[tf.Tensor, State]:
    """Run the cell in a loop; the graph is the same for any number of steps.

    Args:
        cell: A Keras cell: ``cell(inputs, states) -> (output, states)``.
        inputs: Tensor of shape (batch, time, features).
        sequence_length: As for :func:`static_rnn`.
        initial_state: As for :func:`static_rnn`.

    Returns:
        The outputs of shape (batch, time, output_size), and the final state.

    Raises:
        ValueError: If a shape, a length or the structure of the state does not fit.
        TypeError: If dtypes differ.
        LookupError: If a gradient of a cell with one product is differentiated once more.
    """
    run = prepare(cell, inputs, sequence_length, initial_state)
    if _can_be_split(cell) and cell.one_product:
        return _fast(cell, run)
    steps, step = _split(cell, run)
    steps = tf.TensorArray(steps.dtype, run.time).unstack(steps)
    outputs = tf.TensorArray(cell.compute_dtype, run.time, element_shape=(None, cell.output_size))

    def body(t, states, outputs):
        valid = None if run.length is None else t < run.length
        output, states = _step(cell, step, steps.read(t), states, valid)
        return t + 1, states, outputs.write(t, output)

    _, states, outputs = tf.while_loop(
        lambda t, *_: t < run.time, body, (0, run.states, outputs), maximum_iterations=run.time
    )
    outputs = tf.transpose(outputs.stack(), [1, 0, 2])  # (batch, time, output_size)
    outputs.set_shape([*run.inputs.shape[:2], cell.output_size])
    return outputs, _packed(cell, states)


def bidirectional_dynamic_rnn(fw, bw, inputs, sequence_length=None) -> tuple[tuple, tuple]:
    """Run one cell forwards and another backwards over the same sequences.

    The backward cell begins at the last valid step of each sequence; its outputs are turned round,
    so that both belong to the step they stand at.

    Args:
        fw: The cell that reads forwards.
        bw: The cell that reads backwards.
        inputs: Tensor of shape (batch, time, features).
        sequence_length: As for :func:`static_rnn`.

    Returns:
        The pair of outputs, each (batch, time, output_size), and the pair of final states.

    Raises:
        ValueError: If a shape or a length does not fit.
        TypeError: If dtypes differ.
    """
    _check_cell("fw", fw)
    _check_cell("bw", bw)
    outputs_fw, state_fw = dynamic_rnn(fw, inputs, sequence_length)
    turned = _turned(tf.convert_to_tensor(inputs), sequence_length)
    outputs_bw, state_bw = dynamic_rnn(bw, turned, sequence_length)
    return (outputs_fw, _turned(outputs_bw, sequence_length)), (state_fw, state_bw)


def _turned(sequences: tf.Tensor, sequence_length) -> tf.Tensor:
    """Each sequence from its last valid step to its first; the padding stays behind."""
    if sequence_length is None:
        return tf.reverse(sequences, [1])
    length = tf.cast(sequence_length, tf.int32)
    return tf.reverse_sequence(sequences, length, seq_axis=1, batch_axis=0)


@dataclass(frozen=True)
class Run:
    """What a cell is to be run over, checked.

    Attributes:
        inputs: Tensor of shape (batch, time, features), in the dtype of the cell.
        batch: Number of sequences; a tensor where it is not known yet.
        time: Number of steps; a tensor where it is not known yet.
        states: The states to begin with, flat.
        length: Integers of shape (batch,), or None where all sequences are whole.
    """

    inputs: tf.Tensor
    batch: int | tf.Tensor
    time: int | tf.Tensor
    states: list[tf.Tensor]
    length: tf.Tensor | None


def prepare(cell, inputs, sequence_length=None, initial_state: State = None) -> Run:
    """Check what :func:`dynamic_rnn` was given, and make the cell's weights.

    Raises:
        ValueError: If a shape, a length or the structure of the state does not fit.
        TypeError: If dtypes differ.
    """
    _check_cell("cell", cell)
    inputs = _as_float(cell, inputs, "inputs", rank=3)
    if inputs.shape[1] == 0:
        raise ValueError(f"inputs must have at least one time step, got shape {inputs.shape}")
    _build(cell, tf.TensorShape([inputs.shape[0], inputs.shape[2]]))
    batch, time = _size(inputs, 0), _size(inputs, 1)
    states = _initial(cell, initial_state, batch)
    return Run(inputs, batch, time, states, _lengths(sequence_length, inputs.shape[0], batch, time))


def project_all(cell: Cell, run: Run) -> tf.Tensor:
    """What the cell makes of the inputs alone, at all steps: (time, batch, columns).

    Raises:
        ValueError: If the cell was made for another number of features.
    """
    features = run.inputs.shape[2]
    if features != cell.kernel.shape[0]:
        raise ValueError(
            f"inputs of {cell.name} must have {cell.kernel.shape[0]} features, "
            f"got shape {tuple(run.inputs.shape)}"
        )
    flat = tf.reshape(tf.transpose(run.inputs, [1, 0, 2]), [-1, features])  # (time * batch, ...)
    return tf.reshape(cell.project(flat), [run.time, run.batch, cell.kernel.shape[1]])


def _can_be_split(cell) -> bool:
    """Whether what a cell makes of the input can be computed apart: one of ours, in one dtype."""
    plain = isinstance(cell, Cell) and type(cell).call is Cell.call
    return plain and cell.compute_dtype == cell.variable_dtype


def _is_wide(cell: Cell, run: Run) -> bool:
    """Whether the inputs take more room than what comes of them, and are projected before."""
    return run.inputs.shape[2] > WIDE * cell.units


def _fast(cell: Cell, run: Run) -> tuple[tf.Tensor, State]:
    """What :func:`dynamic_rnn` returns, by the loop with the late gradient."""
    valid = None
    if run.length is not None:
        valid = (tf.range(run.time)[:, None] < run.length)[:, :, None]  # (time, batch, 1)

    steps, project = tf.transpose(run.inputs, [1, 0, 2]), cell.project
    if _is_wide(cell, run):
        steps, project = project_all(cell, run), lambda projected: projected

    def combine(x, remembered, states):
        return cell.combine(project(x), remembered, states)[1]

    outputs, last = fast_loop.run(combine, steps, run.states, cell.recurrent_kernel, valid=valid)
    outputs = tf.transpose(outputs, [1, 0, 2])
    outputs.set_shape([*run.inputs.shape[:2], cell.output_size])
    return outputs, _packed(cell, last)


def _split(cell, run: Run) -> tuple[tf.Tensor, Callable]:
    """What can be had for all steps at once, (time, batch, size), and what is left for each."""
    if _can_be_split(cell) and _is_wide(cell, run):
        return project_all(cell, run), cell.step
    return tf.transpose(run.inputs, [1, 0, 2]), cell


def _step(cell, step: Callable, x, states: list, valid):
    """One step; where it is not valid any more, the output is zero and the state stays."""
    packed = tf.nest.pack_sequence_as(_as_list(cell.state_size), states)
    output, new = step(x, packed)
    new = tf.nest.flatten(new)
    if valid is None:
        return output, new
    valid = valid[:, None]
    kept = [tf.where(valid, after, before) for before, after in zip(states, new, strict=True)]
    return tf.where(valid, output, tf.zeros_like(output)), kept


def _check_cell(name: str, cell) -> None:
    missing = [what for what in ("state_size", "output_size", "call") if not hasattr(cell, what)]
    if missing:
        raise TypeError(f"{name} must be a Keras cell, got {arguments.what(cell)}")


def _as_float(cell, value, name: str, rank: int) -> tf.Tensor:
    """The value as a tensor of the cell's dtype and the right rank."""
    value = arguments.tensor(name, value)
    if value.shape.rank is not None and value.shape.rank != rank:
        last = "size" if name == "initial_state" else "features"
        shape = f"(batch, {last})" if rank == 2 else f"(batch, time, {last})"
        raise ValueError(f"{name} must have the shape {shape}, got {value.shape}")
    if value.dtype.name != cell.compute_dtype:
        raise TypeError(
            f"{name} must have the dtype of the cell, {cell.compute_dtype}, got {value.dtype.name}"
        )
    return value


def _size(value: tf.Tensor, axis: int) -> int | tf.Tensor:
    """The length of an axis; a tensor where it is not known yet."""
    known = value.shape[axis]
    return tf.shape(value)[axis] if known is None else known


def _build(cell, shape: tf.TensorShape) -> None:
    """Make the cell's weights before the loop: inside it they would belong to the loop."""
    if shape[-1] is None:
        raise ValueError(f"inputs must have a known number of features, got shape {shape}")
    if not cell.built:
        cell.build(tuple(shape))
        cell.built = True


def _as_list(state_size) -> list:
    return list(state_size) if isinstance(state_size, list | tuple) else [state_size]


def _initial(cell, initial_state: State, batch) -> list[tf.Tensor]:
    """The state to begin with, as a flat list of tensors."""
    sizes = _as_list(cell.state_size)
    if initial_state is None:
        return tf.nest.flatten(cell.get_initial_state(batch_size=batch))
    given = initial_state if isinstance(cell.state_size, list | tuple) else [initial_state]
    try:
        tf.nest.assert_same_structure(sizes, given)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"initial_state must have the structure of the cell's state_size, {cell.state_size}, "
            f"got {tf.nest.map_structure(_shape_or_type, initial_state)}"
        ) from error
    states = []
    for size, state in zip(tf.nest.flatten(sizes), tf.nest.flatten(given), strict=True):
        state = _as_float(cell, state, "initial_state", rank=2)
        known = batch if isinstance(batch, int) else None
        if not state.shape.is_compatible_with([known, size]):
            raise ValueError(
                f"initial_state must have the shape ({known}, {size}), got {state.shape}"
            )
        states.append(state)
    return states


def _shape_or_type(value):
    return tuple(value.shape) if hasattr(value, "shape") else type(value).__name__


def _packed(cell, states: list) -> State:
    """The final state as the caller wants it: one tensor for a cell with one state."""
    if not isinstance(cell.state_size, list | tuple):
        return states[0]
    return tf.nest.pack_sequence_as(list(cell.state_size), states)


def _lengths(sequence_length, known_batch, batch, time):
    """The lengths as int32 of shape (batch,), checked as far as they are known."""
    if sequence_length is None:
        return None
    length = arguments.tensor("sequence_length", sequence_length)
    if not length.dtype.is_integer:
        raise TypeError(f"sequence_length must be integers, got {length.dtype.name}")
    if not length.shape.is_compatible_with([known_batch]):
        raise ValueError(
            f"sequence_length must have the shape ({known_batch},), got {length.shape}"
        )
    values = tf.get_static_value(length)
    if values is not None and (values < 0).any():
        raise ValueError(f"sequence_length must not be negative, got {values.tolist()}")
    if values is not None and isinstance(time, int) and (values > time).any():
        raise ValueError(f"sequence_length must be at most {time}, got {values.tolist()}")
    return tf.cast(length, tf.int32)
