// The head `mask`: the class of every pixel; the codecs are detector/codecs/mask.py and mask_prediction.py.

import { argmax, clip, probabilityOf } from "./base.js";

const PRESENT_SHARE = 0.001; // of the picture's area, as in the codec; where bars are cut off, the plan's rank is too high
const ROUNDING = 1e-6; // a raster does not grow by a cell for this

/**
 * @param {object} head of the plan
 * @param {Record<string, Float32Array>} outputs
 * @param {{left: number, top: number, width: number, height: number}} content the picture's place in the frame
 * @returns {{present: boolean, presence: number, raster: object, size_hw: number[]}} `raster` has `planes`, a
 *   Float32Array of probabilities for each class, `rows` and `columns`; `size_hw` is the finer raster to measure on
 */
export function decodeMask(head, outputs, content) {
  const raster = cropped(rasterOf(head, outputs[head.logits]), content);
  const cells = raster.rows * raster.columns;
  const rank = isWhole(content) ? head.present_rank : Math.max(1, Math.round(PRESENT_SHARE * cells));
  const presence = clip(foregroundOf(raster.planes).sort()[cells - rank], 0, 1);
  const side = Math.max(...head.measured_hw);
  const factor = Math.max(1, Math.ceil(side / Math.max(raster.rows, raster.columns)));
  const size_hw = isWhole(content) ? head.measured_hw : [factor * raster.rows, factor * raster.columns];
  return { present: presence >= head.threshold, presence, raster, size_hw };
}

const isWhole = ({ width, height }) => width === 1 && height === 1;

/** Probabilities of the classes, a plane each. */
function rasterOf(head, logits) {
  const [rows, columns] = head.raster_hw;
  const { channels } = head;
  const planes = Array.from({ length: Math.max(1, channels - 1) }, () => new Float32Array(rows * columns));
  for (let cell = 0; cell < rows * columns; cell += 1) {
    const values = logits.subarray(cell * channels, (cell + 1) * channels);
    if (channels === 1) {
      planes[0][cell] = probabilityOf(values[0]);
      continue;
    }
    const greatest = values[argmax(values)];
    let total = 0;
    for (const value of values) total += Math.exp(value - greatest);
    planes.forEach((plane, label) => { plane[cell] = Math.exp(values[label + 1] - greatest) / total; });
  }
  return { planes, rows, columns };
}

/** The part of a raster that shows the picture, as fine as before; letterbox has bars around it. */
function cropped(raster, content) {
  if (isWhole(content)) return raster;
  const columns = Math.max(1, Math.ceil(content.width * raster.columns - ROUNDING));
  const rows = Math.max(1, Math.ceil(content.height * raster.rows - ROUNDING));
  const alongX = taps(columns, raster.columns, content.left, content.width);
  const alongY = taps(rows, raster.rows, content.top, content.height);
  return { planes: raster.planes.map((plane) => sampled(plane, raster.columns, alongX, alongY)), rows, columns };
}

/** For each cell of a new axis, which two of the old one it lies between, and how near it is to the second. */
function taps(count, from, start = 0, length = 1) {
  return Array.from({ length: count }, (_, index) => {
    const place = (start + ((index + 0.5) / count) * length) * from - 0.5;
    const first = Math.floor(place);
    return [clip(first, 0, from - 1), clip(first + 1, 0, from - 1), place - first];
  });
}

/** Bilinear interpolation, pixel centres aligned, edges repeated. */
function sampled(plane, columns, alongX, alongY) {
  const values = new Float32Array(alongX.length * alongY.length);
  const row = new Float32Array(columns);
  alongY.forEach(([above, below, down], y) => {
    for (let x = 0; x < columns; x += 1) {
      const value = plane[above * columns + x];
      row[x] = value + down * (plane[below * columns + x] - value);
    }
    for (let x = 0; x < alongX.length; x += 1) {
      const [left, right, across] = alongX[x];
      values[y * alongX.length + x] = row[left] + across * (row[right] - row[left]);
    }
  });
  return values;
}

function foregroundOf(planes) {
  const sums = Float32Array.from(planes[0]);
  planes.slice(1).forEach((plane) => plane.forEach((value, cell) => { sums[cell] += value; }));
  return sums;
}

/**
 * The mask on a raster of any size, finer than its own.
 * @returns {{classes: Uint8Array, foreground: Float32Array}} label + 1 of the likeliest class where there is an
 *   object, else 0; and the probability of any object
 */
export function classMap(prediction, threshold, size_hw = prediction.size_hw) {
  const { raster } = prediction;
  const [alongY, alongX] = [taps(size_hw[0], raster.rows), taps(size_hw[1], raster.columns)];
  const isSame = size_hw[0] === raster.rows && size_hw[1] === raster.columns;
  const planes = raster.planes.map((plane) => (isSame ? plane : sampled(plane, raster.columns, alongX, alongY)));
  const foreground = foregroundOf(planes);
  const classes = new Uint8Array(foreground.length);
  if (!prediction.present) return { classes, foreground };
  for (let cell = 0; cell < classes.length; cell += 1) {
    if (Math.min(foreground[cell], 1) < threshold) continue;
    let likeliest = 0;
    for (let label = 1; label < planes.length; label += 1) {
      if (planes[label][cell] > planes[likeliest][cell]) likeliest = label;
    }
    classes[cell] = likeliest + 1;
  }
  return { classes, foreground };
}

/** For each class that was found: its area (share of the picture), a box around all of it, its mean probability. */
export function objectsOf({ classes, foreground }, [height, width], names) {
  const seen = new Map();
  classes.forEach((value, cell) => {
    if (!value) return;
    const [y, x] = [Math.floor(cell / width), cell % width];
    let each = seen.get(value);
    if (!each) seen.set(value, (each = { count: 0, sum: 0, box: [width, height, 0, 0] }));
    each.count += 1;
    each.sum += Math.min(foreground[cell], 1);
    const { box } = each;
    if (x < box[0]) box[0] = x;
    if (y < box[1]) box[1] = y;
    if (x >= box[2]) box[2] = x + 1;
    if (y >= box[3]) box[3] = y + 1;
  });
  return [...seen.keys()].sort((one, other) => one - other).map((value) => {
    const { count, sum, box: [x0, y0, x1, y1] } = seen.get(value);
    const box = [x0 / width, y0 / height, x1 / width, y1 / height];
    return { label: value - 1, class: names[value - 1] ?? "object", score: sum / count, area: count / classes.length, box };
  });
}
