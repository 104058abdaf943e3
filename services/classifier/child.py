"""The process that holds the model: frames in on stdin, frames out on stdout, ends when its parent does.

A frame is 4 bytes length and JSON. Out, once the model is loaded: ``{"model": "<id>"}``, or ``{"refused": "<why>"}``
and the end. Then in: a list of questions; out: the list of their classifications. It opens no file later.
"""

from __future__ import annotations

import sys
from pathlib import Path

from services.classifier import bundle
from services.classifier.bundle import BundleRefused
from services.classifier.pipeline import Pipeline
from services.classifier.question import Question
from shared import frames, garbage
from shared.jsontext import dump, load
from shared.telemetry import configure_logging


def main() -> None:
    """Classify until stdin ends."""
    configure_logging()  # on stderr: stdout is for frames
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    try:
        pipeline = Pipeline(bundle.read(Path(sys.argv[1])))
    except BundleRefused as refused:
        frames.write(sink, dump({"refused": str(refused)}))
        return
    garbage.settle()
    frames.write(sink, dump({"model": pipeline.model}))
    while (asked := frames.read(source)) is not None:
        frames.write(sink, dump(pipeline.classify([Question(**fields) for fields in load(asked)])))


if __name__ == "__main__":
    main()
