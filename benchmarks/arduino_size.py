"""Bytes that pre- and post-processing of a model take in its Arduino library, compiled with -Os; libm is not counted.

python benchmarks/arduino_size.py cats documents cat-mask
python benchmarks/arduino_size.py cats --compiler "python -m ziglang c++ -target thumb-linux-musleabihf -mcpu=cortex_m4"
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

from detector.export.arduino.library import NETWORK_FILES, write_arduino
from detector.locate import find_model
from detector.targets import read_target

OPTIONS = "-std=c++11 -Os -fno-exceptions -fno-rtti -fno-asynchronous-unwind-tables -c"
NETWORK = ("model_data.cpp", *NETWORK_FILES)  # and what calls TensorFlow Lite Micro


def main() -> None:
    """Prints one JSON line a model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help="run folders, .tflite files or shipped models")
    parser.add_argument("--compiler", default="g++")
    arguments = parser.parse_args()
    for model in arguments.models:
        with tempfile.TemporaryDirectory() as folder:
            write_arduino(find_model(model), Path(folder), read_target("portenta-h7"))
            print(json.dumps({"model": model} | sizes(Path(folder) / "src", arguments.compiler)))


def sizes(sources: Path, compiler: str) -> dict[str, int]:
    """Bytes of code and constants that resizing and decoding take, and of memory that they hold for good."""
    total = {"frame_bytes": 0, "decoding_bytes": 0, "memory_bytes": 0}
    for source in sorted(set(sources.glob("*.cpp")) - {sources / name for name in NETWORK}):
        made = source.with_suffix(".o")
        subprocess.run([*compiler.split(), *OPTIONS.split(), str(source), "-o", str(made)], check=True)
        told = subprocess.run(["size", str(made)], check=True, capture_output=True, text=True).stdout
        text, data, bss = map(int, told.splitlines()[1].split()[:3])
        total["frame_bytes" if source.name == "frame.cpp" else "decoding_bytes"] += text
        total["memory_bytes"] += data + bss
    return total


if __name__ == "__main__":
    main()
