// The head `presence`: does the frame hold an object at all?
#pragma once

#include "model_plan.h"

namespace detector {

struct PresenceAnswer {
  float presence;  // probability in [0, 1]
  bool present;    // whether it reaches the model's threshold
};

// outputs: the network's outputs in its own order.
void decode_presence(const plan::Value* const outputs[], PresenceAnswer* answer);

}  // namespace detector
