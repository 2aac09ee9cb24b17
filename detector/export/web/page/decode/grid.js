// The head `grid`: boxes and classes of all objects; the codecs are detector/codecs/grid.py and grid_places.py.

import { clip, coordinateOf, probabilityOf } from "./base.js";
import { ranked, softSuppress, suppress, vote } from "./nms.js";

const SIGNS = [-1, -1, 1, 1]; // of the distances to the left, upper, right and lower side

/**
 * @param {object} head of the plan
 * @param {Record<string, Float32Array>} outputs
 * @returns {{present: boolean, presence: number, boxes: number[][], scores: number[], labels: number[], found: number}}
 *   best first; the first `found` reach the threshold
 */
export function decodeGrid(head, outputs) {
  const objects = METHODS[head.method](head, outputs).slice(0, head.max_boxes);
  const found = objects.filter(({ score }) => score >= head.threshold).length;
  return {
    present: found > 0,
    presence: objects.length ? objects[0].score : 0,
    boxes: objects.map(({ box }) => box),
    scores: objects.map(({ score }) => score),
    labels: objects.map(({ label }) => label),
    found,
  };
}

const METHODS = {
  boxes(head, outputs) {
    const all = head.grids.flatMap((grid) => {
      const scores = scoresOf(head, grid, outputs);
      return scored(scores, head.score_floor).map((each) => ({ ...each, grid }));
    });
    const candidates = ranked(all).slice(0, head.candidates);
    candidates.forEach((candidate) => { candidate.box = boxOf(candidate, outputs); });
    if (head.nms === "soft") return softSuppress(candidates, head.score_floor, head.soft_sigma);
    return vote(suppress(candidates, head.nms_iou), candidates, head.voting_iou, head.voting_sigma);
  },

  centroids(head, outputs) {
    const all = head.grids.flatMap((grid) => {
      const half = [0.5 / grid.columns, 0.5 / grid.rows];
      return centroidsOf(scoresOf(head, grid, outputs), grid, head.score_floor).map(({ point: [x, y], ...each }) => (
        { ...each, box: [x - half[0], y - half[1], x + half[0], y + half[1]] }));
    });
    return ranked(all);
  },
};

/** Scores of all places of a grid, classes fastest. */
function scoresOf(head, grid, outputs) {
  const classes = head.classes.length || 1;
  const objectness = outputs[grid.objectness];
  const scores = new Float64Array(objectness.length * classes);
  for (let place = 0; place < objectness.length; place += 1) {
    const score = probabilityOf(objectness[place]);
    for (let label = 0; label < classes; label += 1) {
      const index = place * classes + label;
      scores[index] = grid.classes ? score * probabilityOf(outputs[grid.classes][index]) : score;
    }
  }
  return { values: scores, classes };
}

function scored({ values, classes }, floor) {
  const rows = [];
  values.forEach((score, index) => {
    if (score >= floor) rows.push({ place: Math.floor(index / classes), label: index % classes, score });
  });
  return rows;
}

function boxOf({ grid, place }, outputs) {
  const { anchors, columns, rows, ramps, references } = grid;
  const [anchor, cell] = [place % anchors, Math.floor(place / anchors)];
  const centre = [((cell % columns) + 0.5) / columns, (Math.floor(cell / columns) + 0.5) / rows];
  return SIGNS.map((sign, side) => {
    const [low, high] = [ramps.low[anchor][side], ramps.high[anchor][side]];
    const distance = coordinateOf(outputs[ramps.output], ramps, 4 * place + side, low, high);
    return clip(centre[side % 2] + sign * distance * references[anchor][side % 2], 0, 1);
  });
}

/** Peaks of the score maps, each moved to the middle of the scores around it. */
function centroidsOf({ values, classes }, { rows, columns }, floor) {
  const found = [];
  values.forEach((score, index) => {
    if (score < floor) return;
    const [cell, label] = [Math.floor(index / classes), index % classes];
    const [row, column] = [Math.floor(cell / columns), cell % columns];
    const rankedAt = (y, x) => (y < 0 || x < 0 || y >= rows || x >= columns ? -1
      : values[(y * columns + x) * classes + label] + 1e-9 * (y * columns + x));
    let [total, across, down, isPeak] = [0, 0, 0, true];
    for (let y = -1; y <= 1; y += 1) {
      for (let x = -1; x <= 1; x += 1) {
        const near = rankedAt(row + y, column + x);
        const weight = Math.max(near, 0);
        isPeak &&= near <= rankedAt(row, column);
        total += weight;
        across += weight * x;
        down += weight * y;
      }
    }
    total = Math.max(total, 1e-12);
    const point = [(column + 0.5 + across / total) / columns, (row + 0.5 + down / total) / rows];
    if (isPeak) found.push({ point, score, label });
  });
  return found;
}
