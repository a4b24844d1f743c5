"""What the keeper hears and reads: living accounts of the program, tokens and their markets."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.keeper import ChainKeeper, KeeperKeys
from quantdesk.domain.account import AccountState
from quantdesk.services.actions import Commitment
from quantdesk.services.chain_ports import Change, Found, Gap, Gone
from quantdesk.services.exchange_state import CollateralVault
from tests.domain.onchain import token_mint
from tests.program.scene import Scene
from tests.program.vaults import SOL, USDT, VaultScene
from tests.workers.test_keeper_on_program import SceneNode, Silence

KEYS = KeeperKeys(keeper=Keypair(), publisher=None)


class Saying(Silence):
    """A socket that connects and says one thing."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value

    async def program(self, program: Pubkey, commitment: Commitment) -> AsyncIterator[object]:
        yield object()
        yield SimpleNamespace(value=self.value)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


async def heard(scene: Scene, **changed: object) -> Change:
    """What the keeper makes of its own user account, or of one that differs in something."""
    held = scene.svm.get_account(scene.keeper_account)
    assert held is not None
    account = {
        "data": [base64.b64encode(held.data).decode(), "base64"],
        "lamports": held.lamports,
        "owner": str(held.owner),
        **changed,
    }
    socket = Saying({"pubkey": str(scene.keeper_account), "account": account})
    chain = ChainKeeper(SceneNode(scene, []), socket, scene.program, KEYS)
    connected, change = [each async for each in chain.changes()]
    assert connected == Gap()
    return change


async def test_an_account_of_the_program_is_heard_with_its_content(scene: Scene) -> None:
    change = await heard(scene)

    assert isinstance(change, Found)
    assert isinstance(change.content, AccountState)
    assert change.content.owner == str(scene.keeper)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"owner": str(Pubkey.new_unique())}, id="of another program"),
        pytest.param({"lamports": 0}, id="without rent"),
        pytest.param({"data": ["", "base64"]}, id="without bytes"),
        pytest.param({"data": ["AAAA", "base64"]}, id="of no kind of ours"),
    ],
)
async def test_bytes_that_are_no_living_account_of_ours_are_gone(
    scene: Scene, changed: dict[str, object]
) -> None:
    assert await heard(scene, **changed) == Gone(address=str(scene.keeper_account))


async def test_a_token_names_the_market_of_its_own_feed_and_no_other() -> None:
    scene = VaultScene(USDT, SOL)
    at = {index: scene.where.vault(token_mint(index)) for index in (1, 2)}
    same = scene.must("Market", scene.where.market(0))["feed_id"]
    account = scene.svm.get_account(at[2])
    assert account is not None
    own = scene.vault(2)["feed_id"]
    scene.overwrite(at[2], account.data.replace(own, same))
    node = SceneNode(scene, [])
    node._places += at.values()

    found = await ChainKeeper(node, Silence(), scene.program, KEYS).read()

    markets = {
        each.address: each.content.market_index
        for each in found
        if isinstance(each.content, CollateralVault)
    }
    assert markets == {str(at[1]): None, str(at[2]): 0}
