"""The twelve attacks, drawn again and again, and the worst that each has done."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.domain.onchain import POOL_E6
from tests.exchange_attacks import admin_attacks, margin_attacks, price_attacks
from tests.exchange_attacks.raid import USD, Bound, Raid
from tests.exchange_attacks.venue import TwinVenue, Venue

Attack = Callable[[Raid, Random], Bound]
DRAWS = int(os.environ.get("QD_ATTACK_DRAWS", "100"))
WORST_FILE = Path(__file__).with_name("worst.json")
ATTACKS: dict[str, Attack] = {
    "A1 self-traded pump": price_attacks.a1_pump,
    "A2 margin withdrawn": margin_attacks.a2_margin_out,
    "A3 loser left behind": margin_attacks.a3_left_behind,
    "A4 squeeze by size": price_attacks.a4_squeeze,
    "A5 profit before loss": margin_attacks.a5_profit_race,
    "A6 stolen admin": admin_attacks.a6_stolen_admin,
    "A7 stale resume": price_attacks.a7_stale_resume,
    "A8 latency sniping": price_attacks.a8_sniping,
    "A9 sandwich": price_attacks.a9_sandwich,
    "A9 sandwich with shares": price_attacks.a9_shares,
    "A10 self-liquidation": margin_attacks.a10_self_liquidation,
    "A10 self-liquidation in a crowd": margin_attacks.a10_in_a_crowd,
    "A11 dust": margin_attacks.a11_dust,
    "A12 funding at the hour": margin_attacks.a12_funding,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One draw's end: what the raiders gained and the house lost, and what was allowed; USD e6."""

    seed: int
    gain_e6: int
    loss_e6: int
    bound: Bound

    @property
    def keeps(self) -> bool:
        """Whether both bounds hold; rounding may cost a tenth of a dollar."""
        slack = USD // 10
        gains = self.gain_e6 <= self.bound.gain_e6 + slack
        return gains and self.loss_e6 <= self.bound.loss_e6 + slack


def play(name: str, seed: int, venue: Venue) -> Played:
    """One draw of an attack."""
    raid = Raid(venue)
    bound = ATTACKS[name](raid, Random(f"{name} {seed}"))  # noqa: S311
    return Played(seed=seed, gain_e6=raid.edge_e6(), loss_e6=raid.loss_e6(), bound=bound)


def twin(name: str) -> TwinVenue:
    """A fresh twin, as large as the attack needs it."""
    if "crowd" in name:
        return TwinVenue(6, pool_e6=24 * POOL_E6)
    return TwinVenue()


def worst(played: list[Played]) -> dict[str, float | int]:
    """The largest gain and loss among the draws, beside their own bounds; whole USD."""
    gain = max(played, key=lambda each: each.gain_e6)
    loss = max(played, key=lambda each: each.loss_e6)
    return {
        "draws": len(played),
        "gain_usd": gain.gain_e6 // USD,
        "its_bound_usd": gain.bound.gain_e6 // USD,
        "loss_usd": loss.loss_e6 // USD,
        "loss_bound_usd": loss.bound.loss_e6 // USD,
        "seed": gain.seed,
    }


def keep_worst(name: str, found: dict[str, float | int]) -> None:
    """Writes the worst of a full run beside the others."""
    rows = json.loads(WORST_FILE.read_text()) if WORST_FILE.exists() else {}
    rows[name] = found
    ordered = {each: rows[each] for each in ATTACKS if each in rows}
    WORST_FILE.write_text(json.dumps(ordered, indent=1) + "\n")
