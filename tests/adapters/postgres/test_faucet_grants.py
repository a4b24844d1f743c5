"""Each grant of test funds leaves one row, read by the wallet that got it and by nobody else."""

from __future__ import annotations

import pytest

from quantdesk.adapters.postgres.database import Database, as_user
from quantdesk.adapters.postgres.door import PostgresUsers
from quantdesk.adapters.postgres.faucet_grants import RecordedFaucet
from quantdesk.services.ports import ExchangeUnavailable, FaucetGrant
from tests.fakes.wallet import Wallet

READ = "select wallet_address, lamports, usdc_e6, signatures from faucet_grants"


class Faucet:
    """Gives, or does not."""

    is_dry = False

    async def grant(self, owner: str) -> FaucetGrant:
        if self.is_dry:
            raise ExchangeUnavailable("dry")
        return FaucetGrant(lamports=7, usdc_e6=9, signatures=("airdrop", "mint"))


async def seen_by(database: Database, name: str) -> list[dict[str, object]]:
    user = await PostgresUsers(database).find_or_create(Wallet.named(name).address)
    async with database.transaction(as_user(user.id)) as connection:
        found = await connection.execute(READ)
        return await found.fetchall()


async def test_a_grant_is_written_down_for_the_wallet_that_got_it(database: Database) -> None:
    wallet = Wallet.named("alice").address

    given = await RecordedFaucet(Faucet(), database).grant(wallet)

    assert given.usdc_e6 == 9
    assert await seen_by(database, "alice") == [
        {
            "wallet_address": wallet,
            "lamports": 7,
            "usdc_e6": 9,
            "signatures": ["airdrop", "mint"],
        }
    ]
    assert await seen_by(database, "bob") == []


async def test_what_was_not_given_is_not_written_down(database: Database) -> None:
    faucet = Faucet()
    faucet.is_dry = True

    with pytest.raises(ExchangeUnavailable):
        await RecordedFaucet(faucet, database).grant(Wallet.named("carol").address)

    assert await seen_by(database, "carol") == []
