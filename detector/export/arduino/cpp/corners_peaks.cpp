// Keypoints as peaks of heatmaps or profiles.
#include "corners_peaks.h"

#include "corners.h"

namespace detector {

void decode_keypoints(const plan::Value* const outputs[], CornersAnswer* answer) {
  using namespace plan::corners;
  Peak best[kPoints];
  find_best(outputs, best);
  for (int point = 0; point < kPoints; ++point) {
    answer->keypoints[point].x = (best[point].column + 0.5f - kPadCells) * kStridePx / plan::kInputWidthPx;
    answer->keypoints[point].y = (best[point].row + 0.5f - kPadCells) * kStridePx / plan::kInputHeightPx;
    answer->scores[point] = best[point].share;
  }
}

}  // namespace detector
