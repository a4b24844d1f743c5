"""Decoded accounts as the domain sees them: what is empty in them says nothing."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey

from quantdesk.adapters.chain import states
from quantdesk.adapters.chain.program import Fields
from quantdesk.domain.market import Tier
from tests.program.scene import Scene

EMPTY = {"notional_cap_e6": 0, "max_leverage": 0, "imr_e6": 0, "mmr_e6": 0}
SMALL = {"notional_cap_e6": 10**9, "max_leverage": 20, "imr_e6": 50_000, "mmr_e6": 25_000}
LARGE = {"notional_cap_e6": 10**12, "max_leverage": 10, "imr_e6": 100_000, "mmr_e6": 50_000}


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


def test_a_tier_without_a_cap_is_no_tier(scene: Scene) -> None:
    fields = scene.must("Market", scene.where.market(0))

    market = states.market_state({**fields, "tiers": [SMALL, LARGE, EMPTY, EMPTY]})

    assert market.params.tiers == (Tier(**SMALL), Tier(**LARGE))


@pytest.mark.parametrize(
    ("oracle", "is_watched"), [(Pubkey.default(), False), (Pubkey.new_unique(), True)]
)
def test_a_vault_is_watched_when_it_names_an_oracle(
    scene: Scene, oracle: Pubkey, is_watched: bool
) -> None:
    fields: Fields = scene.must("TokenVault", scene.where.vault(scene.mint))

    assert states.vault_state({**fields, "oracle": oracle}).is_watched is is_watched
