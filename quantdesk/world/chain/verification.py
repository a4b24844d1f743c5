"""`quantdesk chain verify`: the deployed bytes against this release, the books against the tokens.

Every vault is compared twice. What its books say belongs to somebody must be what the vault counts
as deposited, to the unit; and its token account must hold at least as much. More is a gift, which
anybody can send and the program does not count.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from solders.pubkey import Pubkey

from quantdesk.adapters.chain.collateral import NATIVE_MINT
from quantdesk.adapters.chain.program import Fields
from quantdesk.adapters.rpc.types import AccountData
from quantdesk.domain.account import USDC
from quantdesk.world.chain.cluster import Cluster, CommandFailed, decoded, tell
from quantdesk.world.chain.program_verbs import program_binary

_TOKEN_UNITS = slice(64, 72)


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultCheck:
    """One vault; differences in the token's own units."""

    index: int
    mint: Pubkey
    counted: int
    """What the vault counts as deposited."""
    books_minus_counted: int
    counted_minus_tokens: int
    """Negative: the difference was given to the program and belongs to nobody."""

    @property
    def problem(self) -> str | None:
        """What is wrong in a sentence, None when nothing is."""
        if self.books_minus_counted:
            return (
                f"the books of vault {self.index} ({self.mint}) and what it counts as deposited"
                f" differ by {self.books_minus_counted}"
            )
        if self.counted_minus_tokens > 0:
            return (
                f"vault {self.index} ({self.mint}) is {self.counted_minus_tokens} short of tokens"
            )
        return None


async def verify(cluster: Cluster, *, as_json: bool) -> None:
    """Compare the deployed bytes with this release and the books of every vault with its tokens."""
    program = cluster.program
    deployed = await cluster.deployed()
    is_ours = deployed.holds(program_binary(program.id))
    checks = await vault_checks(cluster)
    gaps_e6 = [
        each.books_minus_counted + each.counted_minus_tokens
        for each in checks
        if each.index == USDC
    ]
    tell(
        {
            "program": program.id,
            "is_this_release": is_ours,
            "deployed_slot": deployed.slot,
            "upgrade_authority": deployed.authority or "none: final",
            "books_minus_tokens_e6": gaps_e6[0] if gaps_e6 else None,
            "vaults": [asdict(each) for each in checks],
        },
        as_json=as_json,
    )
    problems = [] if is_ours else ["the deployed binary is not this release's"]
    problems += [each.problem for each in checks if each.problem]
    if problems:
        raise CommandFailed("; ".join(problems))


async def vault_checks(cluster: Cluster) -> list[VaultCheck]:
    """Every vault, by index; none before initialize.

    Users' balances are compared with the counts of the same answer of a node; pool, fund, counts
    and tokens are read in one call, so of one slot.
    """
    found = await decoded(cluster)
    vaults = [(where, each) for where, kind, each in found if kind == "TokenVault"]
    vaults.sort(key=lambda each: int(each[1]["index"]))
    if not vaults:
        return []
    users = [each["balances"] for _, kind, each in found if kind == "UserAccount"]
    held = {each["index"]: sum(row[each["index"]] for row in users) for _, each in vaults}
    gaps = {each["index"]: held[each["index"]] - each["total_deposits"] for _, each in vaults}
    return await _checks(cluster, vaults, gaps)


async def _checks(
    cluster: Cluster, vaults: list[tuple[Pubkey, Fields]], gaps: dict[int, int]
) -> list[VaultCheck]:
    where, program = cluster.program.addresses, cluster.program
    homes = [address for address, _ in vaults]
    purses = [each["token_account"] for _, each in vaults]
    pool, fund, native, *rest = await cluster.rpc.accounts(
        [where.pool, where.insurance, where.sol_vault, *homes, *purses]
    )
    if pool is None or fund is None or None in rest:
        raise CommandFailed("the pool, the insurance fund or a vault's tokens are missing")
    present = [each for each in rest if each is not None]
    books_e6 = _usdc_books_e6(
        program.decode("Pool", pool.data), program.decode("InsuranceFund", fund.data)
    )
    lamports = await _lamports_above_rent(cluster, native)
    checks = []
    for home, purse in zip(present[: len(homes)], present[len(homes) :], strict=True):
        vault = program.decode("TokenVault", home.data)
        index, counted = vault["index"], vault["total_deposits"]
        tokens = int.from_bytes(purse.data[_TOKEN_UNITS], "little")
        tokens += lamports if vault["mint"] == NATIVE_MINT else 0
        checks.append(
            VaultCheck(
                index=index,
                mint=vault["mint"],
                counted=counted,
                books_minus_counted=books_e6 - counted if index == USDC else gaps[index],
                counted_minus_tokens=counted - tokens,
            )
        )
    return checks


def _usdc_books_e6(pool: Fields, fund: Fields) -> int:
    """Users, pool with its pot of claims, insurance."""
    pool_e6 = pool["cash_e6"] + pool["claims_pot_e6"]
    return int(pool["total_user_usdc_e6"] + pool_e6 + fund["balance_e6"])


async def _lamports_above_rent(cluster: Cluster, native: AccountData | None) -> int:
    """The native half of the SOL collateral, which lies on top of its account's rent."""
    if native is None:
        return 0
    return native.lamports - await cluster.rpc.rent_minimum(len(native.data))
