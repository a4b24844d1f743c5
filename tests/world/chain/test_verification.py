"""`chain verify`: every vault's books against its count, every count against the tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import TOKEN_PROGRAM
from quantdesk.adapters.chain.collateral import NATIVE_MINT
from quantdesk.world.chain.verification import VaultCheck, vault_checks
from tests.world.chain.still_cluster import PROGRAM, StillNode, account_bytes, cluster_of

WHERE = PROGRAM.addresses
USDC, USDT = Pubkey.new_unique(), Pubkey.new_unique()
MINTS = (USDC, USDT, NATIVE_MINT)
RENT = 890_880


def _node(
    *, tokens: tuple[int, int, int] = (1_000, 300, 40), counted: int = 300, lamports: int = 60
) -> StillNode:
    """Users hold 700 USDC, 300 USDT and 100 lamports of SOL in two forms."""
    node = StillNode()
    pool = {"total_user_usdc_e6": 700, "cash_e6": 200, "claims_pot_e6": 50}
    node.put(WHERE.pool, account_bytes("Pool", **pool))
    node.put(WHERE.insurance, account_bytes("InsuranceFund", balance_e6=50))
    for balances in ([500, 100, 100], [200, 200, 0]):
        node.put(
            Pubkey.new_unique(),
            account_bytes("UserAccount", balances=[*balances, *[0] * 5]),
        )
    for index, (mint, deposits) in enumerate(zip(MINTS, (1_000, counted, 100), strict=True)):
        purse = WHERE.vault_tokens(mint)
        vault = {"index": index, "mint": mint, "token_account": purse, "total_deposits": deposits}
        node.put(WHERE.vault(mint), account_bytes("TokenVault", **vault))
        node.put(purse, bytes(64) + tokens[index].to_bytes(8, "little"), TOKEN_PROGRAM)
    node.put(WHERE.sol_vault, account_bytes("ProtocolSolVault", lamports=lamports))
    stored = node.stored[WHERE.sol_vault]
    node.stored[WHERE.sol_vault] = type(stored)(
        address=stored.address,
        owner=stored.owner,
        lamports=RENT + lamports,
        data=stored.data,
        slot=1,
    )
    return node


async def _checks(node: StillNode, home: Path) -> list[VaultCheck]:
    return await vault_checks(cluster_of(node, home))


async def test_books_that_fit_have_no_problem_in_any_vault(tmp_path: Path) -> None:
    checks = await _checks(_node(), tmp_path)

    assert [each.index for each in checks] == [0, 1, 2]
    assert [each.problem for each in checks] == [None, None, None]
    assert {each.books_minus_counted for each in checks} == {0}
    assert {each.counted_minus_tokens for each in checks} == {0}


@pytest.mark.parametrize(
    ("node", "index", "words"),
    [
        (_node(tokens=(999, 300, 40)), 0, "is 1 short of tokens"),
        (_node(tokens=(1_000, 299, 40)), 1, "is 1 short of tokens"),
        (_node(lamports=59), 2, "is 1 short of tokens"),
        (_node(counted=299), 1, "differ by 1"),
        (_node(counted=301), 1, "differ by -1"),
    ],
)
async def test_one_unit_too_little_in_any_vault_is_named(
    tmp_path: Path, node: StillNode, index: int, words: str
) -> None:
    problems = [each.problem or "" for each in await _checks(node, tmp_path)]

    assert words in problems[index]
    assert not any(each for at, each in enumerate(problems) if at != index)


async def test_a_gift_is_told_and_is_no_problem(tmp_path: Path) -> None:
    checks = await _checks(_node(tokens=(1_005, 300, 40)), tmp_path)

    assert checks[0].counted_minus_tokens == -5
    assert checks[0].problem is None


async def test_before_initialize_there_is_nothing_to_compare(tmp_path: Path) -> None:
    assert await _checks(StillNode(), tmp_path) == []
