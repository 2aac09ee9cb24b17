// Every cell tells where the four sides lie; the cells near the peak of a map of centres are heard.
#include "box.h"
#include "ramps.h"

namespace detector {
namespace {

using namespace plan::box;

int highest_cell(const plan::Value* values) {
  int best = 0;
  for (int cell = 1; cell < kRows * kColumns; ++cell) {
    if (values[cell] > values[best]) best = cell;
  }
  return best;
}

// Adds a cell's box, times its weight.
void add_cell(const Tensor& ramps, int row, int column, float weight, float sides[4]) {
  const float x = (static_cast<float>(column) + 0.5f) * kStridePx / plan::kInputWidthPx;
  const float y = (static_cast<float>(row) + 0.5f) * kStridePx / plan::kInputHeightPx;
  for (int side = 0; side < 4; ++side) {
    const int first = ((row * kColumns + column) * 4 + side) * plan::kRamps;
    const float outwards = side < 2 ? -1.0f : 1.0f, centre = side % 2 == 0 ? x : y;
    sides[side] += weight * (centre + outwards * coordinate_of(ramps, first, kLow[side], kHigh[side]));
  }
}

}  // namespace

Box read_box(const plan::Value* const outputs[]) {
  const Tensor heatmap(outputs, kHeatmap), ramps(outputs, kDistances);
  const int peak = highest_cell(outputs[kHeatmap.index]);
  float sides[4] = {}, weights = 0.0f;
  for (int row = peak / kColumns - kReach; row <= peak / kColumns + kReach; ++row) {
    for (int column = peak % kColumns - kReach; column <= peak % kColumns + kReach; ++column) {
      if (row < 0 || row >= kRows || column < 0 || column >= kColumns) continue;
      const float weight = expf(heatmap[row * kColumns + column] - heatmap[peak]);
      weights += weight;
      add_cell(ramps, row, column, weight, sides);
    }
  }
  const Box box = {sides[0] / weights, sides[1] / weights, sides[2] / weights, sides[3] / weights};
  return box;
}

}  // namespace detector
