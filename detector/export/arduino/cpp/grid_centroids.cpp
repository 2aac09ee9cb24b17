// No boxes are learnt: an object is where objectness peaks, and is given as a box of one cell around the middle of the
// scores near the peak.
#include "grid.h"

namespace detector {
namespace {

using namespace plan::grid;

// Scores of a class on one grid; -1 beyond its edge.
class ScoreMap {
 public:
  ScoreMap(const PlaceScores& scores, const Grid& grid, int label) : scores_(scores), grid_(grid), label_(label) {}

  float score(int row, int column) const {
    if (row < 0 || row >= grid_.rows || column < 0 || column >= grid_.columns) return -1.0f;
    return scores_.score(row * grid_.columns + column, label_);
  }

  // Whether a cell scores more than its eight neighbours; of equal ones the last counts.
  bool is_peak(int row, int column) const {
    const float here = score(row, column);
    for (int below = -1; below <= 1; ++below) {
      for (int right = -1; right <= 1; ++right) {
        const float near = score(row + below, column + right);
        const bool later = below > 0 || (below == 0 && right > 0);
        if (near > here || (near == here && later)) return false;
      }
    }
    return true;
  }

  Box box_around(int row, int column) const {
    float total = 0.0f, right_sum = 0.0f, below_sum = 0.0f;
    for (int below = -1; below <= 1; ++below) {
      for (int right = -1; right <= 1; ++right) {
        const float weight = fmaxf(score(row + below, column + right), 0.0f);
        total += weight;
        right_sum += weight * static_cast<float>(right);
        below_sum += weight * static_cast<float>(below);
      }
    }
    total = fmaxf(total, 1e-12f);
    const float columns = static_cast<float>(grid_.columns), rows = static_cast<float>(grid_.rows);
    const float x = (static_cast<float>(column) + 0.5f + right_sum / total) / columns;
    const float y = (static_cast<float>(row) + 0.5f + below_sum / total) / rows;
    const Box box = {x - 0.5f / columns, y - 0.5f / rows, x + 0.5f / columns, y + 0.5f / rows};
    return box;
  }

 private:
  const PlaceScores& scores_;
  const Grid& grid_;
  int label_;
};

}  // namespace

void find_boxes(const plan::Value* const outputs[], GridAnswer* answer) {
  answer->count = 0;
  for (const Grid& grid : kGrids) {
    const PlaceScores scores(outputs, grid);
    for (int cell = 0; cell < grid.rows * grid.columns; ++cell) {
      if (scores.objectness(cell) < kScoreFloor) continue;  // no class can score more
      for (int label = 0; label < kLabels; ++label) {
        const ScoreMap map(scores, grid, label);
        const int row = cell / grid.columns, column = cell % grid.columns;
        const float score = map.score(row, column);
        if (score < kScoreFloor || !map.is_peak(row, column)) continue;
        const ScoredBox box = {map.box_around(row, column), score, label};
        answer->count = insert_ranked(answer->boxes, answer->count, kMaxBoxes, box);
      }
    }
  }
}

}  // namespace detector
