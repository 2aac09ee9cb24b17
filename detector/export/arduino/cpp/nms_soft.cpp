// Soft-NMS (Bodla et al. 2017, eq. 3): a box loses score by exp(-iou^2 / sigma) to each better one of its class.
#include "grid.h"

namespace detector {
namespace {

using namespace plan::grid;

// The index of the first of the best boxes that are left; -1: none is.
int find_best(const ScoredBox candidates[], const bool gone[], int count) {
  int best = -1;
  for (int index = 0; index < count; ++index) {
    if (!gone[index] && (best < 0 || candidates[index].score > candidates[best].score)) best = index;
  }
  return best;
}

}  // namespace

void choose_boxes(ScoredBox candidates[], int count, GridAnswer* answer) {
  bool gone[kCandidates] = {};
  answer->count = 0;
  while (answer->count < kMaxBoxes) {
    const int best = find_best(candidates, gone, count);
    if (best < 0 || candidates[best].score < kScoreFloor) return;
    gone[best] = true;
    answer->boxes[answer->count++] = candidates[best];
    for (int rival = 0; rival < count; ++rival) {
      if (gone[rival] || candidates[rival].label != candidates[best].label) continue;
      const float iou = iou_of(candidates[best].box, candidates[rival].box);
      candidates[rival].score *= expf(-iou * iou / kSoftSigma);
    }
  }
}

}  // namespace detector
