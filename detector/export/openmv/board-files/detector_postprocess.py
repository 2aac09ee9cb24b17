"""The answer of the network in words of the picture: `ml.Model(..., postprocess=Postprocess(PLAN))`."""

import os

from detector_tensors import Output


def model_path():
    """The network in the ROM file system, where it costs no memory, or on the drive."""
    try:
        os.stat("/rom/model.tflite")
    except OSError:
        return "model.tflite"
    return "/rom/model.tflite"


class Postprocess:
    """Turns the outputs of the network into an answer for each of its heads.

    The plan says what the outputs mean; `detector_plan.py` holds that of this network.
    """

    def __init__(self, plan):
        self.plan = plan
        self.heads = {}
        for name, head in plan["heads"].items():
            self.heads[name] = __import__("detector_" + head["kind"])

    def __call__(self, model, inputs, outputs):
        specs = self.plan["outputs"]
        named = {name: Output(array, specs[name]) for name, array in zip(self.plan["order"], outputs)}
        return {name: module.decode(self.plan["heads"][name], named) for name, module in self.heads.items()}
