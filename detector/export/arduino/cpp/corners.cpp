#include "corners.h"

namespace detector {

void decode_corners(const plan::Value* const outputs[], CornersAnswer* answer) {
  answer->presence = probability_of(Tensor(outputs, plan::corners::kPresence)[0]);
  answer->present = answer->presence >= plan::corners::kThreshold;
  decode_keypoints(outputs, answer);
}

}  // namespace detector
