"""Footnote: answers from a folder of documents, every sentence with its source."""

import os

__version__ = "0.1.0"

# onnxruntime would tell its maker of every session. It hears this only before it is first imported, and here is before all of ours.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
