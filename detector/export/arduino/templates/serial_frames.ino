// $title: frames from the serial port, and what the network sees in them as JSON; for any board, and without a camera.
//
// Libraries, from the Library Manager: Chirale_TensorFLowLite 2.0.0 (spelt so there).
// The other end sends a frame of $height x $width pixels, $channels byte(s) each ($order), row by row, and reads a line:
//
//   import cv2, serial  # pip install opencv-python pyserial
//   port = serial.Serial("/dev/ttyACM0", 115200)
//   picture = cv2.cvtColor(cv2.imread("photo.jpg"), cv2.$conversion)
//   port.write(cv2.resize(picture, ($width, $height), interpolation=cv2.INTER_AREA).tobytes())
//   print(port.readline().decode())
#include <$header>

static detector::Answer answer;

static void stop(const char* reason) {
  for (;; delay(1000)) Serial.println(reason);
}

static uint8_t wait_for_byte() {
  while (Serial.available() == 0) {
  }
  return static_cast<uint8_t>(Serial.read());
}

void setup() {
  Serial.begin(115200);
  while (!Serial) {
  }
  const detector::Status status = detector::begin();
  if (status != detector::Status::kOk) stop(detector::describe(status));
}

void loop() {
  constexpr int kBytes = detector::plan::kInputHeightPx * detector::plan::kInputWidthPx * detector::plan::kInputChannels;
  for (int index = 0; index < kBytes; ++index) {
    detector::input()[index] = detector::plan::input_of_pixel(wait_for_byte());
  }
  const unsigned long start_ms = millis();
  const detector::Status status = detector::invoke();
  if (status != detector::Status::kOk) stop(detector::describe(status));
  detector::decode(detector::outputs(), &answer);
  detector::print_json(Serial, answer, millis() - start_ms);
}
