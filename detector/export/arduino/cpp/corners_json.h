// The answer of the head `corners` as JSON.
#pragma once

#include "corners.h"
#include "print_json.h"

namespace detector {

inline void print_json(Print& out, const CornersAnswer& answer) {
  print_presence(out, answer.present, answer.presence);
  float numbers[2 * plan::corners::kPoints];
  for (int point = 0; point < plan::corners::kPoints; ++point) {
    numbers[2 * point] = answer.keypoints[point].x;
    numbers[2 * point + 1] = answer.keypoints[point].y;
  }
  print_numbers(out, "keypoints", numbers, 2 * plan::corners::kPoints);  // x, y, x, y ...
  print_numbers(out, "scores", answer.scores, plan::corners::kPoints);
  out.print("}");
}

}  // namespace detector
