"""How long does the web page take for a frame? Headless Chromium, one thread, WebAssembly.

    python benchmarks/web_page.py [MODEL ...] [--frames 100] [--json web_page.json]

MODEL is a run folder, a `.tflite` file or a shipped model; `documents` and `cats` by default, each as its int8 file. A
frame is a camera's of 640 x 480 pixels with a drawn document. Medians of wall milliseconds with the 10th and 90th
percentile: reading and resizing, the network, decoding, and all of it. Needs npm, Chromium, chromedriver and selenium.
"""

from __future__ import annotations

import argparse
import base64
import functools
import shutil
import tempfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from data_generators.formats import open_source
from detector.export.bundles import write_bundle
from detector.runs import write_json

FRAME_HW = (480, 640)
PARTS = ("resize", "network", "decode", "total")
MEASURE = """
const [picture, frames, done] = arguments;
(async () => {
  const { Pipeline } = await import("/pipeline.js");
  const pipeline = await Pipeline.load();
  const image = await createImageBitmap(await (await fetch(picture)).blob());
  const rows = [];
  for (let frame = 0; frame < frames + 20; frame += 1) {
    const { milliseconds: { resize, network, decode } } = await pipeline.answer(image);
    rows.push([resize, network, decode, resize + network + decode]);
    await new Promise((next) => setTimeout(next));
  }
  return rows.slice(20);
})().then(done, (error) => done(String(error.stack)));
"""


def main() -> None:
    """Prints a line a model, writes JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=["documents", "cats"])
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = {}
    print(f"{'ms, median (10th-90th percentile)':34}" + "".join(f"{part:>22}" for part in PARTS))
    for model in options.models:
        rows[model] = measure_model(model, options.frames)
        cells = (f"{low:.1f}-{high:.1f}" for low, _, high in rows[model].values())
        medians = (f"{median:.2f}" for _, median, _ in rows[model].values())
        print(f"{model:34}" + "".join(f"{a + ' (' + b + ')':>22}" for a, b in zip(medians, cells, strict=True)))
    if options.json:
        write_json(options.json, rows)


def measure_model(model: str, frames: int) -> dict[str, list[float]]:
    """Part -> 10th percentile, median and 90th percentile in milliseconds."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "web"
        write_bundle(model, folder, kind="web")
        handler = functools.partial(QuietHandler, directory=str(folder))
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            rows = run_page(f"http://127.0.0.1:{server.server_port}/", Path(temporary), frames)
        finally:
            server.shutdown()
            server.server_close()
    percentiles = np.percentile(np.array(rows), [10, 50, 90], axis=0).T
    return dict(zip(PARTS, percentiles.tolist(), strict=True))


def run_page(url: str, folder: Path, frames: int) -> Any:
    """Milliseconds of every part of every frame."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "disable-background-networking"):
        options.add_argument(f"--{flag}")
    options.add_argument(f"--user-data-dir={folder / 'profile'}")
    driver = webdriver.Chrome(options, webdriver.ChromeService(executable_path=shutil.which("chromedriver")))
    try:
        driver.set_script_timeout(600)
        driver.get(url)
        rows = driver.execute_async_script(MEASURE, drawn_frame(), frames)
    finally:
        driver.quit()
    if isinstance(rows, str):
        raise RuntimeError(rows)
    return rows


def drawn_frame() -> str:
    """A drawn document as a data URL."""
    image = open_source("documents:", count=1, negative_share=0.0, size_hw=FRAME_HW).sample(0).image
    _, content = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return f"data:image/png;base64,{base64.b64encode(content.tobytes()).decode()}"


class QuietHandler(SimpleHTTPRequestHandler):
    """A static server without a line a request."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


if __name__ == "__main__":
    main()
