// Answers as JSON on an Arduino `Print`, e.g. Serial: what the sketches have in common.
#pragma once

#include <Arduino.h>

#include "model_plan.h"
#include "tensor.h"

namespace detector {

inline void print_presence(Print& out, bool present, float presence) {
  out.print(present ? "{\"present\": true, \"presence\": " : "{\"present\": false, \"presence\": ");
  out.print(presence, 3);
}

// Numbers are shares of the frame.
inline void print_numbers(Print& out, const char* name, const float numbers[], int count) {
  out.print(", \"");
  out.print(name);
  for (int index = 0; index < count; ++index) {
    out.print(index == 0 ? "\": [" : ", ");
    out.print(numbers[index], 4);
  }
  out.print("]");
}

inline void print_box(Print& out, const Box& box) {
  const float sides[] = {box.x0, box.y0, box.x1, box.y1};
  print_numbers(out, "box", sides, 4);
}

inline void print_class(Print& out, int label, float score) {
  out.print("{\"class\": \"");
  out.print(plan::kClassNames[label]);
  out.print("\", \"score\": ");
  out.print(score, 3);
}

}  // namespace detector
