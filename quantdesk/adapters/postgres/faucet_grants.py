"""Test funds with a memory: each grant that was confirmed leaves a row."""

from __future__ import annotations

from quantdesk.adapters.postgres.database import SERVICE, Database
from quantdesk.services.ports import Faucet, FaucetGrant

RECORD = """
insert into faucet_grants (wallet_address, lamports, usdc_e6, signatures)
values (%s, %s, %s, %s)
"""


class RecordedFaucet:
    """The port `Faucet` over another one."""

    def __init__(self, faucet: Faucet, database: Database) -> None:
        self._faucet = faucet
        self._database = database

    async def grant(self, owner: str) -> FaucetGrant:
        """Send test funds, and write down what was sent."""
        grant = await self._faucet.grant(owner)
        async with self._database.transaction(SERVICE) as connection:
            await connection.execute(
                RECORD, [owner, grant.lamports, grant.usdc_e6, list(grant.signatures)]
            )
        return grant
