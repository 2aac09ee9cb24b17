// Coordinates that survive 8 bits: several ramps, each over a part of the range, of which the sum is the coordinate.
#pragma once

#include "model_plan.h"
#include "tensor.h"

namespace detector {

// The coordinate whose ramps begin at `first`; between `low` and `high`.
inline float coordinate_of(const Tensor& ramps, int first, float low, float high) {
  float sum = 0.0f;
  for (int ramp = 0; ramp < plan::kRamps; ++ramp) sum += clamp(ramps[first + ramp], 0.0f, plan::kRampTop);
  return low + (high - low) * sum / (static_cast<float>(plan::kRamps) * plan::kRampTop);
}

}  // namespace detector
