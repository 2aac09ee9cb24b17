// Keypoints as coordinates, each told by ramps.
#include "corners.h"
#include "ramps.h"

namespace detector {

void decode_keypoints(const plan::Value* const outputs[], CornersAnswer* answer) {
  using namespace plan::corners;
  const Tensor ramps(outputs, kCoordinates);
  for (int point = 0; point < kPoints; ++point) {
    const int first = 2 * point * plan::kRamps;
    answer->keypoints[point].x = coordinate_of(ramps, first, kLow, kHigh);
    answer->keypoints[point].y = coordinate_of(ramps, first + plan::kRamps, kLow, kHigh);
    answer->scores[point] = 1.0f;
  }
}

}  // namespace detector
