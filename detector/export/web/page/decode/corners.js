// The head `corners`: presence and P keypoints; the codecs are detector/codecs/corners.py, heatmap.py and simcc.py.

import { coordinateOf, probabilityOf } from "./base.js";
import { findPeaks } from "./peaks.js";
import { chooseQuad, isDoubtful } from "./quads.js";

/**
 * @param {object} head of the plan
 * @param {Record<string, Float32Array>} outputs
 * @returns {{present: boolean, presence: number, keypoints: number[][], scores: number[]}} normalised xy of the frame
 */
export function decodeCorners(head, outputs) {
  const presence = probabilityOf(outputs[head.presence][0]);
  return { present: presence >= head.threshold, presence, ...POINTS[head.method](head, outputs) };
}

const POINTS = {
  dense(head, outputs) {
    const { ramps, points } = head;
    const at = (index) => coordinateOf(outputs[ramps.output], ramps, index, ramps.low, ramps.high);
    const keypoints = Array.from({ length: points }, (_, point) => [at(2 * point), at(2 * point + 1)]);
    return { keypoints, scores: keypoints.map(() => 1) };
  },

  heatmap(head, outputs) {
    const { rows, columns } = head.cells;
    const maps = channelsOf(outputs[head.heatmap], rows * columns, head.points);
    return chosen(head, (point, count) => findPeaks(maps[point], rows, columns, head.window, count));
  },

  simcc(head, outputs) {
    const bins = head.bins_per_cell;
    const alongX = channelsOf(outputs[head.simcc_x], head.cells.columns * bins, head.points);
    const alongY = channelsOf(outputs[head.simcc_y], head.cells.rows * bins, head.points);
    return chosen(head, (point, count) => crossings(
      findPeaks(alongX[point], 1, alongX[point].length, head.window, count),
      findPeaks(alongY[point], 1, alongY[point].length, head.window, count),
      bins,
    ));
  },
};

/** Values that lie channel by channel fastest, as one array a channel. */
function channelsOf(values, cells, channels) {
  return Array.from({ length: channels }, (_, channel) => {
    const map = new Float32Array(cells);
    for (let cell = 0; cell < cells; cell += 1) map[cell] = values[cell * channels + channel];
    return map;
  });
}

/** The best peak of each point; of four in doubt, those that make the likeliest quadrilateral. */
function chosen(head, peaksOf) {
  const points = Array.from({ length: head.points }, (_, point) => point);
  let best = points.map((point) => peaksOf(point, 1)[0]);
  if (head.quad && isDoubtful(best, head.quad)) {
    best = chooseQuad(points.map((point) => peaksOf(point, head.quad.candidates)), head.quad);
  }
  const { stride, pad, frame_hw: [height, width] } = head.cells;
  const place = (cell, side) => ((cell + 0.5 - pad) * stride) / side;
  return {
    keypoints: best.map(({ cell }) => [place(cell[0], width), place(cell[1], height)]),
    scores: best.map(({ share }) => share),
  };
}

/** Every peak along x with every peak along y, from bins to cells. */
function crossings(alongX, alongY, bins) {
  const cell = (peak) => (peak.cell[0] + 0.5) / bins - 0.5;
  return alongX.flatMap((x) => alongY.map((y) => ({ cell: [cell(x), cell(y)], share: x.share * y.share })));
}
