// Recurrent layers in the browser: the equations of rnncourse/cells.py once more, without a library.
//
// A cell is a function f: (x, s) -> (y, s'). Here it is an object with
//     start()          the state before the first step, a list of vectors
//     step(x, states)  one step; returns { output, states, gates }
// Vectors are Float32Array; weights are laid out as Keras has them, a row for each input and a block
// of columns for each gate.

"use strict";

(globalThis.rnncourse ??= {}).cells = (() => {
  const sigmoid = (z) => 1 / (1 + Math.exp(-z));

  const activations = {
    linear: (z) => z,
    tanh: (z) => z.map(Math.tanh),
    sigmoid: (z) => z.map(sigmoid),
    relu: (z) => z.map((value) => Math.max(value, 0)),
    softmax: (z) => softmax(z),
  };

  /** Probabilities from logits. A low temperature favours the likely; the largest is taken out first
   *  so that the exponential cannot overflow. */
  function softmax(logits, temperature = 1) {
    const largest = Math.max(...logits);
    const powers = logits.map((logit) => Math.exp((logit - largest) / temperature));
    const sum = powers.reduce((total, power) => total + power, 0);
    return powers.map((power) => power / sum);
  }

  /** start + x W, for x of n numbers and W of n rows: add up the rows, each as often as x says. The
   *  sums are kept in 64 bits until they are whole. */
  function affine(x, W, start) {
    const sums = Float64Array.from(start);
    const columns = sums.length;
    for (let i = 0; i < x.length; i++) {
      if (x[i] === 0) continue; // a one-hot x costs a single row
      for (let j = 0, at = i * columns; j < columns; j++, at++) sums[j] += x[i] * W[at];
    }
    return Float32Array.from(sums);
  }

  /** The blocks of a vector, one a gate: views, nothing is copied. */
  const split = (vector, units) =>
    Array.from({ length: vector.length / units }, (_, k) =>
      vector.subarray(k * units, (k + 1) * units));

  class SimpleRNN {
    constructor({ units, activation, weights }) {
      Object.assign(this, { units, activation, ...weights });
    }

    start() {
      return [new Float32Array(this.units)];
    }

    step(x, [h]) {
      const sums = affine(h, this.recurrentKernel, affine(x, this.kernel, this.bias));
      const output = activations[this.activation](sums);
      return { output, states: [output], gates: {} };
    }
  }

  class LSTM {
    constructor({ units, weights }) {
      Object.assign(this, { units, ...weights });
    }

    start() {
      return [new Float32Array(this.units), new Float32Array(this.units)];
    }

    step(x, [h, c]) {
      const sums = affine(h, this.recurrentKernel, affine(x, this.kernel, this.bias));
      const [input, forget, candidate, output] = split(sums, this.units);
      for (const gate of [input, forget, output]) gate.forEach((z, k) => (gate[k] = sigmoid(z)));
      candidate.forEach((z, k) => (candidate[k] = Math.tanh(z)));
      const memory = c.map((old, k) => forget[k] * old + input[k] * candidate[k]);
      const shown = memory.map((value, k) => output[k] * Math.tanh(value));
      return {
        output: shown,
        states: [shown, memory],
        gates: { input, forget, candidate, output },
      };
    }
  }

  class GRU {
    constructor({ units, resetAfter, weights }) {
      Object.assign(this, { units, resetAfter, ...weights });
    }

    start() {
      return [new Float32Array(this.units)];
    }

    step(x, [h]) {
      const n = this.units;
      const [biasX, biasH] = this.resetAfter
        ? split(this.bias, 3 * n)
        : [this.bias, new Float32Array(3 * n)];
      const [xz, xr, xh] = split(affine(x, this.kernel, biasX), n);
      const [hz, hr, hh] = split(affine(h, this.recurrentKernel, biasH), n);
      const update = xz.map((value, k) => sigmoid(value + hz[k]));
      const reset = xr.map((value, k) => sigmoid(value + hr[k]));
      // Either the reset gate weighs what the state contributes, or it weighs the state itself.
      const past = this.resetAfter ? hh.map((value, k) => reset[k] * value) : this.fromReset(h, reset);
      const candidate = xh.map((value, k) => Math.tanh(value + past[k]));
      const output = h.map((old, k) => update[k] * old + (1 - update[k]) * candidate[k]);
      return { output, states: [output], gates: { update, reset, candidate } };
    }

    /** (r * h) U, with the last block of columns of the recurrent kernel. */
    fromReset(h, reset) {
      const n = this.units;
      const sums = new Float32Array(n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          sums[j] += reset[i] * h[i] * this.recurrentKernel[i * 3 * n + 2 * n + j];
        }
      }
      return sums;
    }
  }

  class Dense {
    constructor({ activation, weights }) {
      Object.assign(this, { activation, ...weights });
    }

    apply(x) {
      return activations[this.activation](affine(x, this.kernel, this.bias));
    }
  }

  /** A row of a table for each token. */
  class Embedding {
    constructor({ weights }, shapes) {
      this.table = weights.table;
      this.size = shapes.table[1];
    }

    apply(token) {
      return this.table.subarray(token * this.size, (token + 1) * this.size);
    }
  }

  /** Two cells, one from the front and one from the back; it needs the whole sequence. */
  class Bidirectional {
    constructor({ merge, everyStep, forward, backward }) {
      Object.assign(this, { merge, everyStep });
      this.both = [layer(forward), layer(backward)];
    }

    run(xs) {
      const ahead = run(this.both[0], xs);
      const back = run(this.both[1], [...xs].reverse()).reverse();
      if (this.everyStep) return xs.map((_, t) => this.join(ahead[t], back[t]));
      return [this.join(ahead.at(-1), back[0])]; // where each of them came to its end
    }

    join(a, b) {
      const ways = {
        concat: () => Float32Array.of(...a, ...b),
        sum: () => a.map((value, k) => value + b[k]),
        mul: () => a.map((value, k) => value * b[k]),
        ave: () => a.map((value, k) => (value + b[k]) / 2),
      };
      return ways[this.merge]();
    }
  }

  /** The network of 1982: units of +1 and -1, each joined to every other by Hebb's rule. */
  class Hopfield {
    constructor(patterns, units = patterns[0].length) {
      this.units = units;
      const n = units;
      // n times the weights: whole numbers, so that sums are exact, and ties too
      this.products = new Float32Array(n * n);
      for (const pattern of patterns) {
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) if (i !== j) this.products[i * n + j] += pattern[i] * pattern[j];
        }
      }
    }

    /** What a unit hears from all the others. */
    field(state, i) {
      return this.products
        .subarray(i * this.units, (i + 1) * this.units)
        .reduce((sum, weight, j) => sum + weight * state[j], 0);
    }

    /** The unit takes the sign of what it hears; on a tie it stays. Returns whether it changed. */
    update(state, i) {
      const heard = Math.sign(this.field(state, i));
      if (heard === 0 || heard === state[i]) return false;
      state[i] = heard;
      return true;
    }

    energy(state) {
      const sum = state.reduce((total, value, i) => total + value * this.field(state, i), 0);
      return -sum / (2 * this.units);
    }
  }

  const kinds = { SimpleRNN, LSTM, GRU, Dense, Embedding, Bidirectional };

  /** Step through a sequence; all outputs. */
  function run(cell, xs, states = cell.start()) {
    return xs.map((x) => {
      const after = cell.step(x, states);
      states = after.states;
      return after.output;
    });
  }

  /** Layers one above the other. */
  class Model {
    constructor(packed) {
      this.layers = packed.map(layer);
    }

    start() {
      return this.layers.map((one) => one.start?.() ?? []);
    }

    /** One step through all layers: the stack is a cell again. */
    step(x, states) {
      const gates = [];
      const after = this.layers.map((one, depth) => {
        if (one.apply) {
          x = one.apply(x);
          return [];
        }
        const made = one.step(x, states[depth]);
        x = made.output;
        gates.push(made.gates);
        return made.states;
      });
      return { output: x, states: after, gates };
    }

    /** A whole sequence: what the last layer puts out, at every step or at the last. */
    run(xs) {
      for (const one of this.layers) {
        if (one.apply) xs = xs.map((x) => one.apply(x));
        else if (one.run) xs = one.run(xs);
        else xs = one.everyStep ? run(one, xs) : run(one, xs).slice(-1);
      }
      return xs;
    }
  }

  /** A layer from the form that rnncourse/live/packing.py writes. */
  function layer(packed) {
    const kind = Object.hasOwn(kinds, packed.kind) && kinds[packed.kind];
    if (!kind) throw new TypeError(`no layer of the kind ${packed.kind}`);
    const weights = {};
    const shapes = {};
    for (const [name, array] of Object.entries(packed.weights ?? {})) {
      weights[name] = unpack(array);
      shapes[name] = array.shape;
    }
    const rows = shapes.recurrentKernel?.[0] ?? packed.units;
    if (rows !== packed.units) throw new RangeError(`${packed.units} units, but weights for ${rows}`);
    const made = new kind({ ...packed, weights }, shapes);
    made.everyStep = packed.everyStep;
    return made;
  }

  /** Base64 to numbers: as many as the shape says, and all of them finite. */
  function unpack(packed) {
    const numbers = decode(packed);
    const size = packed.shape.reduce((product, axis) => product * axis, 1);
    if (numbers.length !== size) {
      throw new RangeError(`an array of ${packed.shape.join(" × ")} numbers has ${numbers.length}`);
    }
    if (!numbers.every(Number.isFinite)) throw new RangeError("an array holds what is no number");
    return numbers;
  }

  /** Base64 to numbers. Of whole numbers each column has a scale. */
  function decode({ data, dtype, scale }) {
    const buffer = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)).buffer;
    if (dtype === "float32") return new Float32Array(buffer);
    if (dtype === "float16") return Float32Array.from(new Uint16Array(buffer), half);
    const worth = decode({ data: scale, dtype: "float32" });
    return Float32Array.from(new Int16Array(buffer), (n, k) => n * worth[k % worth.length]);
  }

  /** A number of 16 bits: a sign, five bits of exponent, ten of fraction. */
  function half(bits) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = (bits & 0x3ff) / 1024;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    if (exponent === 0) return sign * 2 ** -14 * fraction;
    return sign * 2 ** (exponent - 15) * (1 + fraction);
  }

  return { Model, Hopfield, kinds, layer, run, unpack, softmax, sigmoid, affine };
})();
