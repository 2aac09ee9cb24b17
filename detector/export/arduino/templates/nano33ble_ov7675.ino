// $title: frames of an OV7675 camera, and what the network sees in them as JSON on Serial.
//
// Board: Arduino Nano 33 BLE Sense with the Tiny Machine Learning Shield, or a camera wired as Arduino_OV767X says.
// Libraries: Chirale_TensorFLowLite 2.0.0 from the Library Manager (spelt so there), and Arduino_OV767X from
// github.com/arduino-libraries/Arduino_OV767X: release 0.0.2 in the Library Manager knows the OV7670 alone. With that
// camera leave out the last argument of Camera.begin().
#include <Arduino_OV767X.h>
#include <$header>

constexpr int kCameraHeightPx = 120;
constexpr int kCameraWidthPx = 160;

static uint8_t pixels[kCameraHeightPx * kCameraWidthPx * $pixel_bytes];
static detector::Answer answer;

static void stop(const char* reason) {
  for (;; delay(1000)) Serial.println(reason);
}

void setup() {
  Serial.begin(115200);
  while (!Serial) {
  }
  if (!Camera.begin(QQVGA, $camera_format, 1, OV7675)) stop("no camera answers: check its wires");
  const detector::Status status = detector::begin();
  if (status != detector::Status::kOk) stop(detector::describe(status));
}

void loop() {
  Camera.readFrame(pixels);
  const detector::Frame frame = {pixels, kCameraHeightPx, kCameraWidthPx, detector::PixelFormat::$pixel_format};
  const unsigned long start_ms = millis();
  const detector::Status status = detector::look_at(frame, &answer);
  if (status != detector::Status::kOk) stop(detector::describe(status));
  const unsigned long spent_ms = millis() - start_ms;
  detector::print_json(Serial, answer, spent_ms);
}
