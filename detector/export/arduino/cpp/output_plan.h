// What the generated model_plan.h is made of.
#pragma once

#include <stdint.h>

namespace detector {

// Which output of the network a tensor is, and what its values mean: scale * (value - zero_point).
struct OutputPlan {
  int index;
  float scale;
  int zero_point;
};

}  // namespace detector
