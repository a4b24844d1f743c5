# mypy: ignore-errors
"""A trader written with anchorpy 0.21, run by `test_anchorpy.py` in an environment of its own.

It knows the exported legacy IDL and nothing of ours. Prints one JSON line at the end.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from anchorpy import Context, Idl, Program, Provider, Wallet
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed
from solana.rpc.types import TxOpts
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM

TOKEN_PROGRAM = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
ASSOCIATED = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
USDC = 10**6
SIZE_E9 = 2 * 10**9
PATIENCE_S = 40


class AnchorTrader:
    """One wallet, its account 0 and the first market."""

    def __init__(self, program: Program, client: AsyncClient, owner: Keypair, mint: Pubkey) -> None:
        self.program, self.client, self.owner, self.mint = program, client, owner.pubkey(), mint
        self.account = self.at(b"user", bytes(self.owner), bytes(2))
        self.market = self.at(b"market", bytes(2))
        self.position = self.at(b"position", bytes(self.account), bytes(2))

    def at(self, *seeds: bytes) -> Pubkey:
        return Pubkey.find_program_address(list(seeds), self.program.program_id)[0]

    async def call(self, name: str, *arguments: object, **accounts: Pubkey) -> None:
        # Anchor's word for an optional account that is left out is the program itself.
        absent = {"mandate": self.program.program_id}
        named = {**absent, "authority": self.owner, "user_account": self.account, **accounts}
        await self.program.rpc[name](*arguments, ctx=Context(accounts=named))

    async def open(self) -> None:
        name = list(b"anchorpy".ljust(32, b"\0"))
        await self.call("create_user_account", 0, name, system_program=SYSTEM_PROGRAM)

    async def deposit(self, amount: int) -> None:
        wallet = [bytes(self.owner), bytes(TOKEN_PROGRAM), bytes(self.mint)]
        await self.call(
            "deposit_tokens",
            amount,
            pool=self.at(b"pool"),
            security=self.at(b"security"),
            vault=self.at(b"vault", bytes(self.mint)),
            vault_tokens=self.at(b"vault_tokens", bytes(self.mint)),
            user_tokens=Pubkey.find_program_address(wallet, ASSOCIATED)[0],
            mint=self.mint,
            token_program=TOKEN_PROGRAM,
        )

    async def trade(self, number: int, size_e9: int, limit_price_e6: int) -> int:
        """Place a market order, wait until somebody has filled it; the position's size."""
        params = self.order_params(
            client_order_id=number,
            kind=0,
            size_e9=size_e9,
            limit_price_e6=limit_price_e6,
            reduce_only=size_e9 < 0,
            expires_at=int(time.time()) + 30,
        )
        order = self.at(b"order", bytes(self.account), number.to_bytes(8, "little"))
        await self.call(
            "place_order",
            params,
            market=self.market,
            oracle=(await self.program.account["Market"].fetch(self.market)).oracle,
            position=self.position,
            order=order,
            security=self.at(b"security"),
            system_program=SYSTEM_PROGRAM,
        )
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if (await self.client.get_account_info(order)).value is None:
                return (await self.program.account["Position"].fetch(self.position)).size_e9
            await asyncio.sleep(0.3)
        raise TimeoutError("nobody filled the order")

    def order_params(self, **given: object) -> object:
        """Every field of OrderParams; what is not given is zero."""
        kind = self.program.type["OrderParams"]
        return kind(**({name: 0 for name in kind.__dataclass_fields__} | given))


async def main(url: str, idl_text: str, owner: Keypair, mint: Pubkey) -> None:
    client = AsyncClient(url, commitment=Confirmed)
    options = TxOpts(skip_confirmation=False, preflight_commitment=Confirmed)
    address = Pubkey.from_string(json.loads(idl_text)["metadata"]["address"])
    provider = Provider(client, Wallet(owner), options)
    program = Program(Idl.from_json(idl_text), address, provider)
    trader = AnchorTrader(program, client, owner, mint)

    await trader.open()
    await trader.deposit(1_000 * USDC)
    opened = await trader.trade(1, SIZE_E9, 160 * USDC)
    closed = await trader.trade(2, -SIZE_E9, 140 * USDC)
    held = await program.account["UserAccount"].fetch(trader.account)
    print(json.dumps({"opened_e9": opened, "closed_e9": closed, "balance_e6": held.balances[0]}))
    await client.close()


if __name__ == "__main__":
    where, idl_file, key_file, mint_address = sys.argv[1:]
    key = Keypair.from_bytes(bytes(json.loads(Path(key_file).read_text())))
    idl_json = Path(idl_file).read_text()
    asyncio.run(main(where, idl_json, key, Pubkey.from_string(mint_address)))
