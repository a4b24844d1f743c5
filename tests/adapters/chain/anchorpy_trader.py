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


async def main(url: str, idl_text: str, owner: Keypair, mint: Pubkey) -> None:
    idl = Idl.from_json(idl_text)
    address = Pubkey.from_string(json.loads(idl_text)["metadata"]["address"])
    client = AsyncClient(url, commitment=Confirmed)
    options = TxOpts(skip_confirmation=False, preflight_commitment=Confirmed)
    program = Program(idl, address, Provider(client, Wallet(owner), options))

    def at(*seeds: bytes) -> Pubkey:
        return Pubkey.find_program_address(list(seeds), address)[0]

    account = at(b"user", bytes(owner.pubkey()), bytes(2))
    market, index = at(b"market", bytes(2)), bytes(2)
    position = at(b"position", bytes(account), index)
    tokens = Pubkey.find_program_address(
        [bytes(owner.pubkey()), bytes(TOKEN_PROGRAM), bytes(mint)], ASSOCIATED
    )[0]

    await program.rpc["create_user_account"](
        0,
        list(b"anchorpy".ljust(32, b"\0")),
        ctx=Context(
            accounts={
                "authority": owner.pubkey(),
                "user_account": account,
                "system_program": SYSTEM_PROGRAM,
            }
        ),
    )
    await program.rpc["deposit_tokens"](
        1_000 * USDC,
        ctx=Context(
            accounts={
                "authority": owner.pubkey(),
                "user_account": account,
                "pool": at(b"pool"),
                "security": at(b"security"),
                "vault": at(b"vault", bytes(mint)),
                "vault_tokens": at(b"vault_tokens", bytes(mint)),
                "user_tokens": tokens,
                "mint": mint,
                "token_program": TOKEN_PROGRAM,
            }
        ),
    )
    oracle = (await program.account["Market"].fetch(market)).oracle

    async def trade(number: int, size_e9: int, limit_price_e6: int, reduce_only: bool) -> int:
        order = at(b"order", bytes(account), number.to_bytes(8, "little"))
        params = program.type["OrderParams"](
            client_order_id=number,
            kind=0,
            size_e9=size_e9,
            limit_price_e6=limit_price_e6,
            trigger_price_e6=0,
            trailing_bps=0,
            reduce_only=reduce_only,
            expires_at=int(time.time()) + 30,
        )
        accounts = {
            "authority": owner.pubkey(),
            "user_account": account,
            "market": market,
            "oracle": oracle,
            "position": position,
            "order": order,
            "security": at(b"security"),
            "system_program": SYSTEM_PROGRAM,
        }
        await program.rpc["place_order"](params, ctx=Context(accounts=accounts))
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if (await client.get_account_info(order)).value is None:
                return (await program.account["Position"].fetch(position)).size_e9
            await asyncio.sleep(0.3)
        raise TimeoutError("nobody filled the order")

    opened = await trade(1, SIZE_E9, 160 * USDC, False)
    closed = await trade(2, -SIZE_E9, 140 * USDC, True)
    held = await program.account["UserAccount"].fetch(account)
    print(json.dumps({"opened_e9": opened, "closed_e9": closed, "balance_e6": held.balances[0]}))
    await client.close()


if __name__ == "__main__":
    where, idl_file, key_file, mint_address = sys.argv[1:]
    key = Keypair.from_bytes(bytes(json.loads(Path(key_file).read_text())))
    idl_json = Path(idl_file).read_text()
    asyncio.run(main(where, idl_json, key, Pubkey.from_string(mint_address)))
