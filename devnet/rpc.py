"""The few JSON-RPC calls that a deployment needs, signed here: a real node holds no unlocked accounts."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from eth_abi.abi import decode, encode
from eth_account import Account
from eth_utils.abi import function_abi_to_4byte_selector, get_abi_input_types, get_abi_output_types

from devnet.keys import DevelopmentKey


class RpcFailed(Exception):
    """The node refused a call, or a transaction reverted."""

    def __init__(self, method: str, answer: object) -> None:
        self.method, self.answer = method, answer
        super().__init__(f"{method} failed: {answer}")


@dataclass(frozen=True)
class Receipt:
    contract: str | None
    block_number: int


class Chain:
    """A connection to one node; close it, or use it in `with`."""

    def __init__(self, rpc_url: str, timeout_seconds: float = 10) -> None:
        self._client = httpx.Client(base_url=rpc_url, timeout=timeout_seconds, trust_env=False)

    def __enter__(self) -> "Chain":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, method: str, *params: object) -> Any:
        """The result of one JSON-RPC call. Raises RpcFailed, httpx.HTTPError."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        answer = self._client.post("", json=body).raise_for_status().json()
        if "error" in answer:
            raise RpcFailed(method, answer["error"])
        return answer["result"]

    def chain_id(self) -> int:
        return int(self.ask("eth_chainId"), 16)

    def block_number(self) -> int:
        return int(self.ask("eth_blockNumber"), 16)

    def block_hash(self, number: int) -> str | None:
        """None where the chain is shorter."""
        block = self.ask("eth_getBlockByNumber", hex(number), False)
        return None if block is None else str(block["hash"])

    def code(self, address: str) -> str:
        return str(self.ask("eth_getCode", address, "latest"))

    def call(self, to: str, abi: dict[str, Any], arguments: Sequence[object] = ()) -> tuple[Any, ...]:
        """What the function returns. Raises RpcFailed if it reverts."""
        data = self.ask("eth_call", {"to": to, "data": calldata(abi, arguments)}, "latest")
        types = get_abi_output_types(abi)  # type: ignore[arg-type]  # a JSON ABI, typed as its TypedDict there
        return tuple(decode(types, bytes.fromhex(data[2:])))

    def send_all(self, key: DevelopmentKey, transactions: Sequence[dict[str, Any]]) -> list[Receipt]:
        """Signs and sends in order, without waiting in between, then waits for every receipt. Raises RpcFailed."""
        nonce = int(self.ask("eth_getTransactionCount", key.address, "pending"), 16)
        price = int(self.ask("eth_gasPrice"), 16)
        shared = {"chainId": self.chain_id(), "maxFeePerGas": 2 * price, "maxPriorityFeePerGas": price, "value": 0}
        hashes = []
        for offset, transaction in enumerate(transactions):
            full = shared | {"nonce": nonce + offset, "type": 2} | transaction
            signed = Account.sign_transaction(full, key.private_key)
            hashes.append(self.ask("eth_sendRawTransaction", "0x" + bytes(signed.raw_transaction).hex()))
        return [self.receipt(tx_hash) for tx_hash in hashes]

    def receipt(self, tx_hash: str, limit_seconds: float = 60) -> Receipt:
        deadline = time.monotonic() + limit_seconds
        while (found := self.ask("eth_getTransactionReceipt", tx_hash)) is None:
            if time.monotonic() > deadline:
                raise RpcFailed("eth_getTransactionReceipt", f"{tx_hash} was not mined in {limit_seconds:g} s")
            time.sleep(0.02)
        if int(found["status"], 16) != 1:
            raise RpcFailed("transaction", f"{tx_hash} reverted")
        return Receipt(found["contractAddress"], int(found["blockNumber"], 16))


def calldata(abi: dict[str, Any], arguments: Sequence[object]) -> str:
    selector = function_abi_to_4byte_selector(abi)  # type: ignore[arg-type]  # a JSON ABI, typed as its TypedDict there
    return "0x" + (selector + encode(get_abi_input_types(abi), arguments)).hex()  # type: ignore[arg-type]  # likewise
