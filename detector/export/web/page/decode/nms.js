// Scored boxes that mean the same object are made one; the codec is detector/codecs/nms.py.

/** A candidate is {box: [x0, y0, x1, y1], score, label}. Best first; of equal scores the earlier stays before. */
export const ranked = (candidates) => [...candidates].sort((one, other) => other.score - one.score);

/** Intersection over union of two boxes; 0 for boxes without area. */
export function iouOf(one, other) {
  const width = Math.min(one[2], other[2]) - Math.max(one[0], other[0]);
  const height = Math.min(one[3], other[3]) - Math.max(one[1], other[1]);
  const shared = Math.max(width, 0) * Math.max(height, 0);
  const union = areaOf(one) + areaOf(other) - shared;
  return union > 0 ? shared / union : 0;
}

const areaOf = (box) => Math.max(box[2] - box[0], 0) * Math.max(box[3] - box[1], 0);

/** Greedy suppression: the best box stays, those of its class that overlap it go, and so on. */
export function suppress(candidates, iouThreshold) {
  const stays = [];
  for (const candidate of candidates) {
    const rival = (other) => other.label === candidate.label && iouOf(other.box, candidate.box) > iouThreshold;
    if (!stays.some(rival)) stays.push(candidate);
  }
  return stays;
}

/** Box voting: each chosen box becomes the mean of those of its class that overlap it, by score and overlap. */
export function vote(chosen, candidates, iouThreshold, sigma) {
  return chosen.map((each) => {
    const sums = [0, 0, 0, 0];
    let total = 0;
    for (const candidate of candidates) {
      const iou = iouOf(each.box, candidate.box);
      if (candidate !== each && (iou <= iouThreshold || candidate.label !== each.label)) continue;
      const weight = candidate.score * Math.exp(-((1 - iou) ** 2) / sigma);
      total += weight;
      candidate.box.forEach((value, side) => { sums[side] += weight * value; });
    }
    return { ...each, box: sums.map((value) => value / total) };
  });
}

/** Soft suppression: a box loses score to each better one of its class that overlaps it. */
export function softSuppress(candidates, scoreFloor, sigma) {
  const left = candidates.map((candidate) => ({ ...candidate }));
  const kept = [];
  while (left.length) {
    const best = left.reduce((first, each, index) => (each.score > left[first].score ? index : first), 0);
    const [chosen] = left.splice(best, 1);
    if (chosen.score < scoreFloor) break;
    kept.push(chosen);
    for (const other of left) {
      if (other.label === chosen.label) other.score *= Math.exp(-(iouOf(chosen.box, other.box) ** 2) / sigma);
    }
  }
  return kept;
}
