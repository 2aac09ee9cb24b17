// Four corners chosen together where the best peak of each is in doubt; the codec is detector/codecs/quads.py.

const NEXT = [1, 2, 3, 0];

/** Whether the best peaks of four corners have to be chosen together. */
export function isDoubtful(best, quad) {
  return Math.min(...best.map((peak) => peak.share)) < quad.clear_share || !isSound(best.map((peak) => peak.cell), quad);
}

/** Whether four corners are convex, run clockwise on the screen, and lie apart. */
function isSound(cells, quad) {
  const sides = NEXT.map((next, index) => between(cells[index], cells[next]));
  const turns = NEXT.map((next, index) => sides[index][0] * sides[next][1] - sides[index][1] * sides[next][0]);
  const lengths = [...sides, between(cells[0], cells[2]), between(cells[1], cells[3])].map((line) => Math.hypot(...line));
  return turns.every((turn) => turn > 0) && Math.min(...lengths) > quad.near_cells;
}

const between = (from, to) => [to[0] - from[0], to[1] - from[1]];

/**
 * The likeliest sound quadrilateral of some candidates a corner, or the best of each where none is sound.
 * @param {{cell: [number, number], share: number}[][]} peaks four corners, K candidates each, the best first
 * @param {object} quad of the plan
 */
export function chooseQuad(peaks, quad) {
  const count = peaks[0].length;
  let best = peaks.map((candidates) => candidates[0]);
  let greatest = -Infinity;
  for (let number = 0; number < count ** 4; number += 1) {
    const chosen = peaks.map((candidates, corner) => candidates[Math.floor(number / count ** (3 - corner)) % count]);
    if (chosen.some((peak) => peak.share <= quad.least_share)) continue;
    const cells = chosen.map((peak) => peak.cell);
    if (!isSound(cells, quad)) continue;
    const likelihood = chosen.reduce((sum, peak) => sum + Math.log(Math.max(peak.share, 1e-9)), 0)
      - 0.5 * (skewOf(cells) / quad.skew_sigma) ** 2;
    if (likelihood > greatest) [greatest, best] = [likelihood, chosen];
  }
  return best;
}

/** Twice the distance of the diagonals' middles over the longer diagonal, 0 for a parallelogram. */
function skewOf(cells) {
  const longer = Math.max(Math.hypot(...between(cells[0], cells[2])), Math.hypot(...between(cells[1], cells[3])));
  const apart = [0, 1].map((axis) => cells[0][axis] + cells[2][axis] - cells[1][axis] - cells[3][axis]);
  return Math.hypot(...apart) / Math.max(longer, 1e-6);
}
