// $title: the network, and what it says of a frame. Include this file in a sketch.
#pragma once

#include "frame.h"
$includes
#include "network.h"

namespace detector {

// What the network says of a frame. Coordinates are shares of the frame's width and height.
struct Answer {
  $fields
};

// outputs: of outputs().
inline void decode(const plan::Value* const outputs[], Answer* answer) {
  $decoding
}

// Everything at once: a frame of the camera to the answer. Call begin() first.
inline Status look_at(const Frame& frame, Answer* answer) {
  fill_input(frame, input());
  const Status status = invoke();
  if (status == Status::kOk) decode(outputs(), answer);
  return status;
}

// A line of JSON.
inline void print_json(Print& out, const Answer& answer, unsigned long spent_ms) {
  out.print("{\"milliseconds\": ");
  out.print(spent_ms);
  $printing
  out.println("}");
}

}  // namespace detector
