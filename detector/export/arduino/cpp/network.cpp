#include "network.h"

#include <Chirale_TensorFlowLite.h>

#include "model_data.h"
#include "operators.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

namespace detector {
namespace {

alignas(16) uint8_t arena[plan::kArenaBytes];
tflite::MicroInterpreter* interpreter = nullptr;
const plan::Value* output_values[plan::kOutputs];

const plan::Value* values_of(const TfLiteTensor* tensor) { return static_cast<const plan::Value*>(tensor->data.data); }

}  // namespace

const char* describe(Status status) {
  switch (status) {
    case Status::kOk:
      return "ok";
    case Status::kWrongSchema:
      return "this TensorFlow Lite Micro does not read the version of the model's format";
    case Status::kMissesOperator:
      return "an operator of the model cannot be added to the resolver";
    case Status::kArenaTooSmall:
      return "the arena is too small: raise kArenaBytes in model_plan.h";
    case Status::kWrongTensors:
      return "model_data.cpp and model_plan.h are not of one model";
    case Status::kFailed:
      break;
  }
  return "an operator of the network failed";
}

Status begin() {
  const tflite::Model* model = tflite::GetModel(kModelData);
  if (model->version() != TFLITE_SCHEMA_VERSION) return Status::kWrongSchema;
  static tflite::MicroMutableOpResolver<plan::kOperators> resolver;
  if (!add_operators(&resolver)) return Status::kMissesOperator;
  static tflite::MicroInterpreter the_interpreter(model, resolver, arena, plan::kArenaBytes);
  interpreter = &the_interpreter;
  if (interpreter->AllocateTensors() != kTfLiteOk) return Status::kArenaTooSmall;
  if (interpreter->outputs_size() != plan::kOutputs) return Status::kWrongTensors;
  for (int index = 0; index < plan::kOutputs; ++index) output_values[index] = values_of(interpreter->output(index));
  const size_t bytes = sizeof(plan::InputValue) * plan::kInputHeightPx * plan::kInputWidthPx * plan::kInputChannels;
  return interpreter->input(0)->bytes == bytes ? Status::kOk : Status::kWrongTensors;
}

int arena_used_bytes() { return interpreter == nullptr ? 0 : static_cast<int>(interpreter->arena_used_bytes()); }

plan::InputValue* input() { return static_cast<plan::InputValue*>(interpreter->input(0)->data.data); }

Status invoke() { return interpreter->Invoke() == kTfLiteOk ? Status::kOk : Status::kFailed; }

const plan::Value* const* outputs() { return output_values; }

}  // namespace detector
