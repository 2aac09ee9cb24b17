"""LiteRT for the web (npm: @litertjs/core), the runtime of the web bundle: fetched at export, or linked to."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from detector.runs import RunError

SECONDS = 300  # for npm to fetch 12 MB
WASM_FOLDER = "litert/wasm"
CDN = "https://cdn.jsdelivr.net/npm"


@dataclass(frozen=True)
class Package:
    """A package of the public npm registry.

    Args:
        name: on npm.
        version: pinned; another one has not been tried.
        sha512: of the archive, in base64, as the registry states it.
        files: those that the page needs -> where they go in the bundle.
    """

    name: str
    version: str
    sha512: str
    files: dict[str, str]


def _wasm_files() -> dict[str, str]:
    """Programs for browsers with relaxed SIMD and without; the page loads one of them."""
    names = (f"litert_wasm_{kind}internal.{suffix}" for kind in ("", "compat_") for suffix in ("js", "wasm"))
    return {f"package/wasm/{name}": f"{WASM_FOLDER}/{name}" for name in names}


CORE = Package(
    "@litertjs/core",
    "2.5.3",
    "PlGmbMOq9WitX7FO0jhbdJw9GthatsyuCQXjTt/wJZo0FLaw48q4tz8IwqgqCIkviYGr9OFDL1kCnN4nzWoyJQ==",
    {"package/dist/index.js": "litert/core.js", **_wasm_files()},
)
WASM_UTILS = Package(
    "@litertjs/wasm-utils",
    "2.5.3",
    "4fJiw6tBQnIs+0jH/OQ16nYOiSl8/+zZnn5h2ul8aTKHi05sVqZW580Tmk78pC2kT39A9OYBVdFawteZ/sI1kQ==",
    {"package/dist/index.js": "litert/wasm-utils.js"},
)


@dataclass(frozen=True)
class Addresses:
    """Where the page finds its runtime, relative to itself or on a server.

    Args:
        core: the module of CORE.
        wasm_utils: the module of WASM_UTILS.
        wasm: the folder of the WebAssembly files, with a slash at its end.
        linked: whether they lie on a server.
    """

    core: str
    wasm_utils: str
    wasm: str
    linked: bool


def linked_addresses() -> Addresses:
    """The pinned versions on jsDelivr."""
    core, utils = (f"{CDN}/{package.name}@{package.version}" for package in (CORE, WASM_UTILS))
    return Addresses(f"{core}/dist/index.js", f"{utils}/dist/index.js", f"{core}/wasm/", linked=True)


def copy_litert_js(folder: Path) -> Addresses:
    """Fetches the packages by `npm pack`, and copies the files that the page needs to `folder/litert`.

    Raises:
        RunError: npm is not there or fails, or an archive is not the one that was pinned.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise RunError(
            "A web bundle with its runtime in it needs npm, which is not installed. Install Node.js, or take "
            "`--kind web-linked`, whose page loads the runtime from cdn.jsdelivr.net."
        )
    with tempfile.TemporaryDirectory() as temporary:
        for package in (CORE, WASM_UTILS):
            _unpack(_fetch([npm, "pack"], package, Path(temporary)), package, folder)
    return Addresses("./litert/core.js", "./litert/wasm-utils.js", f"./{WASM_FOLDER}/", linked=False)


def _fetch(command: Sequence[str], package: Package, folder: Path) -> Path:
    """The archive of a package, checked."""
    name = f"{package.name}@{package.version}"
    arguments = [*command, name, "--silent", "--pack-destination", str(folder)]
    try:
        subprocess.run(arguments, check=True, capture_output=True, text=True, timeout=SECONDS)
    except (subprocess.SubprocessError, OSError) as error:
        reason = str(getattr(error, "stderr", "") or error).strip().splitlines()[-1:]
        raise RunError(
            f"npm did not fetch {name} ({''.join(reason)}). Go online and try again, or take `--kind web-linked`."
        ) from None
    archive = folder / f"{package.name.removeprefix('@').replace('/', '-')}-{package.version}.tgz"
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != package.sha512:
        raise RunError(f"npm gave another archive of {name} than expected: sha512 {digest}. Ask where it comes from.")
    return archive


def _unpack(archive: Path, package: Package, folder: Path) -> None:
    with tarfile.open(archive) as files:
        for name, place in package.files.items():
            content = files.extractfile(name)
            if content is None:
                raise RunError(f"{archive.name} holds no file {name}.")
            copy = folder / place
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content.read())
