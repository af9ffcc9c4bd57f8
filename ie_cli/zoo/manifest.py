"""model.json, which says what a model folder is, and the models that came with the package. No torch here."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from pathlib import Path
from typing import Any

import ie_cli
from ie_cli.errors import IEError
from ie_cli.files import encoded
from ie_cli.registry import names

FORMAT = 1  # raised when an older `ie` could no longer read the folder
MANIFEST = "model.json"
WEIGHTS = "model.safetensors"
DEFAULT = "cluener"  # the model that `ie predict` uses when none is named


def write(folder: Path, content: dict[str, Any]) -> None:
    """Write model.json with the versions that made it; it comes last, for it has the digests of the other files."""
    manifest = {"format": FORMAT, "ie": ie_cli.__version__} | content | {"files": _digests(folder)}
    (folder / MANIFEST).write_bytes(encoded(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"))


def read(folder: Path) -> dict[str, Any]:
    """The checked model.json of a folder.

    Raises:
        IEError: it is damaged, or of a newer version.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        version = manifest["format"]
        if version > FORMAT:
            raise IEError(
                f"{folder}: made by ie {manifest.get('ie', '?')} in model format {version}; "
                f"this ie {ie_cli.__version__} reads up to {FORMAT}. Upgrade ie"
            )
        missing = {"task", "labels", "settings", "encoder"} - manifest.keys()
        if missing:
            raise ValueError(f"{', '.join(sorted(missing))} missing")
    except (ValueError, KeyError, TypeError, AttributeError) as error:  # ValueError: no JSON, no UTF-8
        raise IEError(f"{folder / MANIFEST}: damaged ({error}); copy or train the model again") from None
    if manifest["task"] not in names("ie_cli.tasks"):
        raise IEError(f"{folder}: its task '{manifest['task']}' is not one of this ie {ie_cli.__version__}. Upgrade ie")
    return manifest


def check_files(folder: Path, manifest: dict[str, Any]) -> None:
    """Compare the files of a folder with their digests; folders made before there were any have none.

    Raises:
        IEError: a file is missing, or not as it was written.
    """
    for name, digest in manifest.get("files", {}).items():
        path = folder / name
        if not path.is_file():
            raise IEError(f"{path}: missing; copy or train the model again")
        if _digest(path) != digest:
            raise IEError(
                f"{path}: damaged, not as it was written; copy or train the model again (if you have changed it "
                f"yourself: its line under 'files' in {MANIFEST} can go)"
            )


def identity(folder: Path) -> str:
    """What tells the files of a model from those of others, as they are now: 16 hex digits."""
    files = _digests(folder) | {MANIFEST: _digest(folder / MANIFEST)}
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()[:16]


def _digests(folder: Path) -> dict[str, str]:
    """Of each file in the folder and below it, but for model.json."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    return {path.relative_to(folder).as_posix(): _digest(path) for path in files}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def find(place: str | Path) -> Path:
    """The folder of a model: a path, or the name of a shipped model.

    Raises:
        IEError: there is none.
    """
    if found := look_for(place):
        return found
    folder = Path(place)
    if folder.is_dir():
        inside = [child.name for child in sorted(folder.iterdir()) if (child / MANIFEST).is_file()]
        hint = f"; it holds the models {', '.join(inside)}" if inside else ""
        raise IEError(f"{folder}: not a model folder ({MANIFEST} is missing){hint}")
    known = ", ".join(shipped()) or "none"
    raise IEError(f"no model '{place}': no such folder, and not a shipped model ({known}). `ie train` makes one")


def look_for(place: str | Path) -> Path | None:
    """As `find`, but None where there is none."""
    folder = Path(place)
    for candidate in (folder, folder / "best"):  # `ie train -o RUN` keeps its model in RUN/best
        if (candidate / MANIFEST).is_file():
            return candidate
    return shipped().get(str(place))


def shipped() -> dict[str, Path]:
    """The models that came with the package: name -> folder."""
    root = Path(str(resources.files("ie_cli"))) / "shipped"
    return {p.parent.name: p.parent for p in sorted(root.glob(f"*/{MANIFEST}"))}
