// The answer of the head `mask` as JSON: what there is of each class, how large, and where.
#pragma once

#include "mask.h"
#include "print_json.h"

namespace detector {

inline void print_json(Print& out, const MaskAnswer& answer) {
  print_presence(out, answer.present, answer.presence);
  out.print(", \"objects\": [");
  for (int index = 0; index < answer.count; ++index) {
    if (index > 0) out.print(", ");
    print_class(out, answer.objects[index].label, answer.objects[index].score);
    out.print(", \"area\": ");
    out.print(answer.objects[index].area, 4);
    print_box(out, answer.objects[index].box);
    out.print("}");
  }
  out.print("]}");
}

}  // namespace detector
