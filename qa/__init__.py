"""Footnote: answers from a folder of documents, every sentence with its source."""

__version__ = "0.1.0"
