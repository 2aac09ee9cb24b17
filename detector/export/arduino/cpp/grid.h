// The head `grid`: many objects, each told by the cells of one or several grids in which it lies.
#pragma once

#include "model_plan.h"
#include "tensor.h"

namespace detector {

struct ScoredBox {
  Box box;
  float score;  // probability in [0, 1]
  int label;    // index into plan::kClassNames; 0 where there are no names
};

struct GridAnswer {
  float presence;                           // the best score; 0 where there is no box
  bool present;                             // whether it reaches the model's threshold
  int found;                                // the first so many boxes reach the threshold: these are the answer
  int count;                                // all boxes, those below the threshold too
  ScoredBox boxes[plan::grid::kMaxBoxes];  // falling scores
};

// outputs: the network's outputs in its own order.
void decode_grid(const plan::Value* const outputs[], GridAnswer* answer);

// Fills boxes and count; each method has a file of its own.
void find_boxes(const plan::Value* const outputs[], GridAnswer* answer);

// Candidates, falling scores, to boxes and count of the answer: one an object; hard and soft have a file each.
void choose_boxes(ScoredBox candidates[], int count, GridAnswer* answer);

// Keeps the best `capacity` boxes in falling order; of equal scores the earlier comes first. Returns the new count.
int insert_ranked(ScoredBox boxes[], int count, int capacity, const ScoredBox& box);

// Intersection over union; 0 for boxes without area.
float iou_of(const Box& box, const Box& other);

// The score of a class at a place (a cell with one of its anchors), of a grid: objectness times that of the class.
class PlaceScores {
 public:
  PlaceScores(const plan::Value* const outputs[], const plan::grid::Grid& grid)
      : objectness_(outputs, grid.objectness), classes_(outputs, grid.classes) {}

  float objectness(int place) const { return probability_of(objectness_[place]); }

  float score(int place, int label) const {
    const float score = objectness(place);
    return plan::grid::kHasClasses ? score * probability_of(classes_[place * plan::grid::kLabels + label]) : score;
  }

 private:
  Tensor objectness_;
  Tensor classes_;
};

}  // namespace detector
