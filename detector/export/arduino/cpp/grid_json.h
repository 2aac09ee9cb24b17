// The answer of the head `grid` as JSON: the boxes that reach the threshold.
#pragma once

#include "grid.h"
#include "print_json.h"

namespace detector {

inline void print_json(Print& out, const GridAnswer& answer) {
  print_presence(out, answer.present, answer.presence);
  out.print(", \"objects\": [");
  for (int index = 0; index < answer.found; ++index) {
    if (index > 0) out.print(", ");
    print_class(out, answer.boxes[index].label, answer.boxes[index].score);
    print_box(out, answer.boxes[index].box);
    out.print("}");
  }
  out.print("]}");
}

}  // namespace detector
