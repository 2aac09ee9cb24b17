#include "peaks.h"

#include <math.h>

#include "model_plan.h"
#include "tensor.h"

namespace detector {
namespace {

using namespace plan::corners;

constexpr int kCoreCells = 2 * kCore + 1;
constexpr float kSigmaSquared = kSigmaCells * kSigmaCells;

struct Cell {
  int row;
  int column;
};

// What of a map has not been given to a peak yet.
class Remainder {
 public:
  explicit Remainder(const LogitMap& map) : map_(map), taken_(0), down_(map.rows > 1 ? kRadius : 0) {
    highest_ = map.values[0];
    for (int index = 1; index < map.rows * map.columns; ++index) {
      if (map.values[index * map.step] > highest_) highest_ = map.values[index * map.step];
    }
  }

  int down() const { return down_; }  // cells of a window above and below its peak

  // The probability of a cell over that of the highest one; 0 beyond the edge, and where a peak has taken it.
  float weight(int row, int column) const {
    if (row < 0 || row >= map_.rows || column < 0 || column >= map_.columns || is_taken(row, column)) return 0.0f;
    return expf(map_.scale * static_cast<float>(value_at(row, column) - highest_));
  }

  float total() const {  // of the untouched map, row by row: a float has 24 bits
    float sum = 0.0f;
    for (int row = 0; row < map_.rows; ++row) {
      float of_row = 0.0f;
      for (int column = 0; column < map_.columns; ++column) of_row += weight(row, column);
      sum += of_row;
    }
    return sum;
  }

  // The first of the highest cells that are left; false: none is.
  bool find_highest(Cell* cell) const {
    bool found = false;
    for (int row = 0; row < map_.rows; ++row) {
      for (int column = 0; column < map_.columns; ++column) {
        if (is_taken(row, column) || (found && value_at(row, column) <= value_at(cell->row, cell->column))) continue;
        found = true;
        cell->row = row;
        cell->column = column;
      }
    }
    return found;
  }

  void take(const Cell& cell) { peaks_[taken_++] = cell; }

 private:
  plan::Value value_at(int row, int column) const { return map_.values[(row * map_.columns + column) * map_.step]; }

  bool is_taken(int row, int column) const {
    for (int index = 0; index < taken_; ++index) {
      const int below = row - peaks_[index].row, right = column - peaks_[index].column;
      if (below >= -down_ && below <= down_ && right >= -kRadius && right <= kRadius) return true;
    }
    return false;
  }

  const LogitMap& map_;
  Cell peaks_[kPeaks];
  int taken_;
  int down_;
  plan::Value highest_;
};

// The centre, in cells from the middle, of the Gaussian that has the same mean over the same cells, those beyond the
// map's edge left out: the likeliest one. Newton's method: the derivative of the mean by the centre is the variance
// over those cells in units of sigma squared.
// values: probabilities of the cells around the peak; peak: the cell in the middle; size: cells of the map.
float centre_of(const float values[kCoreCells], int peak, int size) {
  const float before = -0.5f - static_cast<float>(peak), behind = static_cast<float>(size - peak) - 0.5f;
  const float low = fmaxf(static_cast<float>(-kCore), before), high = fminf(static_cast<float>(kCore), behind);
  float sum = 0.0f, moment = 0.0f;
  for (int index = 0; index < kCoreCells; ++index) {
    sum += values[index];
    moment += values[index] * static_cast<float>(index - kCore);
  }
  const float mean = moment / fmaxf(sum, 1e-30f);
  float centre = mean;
  for (int step = 0; step < kNewtonSteps; ++step) {
    float weights = 0.0f, expected = 0.0f, square = 0.0f;
    for (int offset = -kCore; offset <= kCore; ++offset) {
      if (peak + offset < 0 || peak + offset >= size) continue;
      const float cell = static_cast<float>(offset);
      const float weight = expf(-0.5f * (cell - centre) * (cell - centre) / kSigmaSquared);
      weights += weight;
      expected += weight * cell;
      square += weight * cell * cell;
    }
    expected /= weights;
    const float variance = square / weights - expected * expected;
    centre = clamp(centre + (mean - expected) * kSigmaSquared / fmaxf(variance, 1e-6f), low, high);
  }
  return centre;
}

Peak read_peak(const Remainder& left, const LogitMap& map, const Cell& cell, float total) {
  float window = 0.0f, along_x[kCoreCells] = {}, along_y[kCoreCells] = {};
  for (int below = -left.down(); below <= left.down(); ++below) {
    for (int right = -kRadius; right <= kRadius; ++right) {
      const float weight = left.weight(cell.row + below, cell.column + right);
      window += weight;
      if (below < -kCore || below > kCore || right < -kCore || right > kCore) continue;
      along_x[right + kCore] += weight;
      along_y[below + kCore] += weight;
    }
  }
  Peak peak = {static_cast<float>(cell.column), static_cast<float>(cell.row), window / total};
  peak.column += centre_of(along_x, cell.column, map.columns);
  if (map.rows > 1) peak.row += centre_of(along_y, cell.row, map.rows);
  return peak;
}

}  // namespace

void find_peaks(const LogitMap& map, int count, Peak peaks[]) {
  Remainder left(map);
  const float total = left.total();
  for (int order = 0; order < count; ++order) {
    Cell cell = {0, 0};
    if (!left.find_highest(&cell)) {
      peaks[order] = Peak{0.0f, 0.0f, 0.0f};
      continue;
    }
    peaks[order] = read_peak(left, map, cell, total);
    left.take(cell);
  }
}

}  // namespace detector
