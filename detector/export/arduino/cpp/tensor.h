// Outputs of the network as they leave it, quantised, and the few formulas that several heads share.
#pragma once

#include <math.h>

#include "model_plan.h"

namespace detector {

// One output of the network, read as real numbers.
class Tensor {
 public:
  // outputs: the network's outputs in its own order.
  Tensor(const plan::Value* const outputs[], const OutputPlan& output)
      : values_(outputs[output.index]), scale_(output.scale), zero_point_(static_cast<plan::Value>(output.zero_point)) {}

  float operator[](int index) const { return static_cast<float>(values_[index] - zero_point_) * scale_; }

 private:
  const plan::Value* values_;
  float scale_;
  plan::Value zero_point_;
};

// A place as shares of the frame's width and height, (0, 0) at its upper left edge.
struct Point {
  float x;
  float y;
};

// A rectangle as shares of the frame's width and height.
struct Box {
  float x0;
  float y0;
  float x1;
  float y1;
};

// The logistic function: a logit as probability in [0, 1].
inline float probability_of(float logit) { return 1.0f / (1.0f + expf(-logit)); }

inline float clamp(float value, float low, float high) { return value < low ? low : (value > high ? high : value); }

inline Box inside_frame(const Box& box) {
  const Box inside = {clamp(box.x0, 0.0f, 1.0f), clamp(box.y0, 0.0f, 1.0f), clamp(box.x1, 0.0f, 1.0f),
                      clamp(box.y1, 0.0f, 1.0f)};
  return inside;
}

}  // namespace detector
