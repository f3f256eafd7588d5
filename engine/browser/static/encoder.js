/** A tower's forward pass on one picture, by its steps (siam.engine.browser.tower_steps says them). */

/** Where the copies of a picture are moved to for the mean of views: rows down, columns right. */
const MOVES = [[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1]];

/**
 * Embed one picture.
 * @param {{steps: object[], weights: Float32Array, shape: number[]}} tower
 * @param {ArrayLike<number>} pixels 0 to 255, row after row, channels last
 * @returns {Float32Array} of unit length
 */
export function embed(tower, pixels) {
  const [height, width, channels] = tower.shape;
  return take(tower, tower.steps, { data: Float32Array.from(pixels), height, width, channels }).data;
}

function take(tower, steps, picture) {
  let x = picture;
  for (const step of steps) x = OPS[step.op](x, step, tower);
  return x;
}

function numbers(tower, [place, shape]) {
  return tower.weights.subarray(place, place + shape.reduce((product, side) => product * side, 1));
}

function row(data) {
  return { data, height: 1, width: 1, channels: data.length };
}

const OPS = {
  scale: (x, { factor, offset }) => ({ ...x, data: x.data.map((value) => value * factor + offset) }),
  relu: (x) => ({ ...x, data: x.data.map((value) => Math.max(value, 0)) }),
  affine(x, step, tower) {
    const [weight, bias] = [numbers(tower, step.weights), numbers(tower, step.bias)];
    const at = (value, place) => value * weight[place % x.channels] + bias[place % x.channels];
    return { ...x, data: x.data.map(at) };
  },
  dense(x, step, tower) {
    const [weight, bias] = [numbers(tower, step.weights), numbers(tower, step.bias)];
    const out = Float64Array.from(bias);
    x.data.forEach((value, from) => {
      if (value === 0) return;
      for (let to = 0; to < out.length; to++) out[to] += value * weight[from * out.length + to];
    });
    return row(Float32Array.from(out, (value) => (step.relu ? Math.max(value, 0) : value)));
  },
  pool(x, step) {
    const [down, across] = [layOut(x.height, step.size[0], step.strides[0], step.same), layOut(x.width, step.size[1], step.strides[1], step.same)];
    const data = new Float32Array(down.count * across.count * x.channels).fill(-Infinity);
    eachWindow(x, step.size, step.strides, down, across, (from, to) => {
      for (let c = 0; c < x.channels; c++) {
        const value = x.data[from * x.channels + c];
        if (value > data[to * x.channels + c]) data[to * x.channels + c] = value;
      }
    });
    return { data, height: down.count, width: across.count, channels: x.channels };
  },
  conv(x, step, tower) {
    const [, [tall, wide, , channels]] = step.weights;
    const [weight, bias] = [numbers(tower, step.weights), numbers(tower, step.bias)];
    const [down, across] = [layOut(x.height, tall, step.strides[0], step.same), layOut(x.width, wide, step.strides[1], step.same)];
    const data = new Float32Array(down.count * across.count * channels);
    for (let place = 0; place < data.length; place++) data[place] = bias[place % channels];
    eachWindow(x, [tall, wide], step.strides, down, across, (from, to, part) => {
      for (let c = 0; c < x.channels; c++) {
        const value = x.data[from * x.channels + c];
        if (value === 0) continue;
        const first = (part * x.channels + c) * channels;
        for (let k = 0, out = to * channels; k < channels; k++, out++) data[out] += value * weight[first + k];
      }
    });
    if (step.relu) for (let place = 0; place < data.length; place++) if (data[place] < 0) data[place] = 0;
    return { data, height: down.count, width: across.count, channels };
  },
  members(x, step, tower) {
    return row(Float32Array.from(step.members.flatMap((steps) => [...take(tower, steps, x).data])));
  },
  views(x, step, tower) {
    const all = MOVES.map(([down, right]) => take(tower, step.steps, move(x, down, right)).data);
    return row(all[0].map((_, place) => all.reduce((sum, one) => sum + one[place], 0) / all.length));
  },
  unit(x) {
    const square = x.data.reduce((sum, value) => sum + value * value, 0);
    const length = Math.sqrt(Math.max(square, 1e-12));
    return row(x.data.map((value) => value / length));
  },
};

/** How many windows a side has, and how far before it the first begins; "same" is TensorFlow's. */
function layOut(side, size, stride, same) {
  if (!same) return { count: Math.floor((side - size) / stride) + 1, before: 0 };
  const count = Math.ceil(side / stride);
  return { count, before: Math.floor(Math.max((count - 1) * stride + size - side, 0) / 2) };
}

/** Call with the place looked at, the place written to, and the part of the window, for each pair. */
function eachWindow(x, [tall, wide], [byRow, byColumn], down, across, call) {
  for (let y = 0; y < down.count; y++) {
    for (let left = 0; left < across.count; left++) {
      for (let i = 0; i < tall; i++) {
        const fromRow = y * byRow + i - down.before;
        if (fromRow < 0 || fromRow >= x.height) continue;
        for (let j = 0; j < wide; j++) {
          const column = left * byColumn + j - across.before;
          if (column < 0 || column >= x.width) continue;
          call(fromRow * x.width + column, y * across.count + left, i * wide + j);
        }
      }
    }
  }
}

/** A picture moved down and to the right; what comes in repeats the edge. */
function move(x, down, right) {
  const data = new Float32Array(x.data.length);
  const within = (place, side) => Math.min(Math.max(place, 0), side - 1);
  for (let y = 0; y < x.height; y++) {
    for (let left = 0; left < x.width; left++) {
      const from = (within(y - down, x.height) * x.width + within(left - right, x.width)) * x.channels;
      data.set(x.data.subarray(from, from + x.channels), (y * x.width + left) * x.channels);
    }
  }
  return { ...x, data };
}
