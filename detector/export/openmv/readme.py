"""README.txt of a bundle for OpenMV: which file goes where, what memory it takes, and what to expect."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

from detector.export.decode_plan import Plan
from detector.export.openmv.vela import CLOCK_HZ, Estimate
from detector.litert.file import read_litert_card
from detector.locate import title_of
from detector.targets import Target
from detector.tflm import arena_of, tflm_is_there

WHAT = {
    "main.py": "shows the camera's picture with the answer, and prints it",
    "check.py": "run it once: does the network compute here what it did on the computer?",
    "model.tflite": "the network",
    "model.txt": "names of the classes, one a line",
    "detector_plan.py": "what the outputs mean; thresholds can be changed here",
    "detector_postprocess.py": "outputs to an answer",
    "detector_tensors.py": "raw outputs to numbers",
    "detector_presence.py": "the head `presence`",
    "detector_corners.py": "the head `corners`",
    "detector_quads.py": "four corners chosen together",
    "detector_box.py": "the head `box`",
    "detector_grid.py": "the head `grid`",
    "detector_mask.py": "the head `mask`",
}
LINES = {
    "presence": "{head}: presence 0.93, there is an object, 9.7 frames/s",
    "corners": "{head}: presence 0.93, corners (0.212, 0.184) (0.790, 0.221) (0.831, 0.812) (0.160, 0.858), 9.7 "
    "frames/s",
    "box": "{head}: presence 0.93, {name} 0.93 (0.212, 0.184, 0.790, 0.812), 9.7 frames/s",
    "grid": "{head}: presence 0.93, {name} 0.93 (0.212, 0.184, 0.790, 0.812), 9.7 frames/s",
    "mask": "{head}: presence 0.93, {name} 12.4 %, 9.7 frames/s",
}
MEANING = {
    "presence": "presence is a probability; from the threshold on there is an object.",
    "corners": "Corners are x and y, 0 to 1 across the picture, clockwise; presence is a probability.",
    "box": "A box is left, top, right and bottom, 0 to 1 across the picture.",
    "grid": "A box is left, top, right and bottom, 0 to 1 across the picture.",
    "mask": "The percentage is the share of the picture that the class covers; the box drawn is around all of it.",
}
TEXT = """{title}
{underline}

Input {width} x {height}, {colour}. The whole of the camera's picture is stretched to it; int8 = pixel - 128.
{trained}
FILES

{files}

COPYING

1. Open OpenMV IDE and connect the camera; let it update the firmware where it offers to (these scripts use `csi`).
   Tools > ROM File System > Edit ROMFS on OpenMV Cam: add model.tflite, model.txt and every file whose name begins
   with detector_. Where they do not fit, delete models that came with the board. Commit. What lies there is read in
   place, and scripts become bytecode.
2. Open check.py in the IDE and run it. It prints `ok` for each output, and how long a picture takes.
3. Open main.py and run it. To have it start with the camera: Tools > Save open script to OpenMV Cam (as main.py).

Without a ROM file system copy all files to the camera's drive instead. The network is then loaded into memory:
{copied}.

MEMORY

{memory}

WHAT YOU SHOULD SEE

A line for every picture (the numbers are an example):

{lines}

`nothing` stands where presence is below the threshold: {thresholds}.
{meanings}
"""


@dataclass(frozen=True)
class Facts:
    """What is known of a bundle.

    Args:
        model: the file that it is made of.
        plan: of that file.
        target: the board; None for any.
        estimate: of the compiler, where the file was compiled.
    """

    model: Path
    plan: Plan
    target: Target | None
    estimate: Estimate | None


def write_readme(folder: Path, facts: Facts) -> Path:
    """Writes README.txt about the files in a folder."""
    plan, card = facts.plan, read_litert_card(facts.model)
    title = f"{title_of(facts.model)} for {facts.target.title if facts.target else 'OpenMV'}"
    arena = arena_of(facts.model).total_bytes if tflm_is_there() else None
    height, width = plan["input"]["size_hw"]
    names = [name for name in WHAT if (folder / name).is_file()]
    kinds = [(head, each["kind"]) for head, each in plan["heads"].items()]
    name = (plan["classes"] or ["object"])[0]
    text = TEXT.format(
        title=title,
        underline="=" * len(title),
        width=width,
        height=height,
        colour="grey" if plan["input"]["channels"] == 1 else "colour (RGB565)",
        trained=_about(card.notes, tiled=card.tiles is not None),
        files="\n".join(f"  {name:25}{(folder / name).stat().st_size:>8,} bytes  {WHAT[name]}" for name in names),
        copied=_copy((folder / "model.tflite").stat().st_size, arena, facts.target),
        memory=_memory(facts, arena),
        lines="\n".join("  " + LINES[kind].format(head=head, name=name) for head, kind in kinds),
        thresholds=", ".join(f"{head} {each['threshold']:.2f}" for head, each in plan["heads"].items()),
        meanings="\n".join(dict.fromkeys(MEANING[kind] for _, kind in kinds)),
    )
    path = folder / "README.txt"
    path.write_text(text, encoding="utf-8")
    return path


def _about(notes: str, *, tiled: bool) -> str:
    """What the card says that a maker has to know."""
    tiles = ["It was trained on tiles of pictures; here it sees the whole at once: come near.\n"] if tiled else []
    return "".join([f"\n{textwrap.fill(notes.strip(), 118)}\n"] * bool(notes.strip()) + tiles)


def _copy(size: int, arena: int | None, target: Target | None) -> str:
    """What it means to load the network into memory."""
    if arena and target and target.usable_bytes and size + arena > target.usable_bytes:
        return f"{size:,} bytes on top of what is said below, which is too much for this board"
    return f"{size:,} bytes on top of what is said below"


def _memory(facts: Facts, arena: int | None) -> str:
    """What the network takes, and what the board has."""
    if facts.estimate:
        lines = _describe(facts.estimate)
    elif arena:
        lines = [f"Arena: {arena:,} bytes, as TFLM counts them on a computer; boards take up to 10 % more."]
    else:
        lines = ["Arena: not checked, for tflite-micro is not installed where this was written."]
    if facts.target and facts.target.memory_bytes:
        lines.append(f"The largest piece of the board's heap has {facts.target.memory_bytes:,} bytes.")
    return "\n".join(lines)


def _describe(estimate: Estimate) -> list[str]:
    """What the compiler expects of the accelerator."""
    left = ", ".join(estimate.cpu_operators) or "none"
    return [
        f"Activations: {estimate.sram_bytes:,} bytes. model.tflite is compiled for the NPU, which takes "
        f"{estimate.cycles:,} cycles a picture,",
        f"{estimate.milliseconds:.1f} ms at {CLOCK_HZ / 1e6:.0f} MHz. Operators left to the processor: {left}.",
        "These are estimates of ethos-u-vela for the memories of Arm's example system.",
    ]
