"""Asks the network about what the camera sees, over and over: draws its answer and prints it. See README.txt."""

import time

import csi
import image
import ml
from detector_plan import PLAN
from detector_postprocess import Postprocess, model_path

FRAME = csi.QVGA  # 320 x 240; csi.VGA shows more, and takes more memory
COLOUR = (0, 255, 0)


class Stretched:
    """A frame as the network was trained to see it: all of it, stretched to the input's size.

    `predict` would keep the aspect and cut the frame off, or put bars beside it, as the firmware has it.
    """

    def __init__(self, frame):
        self.frame = frame

    def __call__(self, buffer, shape, dtype):
        _, height, width, channels = shape
        start = len(buffer) - width * height * (1 if channels == 1 else 2)  # its end: converted in place
        pixels = image.GRAYSCALE if channels == 1 else image.RGB565
        small = image.Image(width, height, pixels, buffer=memoryview(buffer)[start:])
        shrinks = self.frame.width() > width and self.frame.height() > height
        small.draw_image(self.frame, 0, 0, hint=(image.AREA if shrinks else image.BILINEAR) | image.SCALE_ASPECT_IGNORE)
        small.to_ndarray(dtype, buffer=buffer)


def name_of(label):
    """The name of a class."""
    return PLAN["classes"][label] if PLAN["classes"] else "object"


def draw_box(frame, box, text):
    """A rectangle (x0, y0, x1, y1), 0 to 1, and a text in its corner."""
    x, y = int(box[0] * frame.width()), int(box[1] * frame.height())
    width, height = int(box[2] * frame.width()) - x, int(box[3] * frame.height()) - y
    frame.draw_rectangle(x, y, width, height, color=COLOUR)
    frame.draw_string(x + 2, y + 2, text, color=COLOUR)


def show_presence(frame, answer):
    """Nothing to draw."""
    return "there is an object"


def show_corners(frame, answer):
    """Draws lines from corner to corner."""
    points = [(int(x * frame.width()), int(y * frame.height())) for x, y in answer["keypoints"]]
    for index, (x, y) in enumerate(points):
        before = points[index - 1]
        frame.draw_line(before[0], before[1], x, y, color=COLOUR, thickness=2)
    return "corners " + " ".join("(%.3f, %.3f)" % point for point in answer["keypoints"])


def show_boxes(frame, answer):
    """Draws every box that was found."""
    texts = []
    for index in range(answer["found"]):
        text = "%s %.2f" % (name_of(answer["labels"][index]), answer["scores"][index])
        draw_box(frame, answer["boxes"][index], text)
        texts.append("%s (%.3f, %.3f, %.3f, %.3f)" % ((text,) + tuple(answer["boxes"][index])))
    return "; ".join(texts)


def show_mask(frame, answer):
    """Draws a box around all that is of a class, and says how much of the picture it covers."""
    texts = []
    for each in answer["objects"]:
        text = "%s %.1f %%" % (name_of(each["label"]), 100 * each["area"])
        draw_box(frame, each["box"], text)
        texts.append(text)
    return "; ".join(texts)


SHOW = {"presence": show_presence, "corners": show_corners, "box": show_boxes, "grid": show_boxes, "mask": show_mask}

camera = csi.CSI()
camera.reset()
camera.pixformat(csi.GRAYSCALE if PLAN["input"]["channels"] == 1 else csi.RGB565)
camera.framesize(FRAME)
camera.snapshot(time=2000)  # until exposure and white balance have settled

model = ml.Model(model_path(), postprocess=Postprocess(PLAN))
print(model)
clock = time.clock()
while True:
    clock.tick()
    frame = camera.snapshot()
    answers = model.predict([Stretched(frame)])
    for head, answer in answers.items():
        found = answer["present"]
        text = SHOW[PLAN["heads"][head]["kind"]](frame, answer) if found else "nothing"
        print("%s: presence %.2f, %s, %.1f frames/s" % (head, answer["presence"], text, clock.fps()))
