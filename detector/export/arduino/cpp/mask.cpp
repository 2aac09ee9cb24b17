#include "mask.h"

namespace detector {
namespace {

using namespace plan::mask;

constexpr int kFineRows = kRows * kFactor;
constexpr int kFineColumns = kColumns * kFactor;

// What is at one place: the probability of any object, and the likeliest class.
struct Place {
  float foreground;
  int label;
};

// The probabilities of all classes in a cell of the raster.
void read_cell(const Tensor& logits, int cell, float probabilities[kLabels]) {
  if (kChannels == 1) {
    probabilities[0] = probability_of(logits[cell]);
    return;
  }
  float highest = logits[cell * kChannels], sum = 0.0f;  // of a softmax, the background first
  for (int channel = 1; channel < kChannels; ++channel) highest = fmaxf(highest, logits[cell * kChannels + channel]);
  for (int channel = 0; channel < kChannels; ++channel) sum += expf(logits[cell * kChannels + channel] - highest);
  for (int label = 0; label < kLabels; ++label) {
    probabilities[label] = expf(logits[cell * kChannels + kChannels - kLabels + label] - highest) / sum;
  }
}

Place place_of(const float probabilities[kLabels]) {
  Place place = {0.0f, 0};
  for (int label = 0; label < kLabels; ++label) {
    place.foreground += probabilities[label];
    if (probabilities[label] > probabilities[place.label]) place.label = label;
  }
  place.foreground = clamp(place.foreground, 0.0f, 1.0f);
  return place;
}

// The foreground that the cell of rank kPresentRank reaches, counted from the surest.
float find_presence(const Tensor& logits) {
  float surest[kPresentRank], probabilities[kLabels];  // falling
  int count = 0;
  for (int cell = 0; cell < kRows * kColumns; ++cell) {
    read_cell(logits, cell, probabilities);
    const float foreground = place_of(probabilities).foreground;
    if (count == kPresentRank && foreground <= surest[count - 1]) continue;
    if (count < kPresentRank) ++count;
    int rank = count - 1;
    for (; rank > 0 && surest[rank - 1] < foreground; --rank) surest[rank] = surest[rank - 1];
    surest[rank] = foreground;
  }
  return surest[kPresentRank - 1];
}

// Two neighbouring cells, and how far a finer place lies from the first to the second.
struct Between {
  int first;
  int second;
  float share;
};

Between find_between(int fine, int cells) {
  const float place = (static_cast<float>(fine) + 0.5f) / static_cast<float>(kFactor) - 0.5f;
  const float first = floorf(place);
  const int index = static_cast<int>(first);
  const Between between = {index < 0 ? 0 : index, index + 1 < cells ? index + 1 : cells - 1, place - first};
  return between;
}

// The raster enlarged bilinearly, pixel centres aligned, edges repeated; two of its rows are held at a time.
class FineRaster {
 public:
  explicit FineRaster(const Tensor& logits) : logits_(logits) { held_[0] = held_[1] = -1; }

  Place place(const Between& row, int fine_column) {
    const Between column = find_between(fine_column, kColumns);
    const float *above = hold(row.first), *below = hold(row.second);
    float probabilities[kLabels];
    for (int label = 0; label < kLabels; ++label) {
      const int left = column.first * kLabels + label, right = column.second * kLabels + label;
      const float upper = above[left] + column.share * (above[right] - above[left]);
      const float lower = below[left] + column.share * (below[right] - below[left]);
      probabilities[label] = upper + row.share * (lower - upper);
    }
    return place_of(probabilities);
  }

 private:
  const float* hold(int row) {
    float* values = rows_[row % 2];
    if (held_[row % 2] != row) {
      for (int column = 0; column < kColumns; ++column) {
        read_cell(logits_, row * kColumns + column, &values[column * kLabels]);
      }
      held_[row % 2] = row;
    }
    return values;
  }

  const Tensor& logits_;
  static float rows_[2][kColumns * kLabels];  // too large for the stack of a small board
  int held_[2];
};

float FineRaster::rows_[2][kColumns * kLabels];

// What is summed up of a class.
struct Region {
  int32_t cells;
  float foreground;
  int left, top, right, bottom;  // of its cells, all inclusive
};

void add_row(FineRaster* raster, int row, Region regions[kLabels]) {
  const Between rows = find_between(row, kRows);
  float foreground[kLabels] = {};  // of this row: a float has 24 bits, and there may be many cells
  for (int column = 0; column < kFineColumns; ++column) {
    const Place place = raster->place(rows, column);
    if (place.foreground < kThreshold) continue;
    Region* region = &regions[place.label];
    foreground[place.label] += place.foreground;
    if (region->cells++ == 0) {
      region->left = region->right = column;
      region->top = row;
    }
    region->left = column < region->left ? column : region->left;
    region->right = column > region->right ? column : region->right;
    region->bottom = row;
  }
  for (int label = 0; label < kLabels; ++label) regions[label].foreground += foreground[label];
}

MaskObject object_of(const Region& region, int label) {
  MaskObject object = {};
  object.label = label;
  object.area = static_cast<float>(region.cells) / static_cast<float>(kFineRows * kFineColumns);
  object.score = region.foreground / static_cast<float>(region.cells);
  object.box.x0 = static_cast<float>(region.left) / static_cast<float>(kFineColumns);
  object.box.y0 = static_cast<float>(region.top) / static_cast<float>(kFineRows);
  object.box.x1 = static_cast<float>(region.right + 1) / static_cast<float>(kFineColumns);
  object.box.y1 = static_cast<float>(region.bottom + 1) / static_cast<float>(kFineRows);
  return object;
}

}  // namespace

void decode_mask(const plan::Value* const outputs[], MaskAnswer* answer) {
  const Tensor logits(outputs, kLogits);
  answer->presence = find_presence(logits);
  answer->present = answer->presence >= kThreshold;
  answer->count = 0;
  if (!answer->present) return;
  Region regions[kLabels] = {};
  FineRaster raster(logits);
  for (int row = 0; row < kFineRows; ++row) add_row(&raster, row, regions);
  for (int label = 0; label < kLabels; ++label) {
    if (regions[label].cells > 0) answer->objects[answer->count++] = object_of(regions[label], label);
  }
}

void draw_class_map(const plan::Value* const outputs[], const MaskAnswer& answer, uint8_t classes[]) {
  const Tensor logits(outputs, kLogits);
  for (int cell = 0; cell < kRows * kColumns; ++cell) {
    float probabilities[kLabels];
    read_cell(logits, cell, probabilities);
    const Place place = place_of(probabilities);
    const bool shows = answer.present && place.foreground >= kThreshold;
    classes[cell] = shows ? static_cast<uint8_t>(place.label + 1) : uint8_t{0};
  }
}

}  // namespace detector
