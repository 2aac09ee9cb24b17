// Greedy non-maximum suppression: the best box stays, those of its class that overlap it go, and so on. A box that
// stays becomes the mean of those of its class that overlap it, by score times exp(-(1 - iou)^2 / sigma): box voting,
// He et al. 2019, algorithm 1, without its variances.
#include "grid.h"

namespace detector {
namespace {

using namespace plan::grid;

// The mean of the boxes that have a vote on `chosen`, which has one itself.
Box vote(const ScoredBox candidates[], int count, int chosen) {
  float sums[4] = {}, weights = 0.0f;
  for (int index = 0; index < count; ++index) {
    const ScoredBox& voter = candidates[index];
    if (voter.label != candidates[chosen].label) continue;
    const float iou = iou_of(candidates[chosen].box, voter.box);
    if (index != chosen && iou <= kVotingIou) continue;
    const float weight = voter.score * expf(-(1.0f - iou) * (1.0f - iou) / kVotingSigma);
    weights += weight;
    sums[0] += weight * voter.box.x0;
    sums[1] += weight * voter.box.y0;
    sums[2] += weight * voter.box.x1;
    sums[3] += weight * voter.box.y1;
  }
  const Box mean = {sums[0] / weights, sums[1] / weights, sums[2] / weights, sums[3] / weights};
  return mean;
}

}  // namespace

void choose_boxes(ScoredBox candidates[], int count, GridAnswer* answer) {
  bool gone[kCandidates] = {};
  answer->count = 0;
  for (int best = 0; best < count && answer->count < kMaxBoxes; ++best) {
    if (gone[best]) continue;
    for (int rival = best + 1; rival < count; ++rival) {
      if (candidates[rival].label != candidates[best].label) continue;
      gone[rival] = gone[rival] || iou_of(candidates[best].box, candidates[rival].box) > kNmsIou;
    }
    ScoredBox* chosen = &answer->boxes[answer->count++];
    *chosen = candidates[best];
    chosen->box = vote(candidates, count, best);
  }
}

}  // namespace detector
