// A map a keypoint.
#include "corners.h"
#include "corners_peaks.h"

namespace detector {

void find_candidates(const plan::Value* const outputs[], int point, int peaks, Peak candidates[]) {
  using namespace plan::corners;
  const LogitMap map = {outputs[kHeatmap.index] + point, kRows, kColumns, kPoints, kHeatmap.scale};
  find_peaks(map, peaks, candidates);
}

}  // namespace detector
