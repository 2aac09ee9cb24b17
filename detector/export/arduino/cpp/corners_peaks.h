// What heatmaps and profiles have in common: each keypoint has candidates, the best first.
#pragma once

#include "model_plan.h"
#include "peaks.h"

namespace detector {

// The candidates of a keypoint; heatmaps and profiles have a file each.
// peaks: of each map or profile; candidates: room for `peaks`, with profiles for their crossings, peaks * peaks.
void find_candidates(const plan::Value* const outputs[], int point, int peaks, Peak candidates[]);

// The peak of each keypoint; four corners in doubt are chosen together.
void find_best(const plan::Value* const outputs[], Peak best[plan::corners::kPoints]);

}  // namespace detector
