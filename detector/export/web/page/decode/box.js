// The head `box`: presence and one box; the codec is detector/codecs/box.py.

import { argmax, clip, coordinateOf, probabilityOf } from "./base.js";

const OUTWARDS = [-1, -1, 1, 1]; // from distances to the four sides to offsets of the corners

/**
 * @param {object} head of the plan
 * @param {Record<string, Float32Array>} outputs
 * @returns {{present: boolean, presence: number, boxes: number[][], scores: number[], labels: number[], found: number}}
 */
export function decodeBox(head, outputs) {
  const presence = probabilityOf(outputs[head.presence][0]);
  const present = presence >= head.threshold;
  const box = BOXES[head.method](head, outputs).map((value) => clip(value, 0, 1));
  return { present, presence, boxes: [box], scores: [presence], labels: [0], found: Number(present) };
}

const BOXES = {
  dense({ ramps }, outputs) {
    return OUTWARDS.map((_, side) => coordinateOf(outputs[ramps.output], ramps, side, ramps.low, ramps.high));
  },

  /** The mean of what the cells near the peak of the map of centres say, each by its probability. */
  map(head, outputs) {
    const { ramps, reach, cells } = head;
    const { rows, columns, stride, pad, frame_hw: [height, width] } = cells;
    const logits = outputs[head.heatmap];
    const peak = argmax(logits);
    const [peakRow, peakColumn] = [Math.floor(peak / columns), peak % columns];
    const box = [0, 0, 0, 0];
    let total = 0;
    for (let row = Math.max(0, peakRow - reach); row <= Math.min(rows - 1, peakRow + reach); row += 1) {
      for (let column = Math.max(0, peakColumn - reach); column <= Math.min(columns - 1, peakColumn + reach); column += 1) {
        const cell = row * columns + column;
        const weight = Math.exp(logits[cell] - logits[peak]);
        const centre = [((column + 0.5 - pad) * stride) / width, ((row + 0.5 - pad) * stride) / height];
        total += weight;
        OUTWARDS.forEach((sign, side) => {
          const distance = coordinateOf(outputs[ramps.output], ramps, 4 * cell + side, ramps.low[side], ramps.high[side]);
          box[side] += weight * (centre[side % 2] + sign * distance);
        });
      }
    }
    return box.map((value) => value / total);
  },
};
