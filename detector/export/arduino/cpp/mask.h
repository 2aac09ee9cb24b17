// The head `mask`: the class of every place, and from it what there is, how large, and where.
#pragma once

#include "model_plan.h"
#include "tensor.h"

namespace detector {

struct MaskObject {
  int label;    // index into plan::kClassNames; 0 where there are no names
  float area;   // share of the frame's area
  float score;  // mean probability there that there is an object
  Box box;      // around all that is of the class
};

struct MaskAnswer {
  float presence;                           // what the surest thousandth of the frame reaches, in [0, 1]
  bool present;                             // whether it reaches the model's threshold
  int count;                                // classes that were found; 0 where no object is present
  MaskObject objects[plan::mask::kLabels];  // rising labels
};

// outputs: the network's outputs in its own order.
void decode_mask(const plan::Value* const outputs[], MaskAnswer* answer);

// The mask on the network's own raster.
// classes: room for plan::mask::kRows * plan::mask::kColumns; label + 1 where there is an object, else 0.
void draw_class_map(const plan::Value* const outputs[], const MaskAnswer& answer, uint8_t classes[]);

}  // namespace detector
