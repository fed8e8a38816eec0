"""The passcode of those who play from elsewhere: guessing is slow, and how wrong a guess is cannot be timed."""

from __future__ import annotations

import hashlib
import hmac
import secrets

#: scrypt's cost (RFC 7914): 16 MiB and some tens of milliseconds a guess.
COST, BLOCK, LANES = 2**14, 8, 1
LONGEST = 256  # characters


class Passcode:
    """Owns a salted digest; the passcode itself is not kept."""

    def __init__(self, passcode: str) -> None:
        """Take the passcode from the settings."""
        self._salt = secrets.token_bytes(16)
        self._digest = self._derive(passcode)

    def fits(self, guess: str) -> bool:
        """Whether this is it. Every guess costs the same work."""
        return hmac.compare_digest(self._derive(guess), self._digest)

    def _derive(self, passcode: str) -> bytes:
        told = passcode.encode("utf-8", "surrogatepass")[:LONGEST]
        return hashlib.scrypt(told, salt=self._salt, n=COST, r=BLOCK, p=LANES)
