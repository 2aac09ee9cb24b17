// Runs a sketch once: setup(), then loop(), on a network that answers what stands in standard input.
// Arguments: the size of each output in bytes.
#include <stdlib.h>

#include "Arduino_OV767X.h"
#include "Chirale_TensorFlowLite.h"
#include SKETCH

SerialPort Serial;
CameraOV767X Camera;
Told told;

unsigned long millis() { return 7; }

int main(int count, char** sizes) {
  static uint8_t input[sizeof(detector::plan::InputValue) * detector::plan::kInputHeightPx *
                       detector::plan::kInputWidthPx * detector::plan::kInputChannels];
  told.input.data.data = input;
  told.input.bytes = sizeof input;
  told.outputs = static_cast<size_t>(count - 1);
  for (int index = 0; index < count - 1; ++index) {
    const size_t bytes = static_cast<size_t>(atoi(sizes[index + 1]));
    told.output[index].data.data = malloc(bytes);
    told.output[index].bytes = bytes;
    if (fread(told.output[index].data.data, 1, bytes, stdin) != bytes) return 1;
  }
  setup();
  loop();
  for (int index = 0; index < count - 1; ++index) free(told.output[index].data.data);
  return 0;
}
