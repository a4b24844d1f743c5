"""Test funds: SOL by airdrop, test USDC minted by the faucet's key; development chains only."""

import asyncio
import json
from pathlib import Path

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import associated_token_account
from quantdesk.adapters.chain.rpc_node import Node
from quantdesk.adapters.chain.tokens import create_token_account, mint_to
from quantdesk.adapters.chain.transaction import build_message, sign
from quantdesk.services.actions import Commitment
from quantdesk.services.ports import ExchangeUnavailable, FaucetGrant

LAMPORTS = 2_000_000_000
USDC_E6 = 10_000_000_000
CONFIRM_S_MAX = 10.0
POLL_S = 0.2


class ChainFaucet:
    """The port `Faucet`; holds the mint authority of the test USDC."""

    def __init__(self, node: Node, key: Keypair, usdc_mint: Pubkey) -> None:
        self._node = node
        self._key = key
        self._mint = usdc_mint

    async def grant(self, owner: str) -> FaucetGrant:
        """Send SOL for fees and test USDC to a wallet; returns when both are confirmed."""
        wallet = Pubkey.from_string(owner)
        airdrop = await self._node.request_airdrop(wallet, LAMPORTS)
        minted = await self._mint_to(wallet)
        await self._confirmed([airdrop, minted])
        return FaucetGrant(lamports=LAMPORTS, usdc_e6=USDC_E6, signatures=(airdrop, minted))

    async def _mint_to(self, wallet: Pubkey) -> str:
        payer = self._key.pubkey()
        tokens = associated_token_account(wallet, self._mint)
        instructions = [
            create_token_account(payer, wallet, self._mint),
            mint_to(self._mint, tokens, payer, USDC_E6),
        ]
        blockhash = await self._node.latest_blockhash()
        message = build_message(payer, instructions, blockhash.hash)
        return await self._node.send(sign(message, [self._key]))

    async def _confirmed(self, signatures: list[str]) -> None:
        try:
            async with asyncio.timeout(CONFIRM_S_MAX):
                while not await self._all_confirmed(signatures):  # noqa: ASYNC110 - a node is polled
                    await asyncio.sleep(POLL_S)
        except TimeoutError as fault:
            raise ExchangeUnavailable(
                "the test funds were sent but not confirmed in time; look again shortly"
            ) from fault

    async def _all_confirmed(self, signatures: list[str]) -> bool:
        found = await self._node.statuses(signatures)
        return all(
            each is not None and each.err is None and each.commitment is not Commitment.PROCESSED
            for each in found
        )


def read_key(file: Path) -> Keypair:
    """A Solana keypair file: a JSON array of 64 numbers; raises OSError, ValueError, TypeError."""
    numbers = json.loads(file.read_text())
    if not isinstance(numbers, list):
        raise TypeError("expected a list")  # of one number Python would make so many zeros
    return Keypair.from_bytes(bytes(numbers))
