// One box for the whole frame, its coordinates told by ramps.
#include "box.h"
#include "ramps.h"

namespace detector {

Box read_box(const plan::Value* const outputs[]) {
  using namespace plan::box;
  const Tensor ramps(outputs, kCoordinates);
  float sides[4];
  for (int side = 0; side < 4; ++side) sides[side] = coordinate_of(ramps, side * plan::kRamps, kLow, kHigh);
  const Box box = {sides[0], sides[1], sides[2], sides[3]};
  return box;
}

}  // namespace detector
