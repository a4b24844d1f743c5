"""The node calls that the product makes, typed; `confirmed` unless asked otherwise.

Whatever decides about money (accounts, balances, what landed, how high the chain is, history) is
believed when two nodes say it, as soon as three are given.
"""

import base64
from collections.abc import Sequence
from typing import Any, Self

from solders.pubkey import Pubkey
from solders.signature import Signature

from quantdesk.adapters.rpc.agreement import alike, history, reached
from quantdesk.adapters.rpc.errors import RpcUnavailable, TransactionRejected
from quantdesk.adapters.rpc.pool import NodePool
from quantdesk.adapters.rpc.types import (
    AccountData,
    Blockhash,
    Memcmp,
    SignatureRow,
    SignatureState,
    Simulation,
    TransactionRecord,
)
from quantdesk.services.actions import Commitment

ACCOUNTS_IN_ONE_CALL = 100
SIGNATURES_IN_ONE_CALL = 256
FEE_ACCOUNTS_IN_ONE_CALL = 128
CONFIRMED = Commitment.CONFIRMED


class RpcClient:
    """A pool of nodes with the product's own questions."""

    def __init__(self, pool: NodePool) -> None:
        self._pool = pool

    @classmethod
    def of(cls, urls: Sequence[str], *, genesis: str | None = None) -> Self:
        """A client of these nodes, the first preferred; `genesis` pins their cluster."""
        return cls(NodePool(urls, genesis=genesis))

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    async def is_healthy(self) -> bool:
        """Whether some node calls itself healthy within the budget."""
        try:
            return bool(await self._pool.call("getHealth", []) == "ok")
        except RpcUnavailable:
            return False

    async def genesis_hash(self) -> str:
        """Which chain the nodes serve."""
        return str(await self._pool.call("getGenesisHash", []))

    async def slot(self, commitment: Commitment = CONFIRMED) -> int:
        """The newest slot."""
        return int(await self._pool.call("getSlot", [{"commitment": commitment.value}]))

    async def block_height(self, commitment: Commitment = CONFIRMED) -> int:
        """The newest block height, which blockhash expiry is counted in."""
        options = {"commitment": commitment.value}
        return int(await self._pool.agree("getBlockHeight", [options], reached))

    async def latest_blockhash(self, commitment: Commitment = CONFIRMED) -> Blockhash:
        """A fresh blockhash."""
        reply = await self._pool.call("getLatestBlockhash", [{"commitment": commitment.value}])
        return Blockhash(
            hash=reply["value"]["blockhash"],
            last_valid_block_height=reply["value"]["lastValidBlockHeight"],
            slot=reply["context"]["slot"],
        )

    async def rent_minimum(self, space: int) -> int:
        """Lamports that make an account of `space` bytes rent exempt."""
        return int(await self._pool.call("getMinimumBalanceForRentExemption", [space]))

    async def account(
        self, address: Pubkey, commitment: Commitment = CONFIRMED
    ) -> AccountData | None:
        """One account, None when it does not exist."""
        return (await self.accounts([address], commitment))[0]

    async def accounts(
        self, addresses: Sequence[Pubkey], commitment: Commitment = CONFIRMED
    ) -> list[AccountData | None]:
        """Accounts in the order asked; more than a hundred take several calls."""
        found: list[AccountData | None] = []
        for start in range(0, len(addresses), ACCOUNTS_IN_ONE_CALL):
            part = addresses[start : start + ACCOUNTS_IN_ONE_CALL]
            options = {"encoding": "base64", "commitment": commitment.value}
            params = [list(map(str, part)), options]
            reply = await self._pool.agree("getMultipleAccounts", params, _same_value)
            slot = reply["context"]["slot"]
            found += [
                None if row is None else _account(address, row, slot)
                for address, row in zip(part, reply["value"], strict=True)
            ]
        return found

    async def program_accounts(
        self,
        program: Pubkey,
        *,
        matches: Sequence[Memcmp] = (),
        data_size: int | None = None,
        commitment: Commitment = CONFIRMED,
    ) -> list[AccountData]:
        """Every account of a program that fits."""
        filters: list[dict[str, Any]] = [
            {
                "memcmp": {
                    "offset": each.offset,
                    "bytes": base64.b64encode(each.run).decode(),
                    "encoding": "base64",
                }
            }
            for each in matches
        ]
        if data_size is not None:
            filters.append({"dataSize": data_size})
        options = {
            "encoding": "base64",
            "commitment": commitment.value,
            "filters": filters,
            "withContext": True,
        }
        reply = await self._pool.call("getProgramAccounts", [str(program), options])
        slot = reply["context"]["slot"]
        return [
            _account(Pubkey.from_string(row["pubkey"]), row["account"], slot)
            for row in reply["value"]
        ]

    async def send(self, transaction: bytes, *, preflight: bool = True) -> str:
        """Hand signed bytes to a node and return their signature.

        Safe to repeat with the same bytes. Raises TransactionRejected when preflight fails.
        """
        options = {
            "encoding": "base64",
            "skipPreflight": not preflight,
            "preflightCommitment": "processed",
            "maxRetries": 0,
        }
        text = base64.b64encode(transaction).decode()
        try:
            return str(await self._pool.call("sendTransaction", [text, options], hedge=False))
        except TransactionRejected as refusal:
            if refusal.is_already_processed:
                return _signature(transaction)
            raise

    async def simulate(self, transaction: bytes) -> Simulation:
        """Run a transaction, signed or not, without effect."""
        options = {"encoding": "base64", "commitment": "processed", "sigVerify": False}
        text = base64.b64encode(transaction).decode()
        reply = await self._pool.call("simulateTransaction", [text, options])
        value = reply["value"]
        return Simulation(
            err=value["err"],
            logs=list(value.get("logs") or ()),
            compute_units=int(value.get("unitsConsumed") or 0),
        )

    async def prioritization_fees(self, addresses: Sequence[Pubkey]) -> list[int]:
        """Micro-lamports per unit, slot by slot, of whoever wrote these accounts lately."""
        asked = list(map(str, addresses[:FEE_ACCOUNTS_IN_ONE_CALL]))
        rows = await self._pool.call("getRecentPrioritizationFees", [asked])
        return [int(row["prioritizationFee"]) for row in rows]

    async def statuses(
        self, signatures: Sequence[str], *, search_history: bool = True
    ) -> list[SignatureState | None]:
        """Where each signature stands, None when the node has not seen it."""
        found: list[SignatureState | None] = []
        for start in range(0, len(signatures), SIGNATURES_IN_ONE_CALL):
            part = list(signatures[start : start + SIGNATURES_IN_ONE_CALL])
            options = {"searchTransactionHistory": search_history}
            reply = await self._pool.agree("getSignatureStatuses", [part, options], _same_states)
            found += [None if row is None else _state(row) for row in reply["value"]]
        return found

    async def signatures_for(
        self,
        address: Pubkey,
        *,
        before: str | None = None,
        until: str | None = None,
        limit: int = 1000,
        commitment: Commitment = CONFIRMED,
    ) -> list[SignatureRow]:
        """History of an address, newest first, strictly between `until` and `before`."""
        options: dict[str, Any] = {"limit": limit, "commitment": commitment.value}
        options |= {"before": before} if before else {}
        options |= {"until": until} if until else {}
        params = [str(address), options]
        rows = await self._pool.agree("getSignaturesForAddress", params, history)
        return [
            SignatureRow(
                signature=row["signature"],
                slot=row["slot"],
                block_time=row.get("blockTime"),
                err=row["err"],
            )
            for row in rows
        ]

    async def transaction(
        self, signature: str, commitment: Commitment = CONFIRMED
    ) -> TransactionRecord | None:
        """A landed transaction with its logs, None when unknown at that commitment."""
        options = {
            "encoding": "base64",
            "commitment": commitment.value,
            "maxSupportedTransactionVersion": 0,
        }
        reply = await self._pool.agree("getTransaction", [signature, options], _same_landing)
        if reply is None:
            return None
        meta = reply["meta"]
        return TransactionRecord(
            signature=signature,
            slot=reply["slot"],
            block_time=reply.get("blockTime"),
            err=meta["err"],
            logs=list(meta.get("logMessages") or ()),
            fee_lamports=meta["fee"],
            compute_units=meta.get("computeUnitsConsumed"),
            wire=base64.b64decode(reply["transaction"][0]),
        )

    async def balance(self, address: Pubkey, commitment: Commitment = CONFIRMED) -> int:
        """Lamports of an account, zero when it does not exist."""
        options = {"commitment": commitment.value}
        params = [str(address), options]
        return int((await self._pool.agree("getBalance", params, _same_value))["value"])

    async def request_airdrop(self, address: Pubkey, lamports: int) -> str:
        """Test lamports; only development chains give them."""
        params = [str(address), lamports]
        return str(await self._pool.call("requestAirdrop", params, hedge=False))


def _value(reply: Any) -> Any:
    return reply["value"]


def _states(reply: Any) -> list[Any]:
    told = ("slot", "err", "confirmationStatus")
    return [row and [row.get(name) for name in told] for row in reply["value"]]


def _landing(reply: Any) -> Any:
    meta = reply and reply["meta"]
    return meta and (reply["slot"], meta["err"], meta.get("logMessages"), reply["transaction"])


_same_value, _same_states, _same_landing = alike(_value), alike(_states), alike(_landing)


def _account(address: Pubkey, row: dict[str, Any], slot: int) -> AccountData:
    return AccountData(
        address=address,
        owner=Pubkey.from_string(row["owner"]),
        lamports=row["lamports"],
        data=base64.b64decode(row["data"][0]),
        slot=slot,
    )


def _state(row: dict[str, Any]) -> SignatureState:
    level = row.get("confirmationStatus") or "processed"
    return SignatureState(slot=row["slot"], commitment=Commitment(level), err=row["err"])


def _signature(transaction: bytes) -> str:
    return str(Signature.from_bytes(transaction[1:65]))
