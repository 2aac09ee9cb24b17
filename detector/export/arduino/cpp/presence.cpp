#include "presence.h"

#include "model_plan.h"
#include "tensor.h"

namespace detector {

void decode_presence(const plan::Value* const outputs[], PresenceAnswer* answer) {
  answer->presence = probability_of(Tensor(outputs, plan::presence::kLogit)[0]);
  answer->present = answer->presence >= plan::presence::kThreshold;
}

}  // namespace detector
