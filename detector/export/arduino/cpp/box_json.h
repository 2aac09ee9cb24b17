// The answer of the head `box` as JSON.
#pragma once

#include "box.h"
#include "print_json.h"

namespace detector {

inline void print_json(Print& out, const BoxAnswer& answer) {
  print_presence(out, answer.present, answer.presence);
  if (answer.present) print_box(out, answer.box);
  out.print("}");
}

}  // namespace detector
