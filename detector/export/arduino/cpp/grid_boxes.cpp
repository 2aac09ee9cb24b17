// Every place tells the distances from its cell's centre to the four sides of a box.
#include "grid.h"
#include "ramps.h"

namespace detector {
namespace {

using namespace plan::grid;

ScoredBox places[kCandidates];  // too large for the stack of a small board

// The box of a place.
Box read_box(const Tensor& ramps, const Grid& grid, int cell, int anchor) {
  const Anchor& shape = grid.anchors[anchor];
  const int first = (cell * kAnchors + anchor) * 4 * plan::kRamps;
  const float x = (static_cast<float>(cell % grid.columns) + 0.5f) / static_cast<float>(grid.columns);
  const float y = (static_cast<float>(cell / grid.columns) + 0.5f) / static_cast<float>(grid.rows);
  float distances[4];
  for (int side = 0; side < 4; ++side) {
    distances[side] = coordinate_of(ramps, first + side * plan::kRamps, shape.low[side], shape.high[side]);
  }
  const Box box = {x - distances[0] * shape.width, y - distances[1] * shape.height, x + distances[2] * shape.width,
                   y + distances[3] * shape.height};
  return inside_frame(box);
}

// Adds what one grid sees to the candidates; returns their new count.
int add_candidates(const plan::Value* const outputs[], const Grid& grid, int count) {
  const PlaceScores scores(outputs, grid);
  const Tensor ramps(outputs, grid.ramps);
  for (int place = 0; place < grid.rows * grid.columns * kAnchors; ++place) {
    if (scores.objectness(place) < kScoreFloor) continue;  // no class can score more
    for (int label = 0; label < kLabels; ++label) {
      const float score = scores.score(place, label);
      if (score < kScoreFloor || (count == kCandidates && score <= places[count - 1].score)) continue;
      const ScoredBox box = {read_box(ramps, grid, place / kAnchors, place % kAnchors), score, label};
      count = insert_ranked(places, count, kCandidates, box);
    }
  }
  return count;
}

}  // namespace

void find_boxes(const plan::Value* const outputs[], GridAnswer* answer) {
  int count = 0;
  for (const Grid& grid : kGrids) count = add_candidates(outputs, grid, count);
  choose_boxes(places, count, answer);
}

}  // namespace detector
