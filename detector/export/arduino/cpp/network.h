// The network itself, run by TensorFlow Lite Micro in an arena of its own; one network a sketch.
#pragma once

#include "frame.h"
#include "model_plan.h"

namespace detector {

enum class Status {
  kOk,
  kWrongSchema,     // the TensorFlow Lite Micro library is older or newer than the format of the model
  kMissesOperator,  // the library has no room for an operator; it is older than the model
  kArenaTooSmall,   // raise plan::kArenaBytes; arena_used_bytes() says what is needed once it suffices
  kWrongTensors,    // model_data.cpp and model_plan.h are not of one model
  kFailed,          // an operator failed
};

// A few words for a person.
const char* describe(Status status);

// Once, before all else.
Status begin();

// Bytes of the arena that the network takes; 0 before begin().
int arena_used_bytes();

// Where the input lies, row by row, channels last: fill it by fill_input(), or pixel by pixel by plan::input_of_pixel(),
// and anew each time, for the network overwrites it.
plan::InputValue* input();

// Runs the network on what lies in input().
Status invoke();

// The outputs of the last invoke(), in the order of model_plan.h: what the decode_... functions take.
const plan::Value* const* outputs();

}  // namespace detector
