#include "grid.h"

namespace detector {

void decode_grid(const plan::Value* const outputs[], GridAnswer* answer) {
  find_boxes(outputs, answer);
  answer->found = 0;
  while (answer->found < answer->count && answer->boxes[answer->found].score >= plan::grid::kThreshold) ++answer->found;
  answer->presence = answer->count > 0 ? answer->boxes[0].score : 0.0f;
  answer->present = answer->found > 0;
}

int insert_ranked(ScoredBox boxes[], int count, int capacity, const ScoredBox& box) {
  int rank = count;
  while (rank > 0 && boxes[rank - 1].score < box.score) --rank;
  if (rank >= capacity) return count;
  const int kept = count < capacity ? count + 1 : capacity;
  for (int index = kept - 1; index > rank; --index) boxes[index] = boxes[index - 1];
  boxes[rank] = box;
  return kept;
}

float iou_of(const Box& box, const Box& other) {
  const float width = fminf(box.x1, other.x1) - fmaxf(box.x0, other.x0);
  const float height = fminf(box.y1, other.y1) - fmaxf(box.y0, other.y0);
  const float shared = fmaxf(width, 0.0f) * fmaxf(height, 0.0f);
  const float area = (box.x1 - box.x0) * (box.y1 - box.y0) + (other.x1 - other.x0) * (other.y1 - other.y0) - shared;
  return area > 0.0f ? shared / area : 0.0f;
}

}  // namespace detector
