"""Ten thousand strangers: each comes from an address of its own, and none has anything sensible to say."""

import contextlib
import resource
import socket
from collections.abc import Iterator

from installation.randomness import Generator


def address(number: int) -> str:
    """One of this machine's 16 million loopback addresses."""
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"


def nonsense(dice: Generator) -> bytes:
    """Up to a hundred bytes that mean nothing, in neither OSC nor HTTP."""
    return b"/" + dice.bytes(int(dice.integers(100))) + b"\r\n\r\n"


def throw(port: int, count: int, dice: Generator) -> None:
    """So many datagrams, each from another address."""
    for number in range(count):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind((address(number), 0))
            stranger.sendto(nonsense(dice), ("127.0.0.1", port))


def knock(port: int, count: int, dice: Generator) -> None:
    """So many connections, one after the other; each says something and leaves without waiting for an answer."""
    for number in range(count):
        here = address(number), 0
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 10.0, here) as line:
            line.sendall(nonsense(dice))  # or is hung up on before


@contextlib.contextmanager
def crowding(port: int, count: int) -> Iterator[None]:
    """So many connections at once that want in and say nothing; they leave at the end."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with contextlib.ExitStack() as held:
        for number in range(count):
            line = held.enter_context(socket.socket())
            line.settimeout(0.0)
            line.bind((address(number), 0))
            line.connect_ex(("127.0.0.1", port))
        yield
