"""A trained model on disk: a folder with ``manifest.json``, one ``<component>.json`` each, and plain ``.npy`` arrays.

Nothing in it can execute code (no pickle). The manifest holds the SHA-256 of every file; a bundle with a missing,
altered, truncated or unknown part is refused whole, with a sentence that says which.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from services.classifier.component import State
from shared.domain.classification import LANGUAGES, TOPICS
from shared.errors import Permanent

FORMAT = 1
MANIFEST = "manifest.json"


class BundleRefused(Permanent):
    """A model bundle that cannot be trusted; the words say which and why."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A trained model: its id, the key of what it was made from, facts of the corpus, the components' states."""

    model: str
    key: str
    corpus: Mapping[str, Any]
    states: Mapping[str, State]


def write(bundle: Bundle, folder: Path) -> None:
    """Keep ``bundle`` in ``folder``, replacing what is there; a crash leaves the old one or none, never a half."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".bundle-", dir=folder.parent))
    fresh.chmod(0o755)
    try:
        files = dict(_files(bundle))
        for name, content in files.items():
            (fresh / name).write_bytes(content)
        (fresh / MANIFEST).write_text(_manifest(bundle, files), "utf-8")
        _put_in_place(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def read(folder: Path) -> Bundle:
    """The bundle in ``folder``, every byte checked.

    Raises:
        BundleRefused: it is damaged, of an unknown format, or speaks of labels that this version does not know.
    """
    manifest = _read_manifest(folder)
    files = {name: _checked(folder, name, digest) for name, digest in manifest["files"].items()}
    try:
        states = {name: _state(name, files) for name in manifest["components"]}
        return Bundle(manifest["model"], manifest["key"], manifest["corpus"], states)
    except (ValueError, KeyError, TypeError) as error:
        raise BundleRefused(f"the model bundle {folder} does not fit together: {error!r}") from error


def read_key(folder: Path) -> str:
    """What the bundle in ``folder`` was made from; raises as ``read``, but looks at the manifest only."""
    key: str = _read_manifest(folder)["key"]
    return key


def _files(bundle: Bundle) -> Iterator[tuple[str, bytes]]:
    for component, state in bundle.states.items():
        yield f"{component}.json", json.dumps(state.settings, ensure_ascii=False, sort_keys=True).encode()
        for name, array in state.arrays.items():
            content = io.BytesIO()
            np.save(content, array, allow_pickle=False)
            yield f"{component}.{name}.npy", content.getvalue()


def _manifest(bundle: Bundle, files: Mapping[str, bytes]) -> str:
    facts = {
        "format": FORMAT,
        "model": bundle.model,
        "key": bundle.key,
        "labels": {"topics": TOPICS, "languages": LANGUAGES},
        "corpus": bundle.corpus,
        "components": list(bundle.states),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    return json.dumps(facts, indent=2, ensure_ascii=False)


def _put_in_place(fresh: Path, folder: Path) -> None:
    """Rename; an old bundle steps aside first, since a full folder cannot be renamed over.

    If another process puts its bundle there in between, that one stays: both were made from the same corpus.
    """
    old = fresh.with_name(f"{fresh.name}.old")
    with suppress(FileNotFoundError):
        folder.rename(old)
    try:
        fresh.rename(folder)
    except OSError:
        if not (folder / MANIFEST).exists():
            raise
    shutil.rmtree(old, ignore_errors=True)


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        if manifest["format"] != FORMAT:
            raise BundleRefused(
                f"the model bundle {folder} has format {manifest['format']!r}, this version reads {FORMAT}"
            )
        _check_manifest(manifest, folder)
    except OSError as error:
        raise BundleRefused(f"no model bundle in {folder}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BundleRefused(f"the manifest of the model bundle {folder} cannot be read: {error!r}") from error
    checked: dict[str, Any] = manifest
    return checked


def _check_manifest(manifest: Mapping[str, Any], folder: Path) -> None:
    """Raises ``KeyError`` for a missing entry."""
    for entry in ("model", "key", "corpus", "components", "files"):
        manifest[entry]
    unknown = set(manifest["labels"]["topics"]) - set(TOPICS) | set(manifest["labels"]["languages"]) - set(LANGUAGES)
    if unknown:
        raise BundleRefused(f"the model bundle {folder} has unknown labels: {', '.join(sorted(unknown))}")


def _checked(folder: Path, name: str, digest: str) -> bytes:
    if Path(name).name != name:
        raise BundleRefused(f"the model bundle {folder} names a file outside itself: {name!r}")
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise BundleRefused(f"the model bundle {folder} lacks {name}: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise BundleRefused(f"the model bundle {folder} is damaged: {name} is not what was trained")
    return content


def _state(component: str, files: Mapping[str, bytes]) -> State:
    prefix, suffix = f"{component}.", ".npy"
    arrays = {
        name[len(prefix) : -len(suffix)]: np.load(io.BytesIO(content), allow_pickle=False)
        for name, content in files.items()
        if name.startswith(prefix) and name.endswith(suffix)
    }
    return State(json.loads(files[f"{component}.json"]), arrays)
