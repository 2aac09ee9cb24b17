// Decodes raw outputs and prints the answers as JSON, a line a picture.
// Arguments: the size of each output in bytes. Standard input: the outputs of one picture after the other.
#include <stdio.h>
#include <stdlib.h>

#ifdef HEAD_PRESENCE
#include "presence.h"
#endif
#ifdef HEAD_CORNERS
#include "corners.h"
#endif
#ifdef HEAD_BOX
#include "box.h"
#endif
#ifdef HEAD_GRID
#include "grid.h"
#endif
#ifdef HEAD_MASK
#include "mask.h"
#endif

namespace {

using namespace detector;

typedef const plan::Value* const* Outputs;

template <typename Answer>
void print_presence(const char* head, const Answer& answer) {
  printf("\"%s\": {\"presence\": %.9g, \"present\": %s", head, static_cast<double>(answer.presence),
         answer.present ? "true" : "false");
}

inline void print_box(const Box& box) {
  printf("[%.9g, %.9g, %.9g, %.9g]", static_cast<double>(box.x0), static_cast<double>(box.y0),
         static_cast<double>(box.x1), static_cast<double>(box.y1));
}

#ifdef HEAD_PRESENCE
void print_presence_head(Outputs outputs) {
  PresenceAnswer answer;
  decode_presence(outputs, &answer);
  print_presence("presence", answer);
  printf("}");
}
#endif

#ifdef HEAD_CORNERS
void print_corners(Outputs outputs) {
  CornersAnswer answer;
  decode_corners(outputs, &answer);
  print_presence("corners", answer);
  printf(", \"keypoints\": [");
  for (int point = 0; point < plan::corners::kPoints; ++point) {
    printf("%s[%.9g, %.9g]", point ? ", " : "", static_cast<double>(answer.keypoints[point].x),
           static_cast<double>(answer.keypoints[point].y));
  }
  printf("], \"scores\": [");
  for (int point = 0; point < plan::corners::kPoints; ++point) {
    printf("%s%.9g", point ? ", " : "", static_cast<double>(answer.scores[point]));
  }
  printf("]}");
}
#endif

#ifdef HEAD_BOX
void print_box_head(Outputs outputs) {
  BoxAnswer answer;
  decode_box(outputs, &answer);
  print_presence("box", answer);
  printf(", \"boxes\": [");
  print_box(answer.box);
  printf("], \"scores\": [%.9g], \"labels\": [0], \"found\": %d}", static_cast<double>(answer.presence),
         answer.present ? 1 : 0);
}
#endif

#ifdef HEAD_GRID
void print_grid(Outputs outputs) {
  static GridAnswer answer;
  decode_grid(outputs, &answer);
  print_presence("grid", answer);
  printf(", \"found\": %d, \"boxes\": [", answer.found);
  for (int index = 0; index < answer.count; ++index) {
    if (index) printf(", ");
    print_box(answer.boxes[index].box);
  }
  printf("], \"scores\": [");
  for (int index = 0; index < answer.count; ++index) {
    printf("%s%.9g", index ? ", " : "", static_cast<double>(answer.boxes[index].score));
  }
  printf("], \"labels\": [");
  for (int index = 0; index < answer.count; ++index) printf("%s%d", index ? ", " : "", answer.boxes[index].label);
  printf("]}");
}
#endif

#ifdef HEAD_MASK
void print_mask(Outputs outputs) {
  static MaskAnswer answer;
  static uint8_t classes[plan::mask::kRows * plan::mask::kColumns];
  decode_mask(outputs, &answer);
  draw_class_map(outputs, answer, classes);
  print_presence("mask", answer);
  printf(", \"measured\": [");
  for (int index = 0; index < answer.count; ++index) {
    const MaskObject& object = answer.objects[index];
    printf("%s{\"class\": \"%s\", \"score\": %.9g, \"area\": %.9g, \"box\": ", index ? ", " : "",
           plan::kClassNames[object.label], static_cast<double>(object.score), static_cast<double>(object.area));
    print_box(object.box);
    printf("}");
  }
  printf("], \"class_map\": [");
  for (int cell = 0; cell < plan::mask::kRows * plan::mask::kColumns; ++cell) {
    printf("%s%d", cell ? ", " : "", classes[cell]);
  }
  printf("]}");
}
#endif

void print_answers(Outputs outputs) {
  const char* before = "{";
#ifdef HEAD_PRESENCE
  printf("%s", before);
  print_presence_head(outputs);
  before = ", ";
#endif
#ifdef HEAD_CORNERS
  printf("%s", before);
  print_corners(outputs);
  before = ", ";
#endif
#ifdef HEAD_BOX
  printf("%s", before);
  print_box_head(outputs);
  before = ", ";
#endif
#ifdef HEAD_GRID
  printf("%s", before);
  print_grid(outputs);
  before = ", ";
#endif
#ifdef HEAD_MASK
  printf("%s", before);
  print_mask(outputs);
  before = ", ";
#endif
  printf("}\n");
  (void)before;
}

}  // namespace

int main(int count, char** sizes) {
  plan::Value* outputs[plan::kOutputs];
  if (count != plan::kOutputs + 1) return 1;
  for (int index = 0; index < plan::kOutputs; ++index) {  // each just as long as it is: reading beyond is seen
    outputs[index] = static_cast<plan::Value*>(malloc(static_cast<size_t>(atoi(sizes[index + 1]))));
  }
  for (;;) {
    for (int index = 0; index < plan::kOutputs; ++index) {
      const size_t size = static_cast<size_t>(atoi(sizes[index + 1]));
      if (fread(outputs[index], 1, size, stdin) == size) continue;
      for (plan::Value* values : outputs) free(values);
      return 0;
    }
    print_answers(outputs);
  }
}
