// Peaks of heatmaps and profiles, to a fraction of a cell; the codec is detector/codecs/peaks.py.

import { argmax, clip, sumOf } from "./base.js";

/**
 * The highest cell, the next highest outside its window, and so on.
 * @param {ArrayLike<number>} logits rows x columns, before the softmax; a profile is a map of one row
 * @param {number} rows
 * @param {number} columns
 * @param {{radius: number, core: number, sigma: number, steps: number}} window of the plan
 * @param {number} count peaks that are wanted
 * @returns {{cell: [number, number], share: number}[]} column and row, and the share of the probability in the window
 */
export function findPeaks(logits, rows, columns, window, count = 1) {
  const reach = { down: rows > 1 ? window.radius : 0, across: window.radius };
  const map = powersOf(logits, rows, columns, reach);
  const peaks = [];
  for (let order = 0; order < count; order += 1) {
    const place = argmax(map.values);
    const row = Math.floor(place / map.columns);
    const column = place % map.columns;
    const near = cutOut(map, row, column, reach);
    const peak = [Math.max(column - reach.across, 0), Math.max(row - reach.down, 0)];
    const offset = offsetOf(near, reach, peak, [columns, rows], window);
    peaks.push({ cell: [peak[0] + offset[0], peak[1] + offset[1]], share: sumOf(near) / map.total });
  }
  return peaks;
}

/** exp(logit - greatest), with empty cells around it. */
function powersOf(logits, rows, columns, reach) {
  const greatest = logits[argmax(logits)];
  const width = columns + 2 * reach.across;
  const values = new Float32Array(width * (rows + 2 * reach.down));
  let total = 0;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const power = Math.fround(Math.exp(logits[row * columns + column] - greatest));
      values[(row + reach.down) * width + column + reach.across] = power;
      total += power;
    }
  }
  return { values, rows: rows + 2 * reach.down, columns: width, total };
}

/** The window around a cell, row by row; it is empty in the map afterwards. */
function cutOut(map, row, column, reach) {
  const places = [];
  for (let down = -reach.down; down <= reach.down; down += 1) {
    for (let across = -reach.across; across <= reach.across; across += 1) {
      places.push(clip(row + down, 0, map.rows - 1) * map.columns + clip(column + across, 0, map.columns - 1));
    }
  }
  const near = places.map((place) => map.values[place]);
  places.forEach((place) => { map.values[place] = 0; });
  return near;
}

/** How far off the middle of its cell a peak lies, column and row. */
function offsetOf(near, reach, peak, sizes, window) {
  const core = window.core;
  const width = 2 * reach.across + 1;
  const down = Math.min(core, reach.down);
  const along = [new Float64Array(2 * core + 1), new Float64Array(2 * core + 1)];
  for (let y = -down; y <= down; y += 1) {
    for (let x = -core; x <= core; x += 1) {
      const value = near[(y + reach.down) * width + x + reach.across];
      along[0][x + core] += value;
      along[1][y + core] += value;
    }
  }
  const offset = centreOf(along[0], peak[0], sizes[0], window);
  return [offset, sizes[1] === 1 ? 0 : centreOf(along[1], peak[1], sizes[1], window)];
}

/** The centre of the Gaussian with the same mean over the same cells, those beyond the map's edge left out. */
function centreOf(values, peak, size, window) {
  const { core, sigma, steps } = window;
  const low = Math.max(-core, -0.5 - peak);
  const high = Math.min(core, size - 0.5 - peak);
  let mean = 0;
  values.forEach((value, index) => { mean += value * (index - core); });
  mean /= Math.max(sumOf(values), 1e-30);
  let centre = mean;
  for (let step = 0; step < steps; step += 1) {
    let [total, first, second] = [0, 0, 0];
    for (let offset = -core; offset <= core; offset += 1) {
      if (peak + offset < 0 || peak + offset >= size) continue;
      const weight = Math.exp((-0.5 / sigma ** 2) * (offset - centre) ** 2);
      total += weight;
      first += weight * offset;
      second += weight * offset ** 2;
    }
    const expected = first / total;
    const variance = second / total - expected ** 2;
    centre = clip(centre + ((mean - expected) * sigma ** 2) / Math.max(variance, 1e-6), low, high);
  }
  return centre;
}
