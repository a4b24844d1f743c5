"""Good cases of those who administer: genesis, new markets and vaults, pauses and timelocks."""

from typing import Any

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import derived
from quantdesk.world.chain.genesis import market_params
from tests.domain.onchain import VAULT, address, initial, token_mint, vault_params
from tests.program.matrix.registry import case
from tests.program.matrix.stage import TOKEN, Stage
from tests.program.scene import FLAT_BTC, FLAT_SOL

INSTRUCTIONS = Pubkey.from_string("Sysvar1nstructions1111111111111111111111111")
TIMELOCK_S = 86_400
MARKET, VAULT_RULES, SECURITY = 1, 2, 3


@case("initialize", is_bare=True)
def initialize(stage: Stage) -> Instruction:
    accounts = {"admin": stage.admin, "program_data": stage.where.program_data}
    return stage.program.instruction("initialize", accounts, initial(stage.admin))


@case("initialize_market")
def initialize_market(stage: Stage) -> Instruction:
    given = {"index": 2, "params": market_params(FLAT_BTC, bytes([9]) * 32)}
    return stage.program.instruction("initialize_market", {"admin": stage.admin}, given)


@case("initialize_token_vault")
def initialize_token_vault(stage: Stage) -> Instruction:
    mint = address("a new token")
    stage._mint(mint, decimals=9)
    accounts = {"admin": stage.admin, "mint": mint, "vault_tokens": stage.where.vault_tokens(mint)}
    weightless = VAULT | {"weight_init_e6": 0, "weight_maint_e6": 0}
    return stage.program.instruction("initialize_token_vault", accounts, {"params": weightless})


@case("pause")
def pause(stage: Stage) -> Instruction:
    return stage.program.instruction("pause", {"authority": stage.admin}, {"pause_bits": 1})


@case("tighten_market")
def tighten_market(stage: Stage) -> Instruction:
    accounts = {"authority": stage.admin, "market": stage.where.market(0)}
    return stage.program.instruction("tighten_market", accounts, {"status": 1})


@case("propose_change")
def propose_change(stage: Stage) -> Instruction:
    return proposed(stage, 5, change(stage, MARKET))


@case("execute_change (market)")
def execute_market_change(stage: Stage) -> Instruction:
    announce(stage, 1, change(stage, MARKET))
    return executed(stage, 1)


@case("execute_change (vault)")
def execute_vault_change(stage: Stage) -> Instruction:
    announce(stage, 2, change(stage, VAULT_RULES, index=1))
    accounts = {"vault": stage.where.vault(token_mint(1))}
    return executed(stage, 2, **accounts)


@case("cancel_change")
def cancel_change(stage: Stage) -> Instruction:
    announce(stage, 3, change(stage, SECURITY))
    accounts = {"authority": stage.admin, "proposal": proposal(stage, 3)}
    return stage.program.instruction("cancel_change", accounts)


def change(stage: Stage, kind: int, **given: Any) -> dict[str, Any]:
    """A whole change record; what is `given` replaces."""
    usual = {
        "kind": kind,
        "index": 0,
        "status": 0,
        "pause_bits": 0,
        "admin": stage.admin,
        "guardian": stage.admin,
        "keeper": stage.admin,
        "timelock_s": TIMELOCK_S,
        "keeper_reward_e6": 10_000,
        "daily_loss_share_e6": 100_000,
        "market": market_params(FLAT_SOL, stage.feeds[0]),
        "vault": vault_params(TOKEN),
    }
    return usual | given


def proposal(stage: Stage, number: int) -> Pubkey:
    """Where a proposal lies."""
    return derived(stage.program.id, b"proposal", number.to_bytes(8, "little"))


def proposed(stage: Stage, number: int, wanted: dict[str, Any]) -> Instruction:
    """The announcement of a change."""
    accounts = {"admin": stage.admin, "instructions": INSTRUCTIONS}
    return stage.program.instruction("propose_change", accounts, {"id": number, "change": wanted})


def announce(stage: Stage, number: int, wanted: dict[str, Any]) -> None:
    """Proposes a change and lets its timelock pass; a second one waits beside it."""
    for each in (number, number + 100):
        stage.require(stage.do("propose", proposed(stage, each, wanted), stage.admin))
    stage.later(TIMELOCK_S)


def executed(stage: Stage, number: int, **accounts: Pubkey) -> Instruction:
    """The execution of a change, with the first market and vault unless others are given."""
    given = {
        "admin": stage.admin,
        "proposal": proposal(stage, number),
        "market": stage.where.market(0),
        "vault": stage.where.vault(stage.mint),
        "instructions": INSTRUCTIONS,
    }
    return stage.program.instruction("execute_change", given | accounts)
