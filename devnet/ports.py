"""TCP ports of the loopback address for the services of one run."""

import random
import socket

FIRST, LAST = 15_000, 30_000


def free_port() -> int:
    """A port that nobody listens on, below the range of outgoing connections.

    An outgoing connection could otherwise take the port of a killed service before it is restarted.
    """
    for port in random.SystemRandom().sample(range(FIRST, LAST), 200):
        with socket.socket() as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue  # taken: try another
            return port
    raise OSError(f"no free port between {FIRST} and {LAST}")


def accepts_connections(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
