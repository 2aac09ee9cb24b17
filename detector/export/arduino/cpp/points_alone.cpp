// Keypoints that are no quadrilateral: each for itself.
#include "corners_peaks.h"

namespace detector {

void find_best(const plan::Value* const outputs[], Peak best[plan::corners::kPoints]) {
  for (int point = 0; point < plan::corners::kPoints; ++point) find_candidates(outputs, point, 1, &best[point]);
}

}  // namespace detector
