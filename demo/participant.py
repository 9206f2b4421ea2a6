"""What every participant process shares: a URL, a key file, and nothing else of the network."""

import argparse
import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from sdk import Client, Patience, Wallet

# A restarting service is waited for: crash journeys take it away for some seconds.
PATIENCE = Patience(attempts=12, first_wait_seconds=0.1, max_wait_seconds=2.0)


def arguments(role: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"demo.{role}")
    parser.add_argument("--url", required=True, help="of the API")
    parser.add_argument("--key-file", required=True, type=Path, help="0600, one hex key")
    return parser


def play(options: argparse.Namespace, act: Callable[[Client], Awaitable[int]]) -> int:
    """Runs until the act ends (its exit code) or SIGTERM comes (0)."""
    return asyncio.run(until_told_to_stop(options, act))


async def until_told_to_stop(options: argparse.Namespace, act: Callable[[Client], Awaitable[int]]) -> int:
    wallet = Wallet.from_key_file(options.key_file)
    async with Client(options.url, wallet, patience=PATIENCE, accept_terms=True) as client:
        acting = asyncio.ensure_future(act(client))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, acting.cancel)
        try:
            return await acting
        except asyncio.CancelledError:
            return 0
