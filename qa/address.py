"""Addresses of model servers."""

import socket
from typing import Final
from urllib.parse import urlsplit

from qa.settings import LOOPBACK

OLLAMA_URL: Final = "http://127.0.0.1:11434"
SOON: Final = 1.0  # seconds


def answers(url: str) -> bool:
    """Whether anything accepts connections there within a second, found out without importing a client."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname or "", port), SOON).close()
    except (OSError, ValueError):  # ValueError: no address at all
        return False
    return True


def is_local(url: str) -> bool:
    """Whether the address is of this machine, on the way to which there must be no proxy."""
    return urlsplit(url).hostname in LOOPBACK
