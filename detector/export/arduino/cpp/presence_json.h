// The answer of the head `presence` as JSON.
#pragma once

#include "presence.h"
#include "print_json.h"

namespace detector {

inline void print_json(Print& out, const PresenceAnswer& answer) {
  print_presence(out, answer.present, answer.presence);
  out.print("}");
}

}  // namespace detector
