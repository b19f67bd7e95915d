"""Evaluation: is an answer right, where does it fail, is this better than before. Everything here stands on the facade `qa.service`."""
