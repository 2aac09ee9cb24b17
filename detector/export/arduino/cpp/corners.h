// The head `corners`: one object with keypoints, and whether it is there at all.
#pragma once

#include <stdint.h>

#include "model_plan.h"
#include "tensor.h"

namespace detector {

struct CornersAnswer {
  float presence;                          // probability in [0, 1] that the object is in the frame
  bool present;                            // whether it reaches the model's threshold
  Point keypoints[plan::corners::kPoints];  // may lie outside [0, 1]; without meaning where the object is not present
  float scores[plan::corners::kPoints];    // in [0, 1]: the share of each map around its peak; 1 for dense coordinates
};

// outputs: the network's outputs in its own order.
void decode_corners(const plan::Value* const outputs[], CornersAnswer* answer);

// The keypoints and their scores; each method has a file of its own.
void decode_keypoints(const plan::Value* const outputs[], CornersAnswer* answer);

}  // namespace detector
