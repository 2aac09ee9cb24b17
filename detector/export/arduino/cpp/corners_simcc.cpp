// Two profiles a keypoint, along x and along y; its candidates are the crossings of their peaks.
#include "corners.h"
#include "corners_peaks.h"

namespace detector {
namespace {

using namespace plan::corners;

float cells_of(float bins) { return (bins + 0.5f) / kBinsPerCell - 0.5f; }

}  // namespace

void find_candidates(const plan::Value* const outputs[], int point, int peaks, Peak candidates[]) {
  Peak along_x[kPeaks], along_y[kPeaks];
  const LogitMap profile_x = {outputs[kSimccX.index] + point, 1, kBinsX, kPoints, kSimccX.scale};
  const LogitMap profile_y = {outputs[kSimccY.index] + point, 1, kBinsY, kPoints, kSimccY.scale};
  find_peaks(profile_x, peaks, along_x);
  find_peaks(profile_y, peaks, along_y);
  for (int x = 0; x < peaks; ++x) {
    for (int y = 0; y < peaks; ++y) {
      Peak* candidate = &candidates[x * peaks + y];
      candidate->column = cells_of(along_x[x].column);
      candidate->row = cells_of(along_y[y].column);
      candidate->share = along_x[x].share * along_y[y].share;
    }
  }
}

}  // namespace detector
