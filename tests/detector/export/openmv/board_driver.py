"""Runs the board files on head cases, in MicroPython or CPython: a file of cases in, a line of JSON an answer out."""

import json
import os


def plain(value):
    """JSON data: a class map as a list of numbers."""
    return list(value) if isinstance(value, bytearray) else value


def compile_all(folder):
    """Compiles every script in a folder: one that needs a camera does not run here."""
    for name in os.listdir(folder):
        if name.endswith(".py"):
            with open(folder + name) as file:
                compile(file.read(), name, "exec")


def answer_all(path):
    """Prints the answers of all cases of a JSON file."""
    from detector_postprocess import Postprocess
    from ulab import numpy as np

    with open(path) as file:
        cases = json.load(file)
    dtypes = {"int8": np.int8, "int16": np.int16, "float32": np.float}
    for case in cases:
        plan = case["plan"]
        outputs = [np.array(case["raw"][name], dtype=dtypes[plan["outputs"][name]["dtype"]]) for name in plan["order"]]
        answers = Postprocess(plan)(None, [], outputs)
        for answer in answers.values():
            for key in answer:
                answer[key] = plain(answer[key])
        print(json.dumps(answers))
