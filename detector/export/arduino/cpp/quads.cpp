// Four corners, chosen together where the best peak of each alone is in doubt or makes no quadrilateral.
#include <math.h>

#include "corners_peaks.h"

namespace detector {
namespace {

using namespace plan::corners;

float distance(const Peak& a, const Peak& b) { return hypotf(b.column - a.column, b.row - a.row); }

// Whether it is convex, runs clockwise on the screen, and has corners that lie apart.
bool is_sound(const Peak quad[]) {
  for (int corner = 0; corner < 4; ++corner) {
    const Peak &here = quad[corner], &next = quad[(corner + 1) % 4], &after = quad[(corner + 2) % 4];
    const float turn = (next.column - here.column) * (after.row - next.row) -
                       (next.row - here.row) * (after.column - next.column);
    if (turn <= 0.0f || distance(here, next) <= kNearCells || distance(here, after) <= kNearCells) return false;
  }
  return true;
}

// Twice the distance of the diagonals' middles over the longer diagonal, 0 for a parallelogram.
float skew_of(const Peak quad[]) {
  const float longer = fmaxf(distance(quad[0], quad[2]), distance(quad[1], quad[3]));
  const float between = hypotf(quad[0].column + quad[2].column - quad[1].column - quad[3].column,
                               quad[0].row + quad[2].row - quad[1].row - quad[3].row);
  return between / fmaxf(longer, 1e-6f);
}

float log_likelihood(const Peak quad[]) {
  float sum = 0.0f;
  for (int corner = 0; corner < 4; ++corner) sum += logf(fmaxf(quad[corner].share, 1e-9f));
  const float skew = skew_of(quad) / kSkewSigma;
  return sum - 0.5f * skew * skew;
}

bool has_shares(const Peak quad[]) {
  for (int corner = 0; corner < 4; ++corner) {
    if (quad[corner].share <= kLeastShare) return false;
  }
  return true;
}

// Whether four corners have to be chosen together.
bool is_doubtful(const Peak best[]) {
  for (int corner = 0; corner < 4; ++corner) {
    if (best[corner].share < kClearShare) return true;
  }
  return !is_sound(best);
}

// The likeliest sound quadrilateral, by the product of its peaks' shares and by how near to a parallelogram it is; the
// best peak of each corner where no choice is sound.
void choose_quad(const Peak candidates[][kCandidates], Peak chosen[]) {
  float best = 0.0f;
  bool found = false;
  for (int corner = 0; corner < 4; ++corner) chosen[corner] = candidates[corner][0];
  for (int choice = 0; choice < kCandidates * kCandidates * kCandidates * kCandidates; ++choice) {
    Peak quad[4];
    for (int corner = 3, rest = choice; corner >= 0; --corner, rest /= kCandidates) {
      quad[corner] = candidates[corner][rest % kCandidates];
    }
    if (!has_shares(quad) || !is_sound(quad)) continue;
    const float likelihood = log_likelihood(quad);
    if (found && likelihood <= best) continue;
    found = true;
    best = likelihood;
    for (int corner = 0; corner < 4; ++corner) chosen[corner] = quad[corner];
  }
}

}  // namespace

void find_best(const plan::Value* const outputs[], Peak best[kPoints]) {
  for (int corner = 0; corner < kPoints; ++corner) find_candidates(outputs, corner, 1, &best[corner]);
  if (!is_doubtful(best)) return;
  Peak candidates[kPoints][kCandidates];
  for (int corner = 0; corner < kPoints; ++corner) find_candidates(outputs, corner, kPeaks, candidates[corner]);
  choose_quad(candidates, best);
}

}  // namespace detector
