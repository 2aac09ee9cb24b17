// Brings a frame to the network's input and writes it. Arguments: height, width, format. Standard input: the pixels.
#include <stdio.h>
#include <stdlib.h>

#include "frame.h"

int main(int, char** arguments) {
  const int height = atoi(arguments[1]), width = atoi(arguments[2]), format = atoi(arguments[3]);
  const int bytes[] = {1, 3, 2, 2};
  const size_t size = static_cast<size_t>(height * width * bytes[format]);
  uint8_t* pixels = static_cast<uint8_t*>(malloc(size));
  if (fread(pixels, 1, size, stdin) != size) return 1;
  using namespace detector;
  constexpr int kValues = plan::kInputHeightPx * plan::kInputWidthPx * plan::kInputChannels;
  static plan::InputValue input[kValues];
  const Frame frame = {pixels, height, width, static_cast<PixelFormat>(format)};
  fill_input(frame, input);
  free(pixels);
  return fwrite(input, sizeof(plan::InputValue), kValues, stdout) == kValues ? 0 : 1;
}
