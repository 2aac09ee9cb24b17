#include "box.h"

#include "model_plan.h"

namespace detector {

void decode_box(const plan::Value* const outputs[], BoxAnswer* answer) {
  answer->presence = probability_of(Tensor(outputs, plan::box::kPresence)[0]);
  answer->present = answer->presence >= plan::box::kThreshold;
  answer->box = inside_frame(read_box(outputs));
}

}  // namespace detector
