// Peaks of heatmaps and profiles, read to a fraction of a cell.
#pragma once

#include "model_plan.h"

namespace detector {

// Logits of one keypoint: that of (row, column) is values[(row * columns + column) * step]; a profile has one row.
struct LogitMap {
  const plan::Value* values;
  int rows;
  int columns;
  int step;
  float scale;  // of a step of the values
};

// A peak; (0, 0) is the centre of the first cell.
struct Peak {
  float column;
  float row;
  float share;  // of the map's probability that lies in the window around the peak, in [0, 1]
};

// The highest cell, the next highest outside its window, and so on; share 0 where nothing is left.
// peaks: room for `count`, at most plan::corners::kPeaks.
void find_peaks(const LogitMap& map, int count, Peak peaks[]);

}  // namespace detector
