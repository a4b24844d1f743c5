"""What must hold before `quantdesk program initialize` sends its first transaction.

The program decides all of this again; here it costs nothing and is said in words.
"""

from __future__ import annotations

from solders.pubkey import Pubkey

from quantdesk.adapters.chain.program import Program
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.adapters.rpc.types import Memcmp
from quantdesk.domain.account import USDC
from quantdesk.world.chain.cluster import Cluster, CommandFailed, address_of
from quantdesk.world.chain.keys import WorldKeys


async def require_openable(
    cluster: Cluster, keys: WorldKeys, *, usdc_mint: str | None, seed_usdc: int
) -> None:
    """Refuse wishes that the exchange cannot fulfil; raises CommandFailed, NotDeployable."""
    if seed_usdc and usdc_mint is None:
        raise CommandFailed(
            "--seed-usdc is for an existing mint, given with --usdc-mint; the test USDC that is"
            " made without one brings its own seeds"
        )
    mint = address_of(usdc_mint) if usdc_mint else keys.usdc_mint.pubkey()
    rpc, program = cluster.rpc, cluster.program
    if await rpc.account(program.id) is None:
        raise CommandFailed(
            f"there is no program at {program.id}; deploy it first with"
            " `quantdesk program deploy`, or name another with --program"
        )
    if await rpc.account(program.addresses.security) is None:
        await _require_authority(cluster, keys.admin.pubkey())
    settled = await _usdc_mint(rpc, program)
    if settled not in (None, mint):
        raise CommandFailed(
            f"this exchange is open and its USDC is {settled}, not {mint};"
            f" repeat it with --usdc-mint {settled}"
        )


async def _require_authority(cluster: Cluster, admin: Pubkey) -> None:
    authority = (await cluster.deployed()).authority
    if authority != admin:
        raise CommandFailed(
            f"only the program's upgrade authority may open its exchange: that is"
            f" {authority or 'nobody, for the program is final'}, and keys/admin.json is {admin}"
        )


async def _usdc_mint(rpc: RpcClient, program: Program) -> Pubkey | None:
    kind = Memcmp(offset=0, run=program.discriminator("TokenVault"))
    found = await rpc.program_accounts(program.id, matches=[kind])
    vaults = [program.decode("TokenVault", each.data) for each in found]
    return next((each["mint"] for each in vaults if each["index"] == USDC), None)
