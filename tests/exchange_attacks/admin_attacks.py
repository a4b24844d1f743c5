"""Replay of the attack on the admin: stolen keys, a token of one's own, limits lifted at once.

Source of what happened: docs/attacks.md, A6.
"""

from dataclasses import replace
from random import Random

from quantdesk.domain.custody import Tokens
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.security import MarketChange, SecurityChange, Unpause, VaultChange
from tests.exchange_attacks.raid import HONEST, ONE, USD, Bound, Raid, done
from tests.exchange_attacks.venue import TIMELOCK_S

FAKE = 1
"""The index of the collateral that nobody but the thief would take; it starts without weight."""
CHANGES = ("weight", "cap", "outflow", "timelock", "unpause", "terms", "keeper")


def a6_stolen_admin(raid: Raid, draw: Random) -> Bound:
    """Every loosening proposed, executed early, and the fake token used meanwhile."""
    _take_the_weight_away(raid)
    raid.fund(HONEST, 100_000 * USD)
    raid.fund(ONE, 1_000 * USD)
    began, number = raid.venue.at.now, 10
    assert done(raid.venue.deposit_token(ONE, Tokens(amount=10**10, vault_index=FAKE)))
    pending: list[int] = []
    while raid.venue.at.now - began < TIMELOCK_S - 4_000:
        number += 1
        if done(raid.venue.announce(number, _change(raid, draw.choice(CHANGES)))):
            pending.append(number)
        raid.wait(draw.randint(1, 3_600))
        raid.tick(raid.price_e6)
        worth = PriceReading(
            price_e6=draw.randint(1, 10**6) * USD, conf_e6=1, publish_time=raid.venue.at.now
        )
        raid.venue.publish_token(FAKE, worth)
        assert not done(raid.venue.enact(draw.choice(pending))), "a timelock was not waited for"
        raid.venue.look(0)
        assert not raid.take(ONE, 1_000 * USD + 1)
        raid.place(ONE, draw.randint(200, 5_000) * 10**9)
        raid.take_most(ONE)
    for each in pending:
        assert done(raid.venue.veto(each)), "the guardian could not cancel"
    return Bound(gain_e6=0, loss_e6=0)


def _take_the_weight_away(raid: Raid) -> None:
    vault = raid.venue.ledger.collaterals[FAKE]
    bare = replace(vault, weight_init_e6=0, weight_maint_e6=0, deposit_cap=10**13)
    assert done(raid.venue.announce(1, VaultChange(rules=bare)))
    raid.wait(TIMELOCK_S)
    assert done(raid.venue.enact(1))
    for _ in range(2):
        raid.move(raid.price_e6)


def _change(raid: Raid, wanted: str) -> VaultChange | SecurityChange | Unpause | MarketChange:
    ledger = raid.venue.ledger
    fake, roles = ledger.collaterals[FAKE], ledger.security
    free = replace(ledger.vault.outflow, floor=10**15, share_e6=1_000_000)
    seized = SecurityChange(
        admin=roles.admin,
        guardian=roles.admin,
        keeper=roles.admin,
        timelock_s=3_600,
        keeper_reward_e6=10**9,
        daily_loss_share_e6=1_000_000,
    )
    market = ledger.markets[0]
    options: dict[str, VaultChange | SecurityChange | Unpause | MarketChange] = {
        "weight": VaultChange(rules=replace(fake, weight_init_e6=900_000, weight_maint_e6=950_000)),
        "cap": VaultChange(rules=replace(fake, deposit_cap=10**17)),
        "outflow": VaultChange(rules=replace(ledger.vault, outflow=free)),
        "timelock": seized,
        "keeper": seized,
        "unpause": Unpause(pause_bits=255),
        "terms": MarketChange(status=market.status, params=replace(market.params, spread_e6=0)),
    }
    return options[wanted]
