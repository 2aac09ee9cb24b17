"""Puts the page corners of `real_pages/corners.csv` beside the photos that they belong to, as a `corners:` source.

Run: python benchmarks/real_pages.py [--data DATA] [--output FOLDER]
"""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

LABELS = Path(__file__).with_name("real_pages") / "corners.csv"
PHOTOS = "corners_sudoku_pages"


def assemble(data: Path, output: Path) -> Path:
    """Makes a folder of our labels and a link to the photos.

    Args:
        data: the folder that holds `corners_sudoku_pages`.
        output: the folder to make; an older one of this script is brought up to date.

    Returns:
        `output`, which `--data corners:FOLDER` takes.

    Raises:
        SystemExit: there are no such photos.
    """
    images = (data / PHOTOS / "images").resolve()
    if not images.is_dir():
        raise SystemExit(
            f"Expected the photos in {images}, which is no folder. Name the folder of {PHOTOS} with --data."
        )
    output.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(LABELS, output / LABELS.name)
    link = output / "images"
    if link.is_symlink():
        link.unlink()
    link.symlink_to(images, target_is_directory=True)
    return output


def main() -> None:
    """Assembles the folder and prints its path."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get("DETECTOR_DATA", "data")),
        help=f"folder that holds {PHOTOS}; $DETECTOR_DATA where not given",
    )
    parser.add_argument("--output", type=Path, default=Path("runs/real_pages"), help="folder to make")
    options = parser.parse_args()
    print(assemble(options.data, options.output))


if __name__ == "__main__":
    main()
