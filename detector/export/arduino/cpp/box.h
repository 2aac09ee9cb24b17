// The head `box`: one object, its box, and whether it is there at all.
#pragma once

#include "model_plan.h"

#include "tensor.h"

namespace detector {

struct BoxAnswer {
  float presence;  // probability in [0, 1] that the object is in the frame
  bool present;    // whether it reaches the model's threshold
  Box box;         // without meaning where the object is not present
};

// outputs: the network's outputs in its own order.
void decode_box(const plan::Value* const outputs[], BoxAnswer* answer);

// The box, which may reach out of the frame; each method has a file of its own.
Box read_box(const plan::Value* const outputs[]);

}  // namespace detector
