"""The process that holds the model: frames in on stdin, frames out on stdout, ends when its parent does.

A frame is 4 bytes length and JSON. Out, once the model is loaded: ``{"model": "<id>"}``, or ``{"refused": "<why>"}``
and the end. Then in: a list of questions; out: the list of their classifications. It opens no file later.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import BinaryIO

from services.classifier import bundle
from services.classifier.bundle import BundleRefused
from services.classifier.pipeline import Pipeline
from services.classifier.question import Question
from shared import garbage
from shared.jsontext import dump, load
from shared.telemetry import configure_logging

_LENGTH = struct.Struct(">I")


def main() -> None:
    """Classify until stdin ends."""
    configure_logging()  # on stderr: stdout is for frames
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    try:
        pipeline = Pipeline(bundle.read(Path(sys.argv[1])))
    except BundleRefused as refused:
        _write(sink, {"refused": str(refused)})
        return
    garbage.settle()
    _write(sink, {"model": pipeline.model})
    while (frame := _read(source)) is not None:
        _write(sink, pipeline.classify([Question(**fields) for fields in load(frame)]))


def _write(sink: BinaryIO, value: object) -> None:
    frame = dump(value)
    sink.write(_LENGTH.pack(len(frame)) + frame)
    sink.flush()


def _read(source: BinaryIO) -> bytes | None:
    head = source.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = source.read(length)
    return data if len(data) == length else None


if __name__ == "__main__":
    main()
