"""Every account of a good instruction, replaced by a wrong one: refused, and nothing changes.

The wrong ones are made from the good one: its bytes under a foreign owner, an account of another
kind, and one that does not exist. Every signer is also taken away.
"""

from collections.abc import Iterator

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from tests.domain.onchain import Failed, Landed, address
from tests.program.scene import BASE, FLAT_BTC, FLAT_SOL, USD, Scene, swapped, unsigned

# Places that anybody may fill: what is written there comes from other accounts.
FREE = {
    ("execute_order", "keeper"),
    ("liquidate", "liquidator"),
    ("execute_order", "keeper_account"),
    ("settle_funding", "user_account"),
    ("settle_funding", "position"),
}


class Attacked(Scene):
    """A scene that tries every substitution before each good instruction."""

    def __init__(self) -> None:
        """Starts without attacks: the set-up is not under test."""
        self.tried: dict[str, int] = {}
        self.landed: list[str] = []
        self.attacks = False
        super().__init__(FLAT_SOL, FLAT_BTC)

    def do(self, name: str, instruction: Instruction, by: Pubkey) -> Landed | Failed:
        """Attacks, compares, and only then runs the good one."""
        if self.attacks and name != "forged":
            self.attack(instruction)
        return super().do(name, instruction, by)

    def attack(self, instruction: Instruction) -> None:
        """Every variant must fail and leave every account of the good one as it is."""
        name, slots = self.described(instruction)
        before = self.bytes_of(instruction)
        for label, variant in self.variants(instruction, name, slots):
            self.tried[name] = self.tried.get(name, 0) + 1
            if isinstance(super().do("forged", variant, self.faucet), Landed):
                self.landed.append(f"{name}: {label}")
        assert self.landed == []
        assert self.bytes_of(instruction) == before, name

    def described(self, instruction: Instruction) -> tuple[str, list[str]]:
        """Name and account names by the interface."""
        head = bytes(instruction.data[:8])
        for name, layout in self.program._instructions.items():
            if layout.discriminator == head:
                return name, [row["name"] for row in layout.accounts]
        raise AssertionError("an instruction that the interface does not have")

    def variants(
        self, instruction: Instruction, name: str, slots: list[str]
    ) -> Iterator[tuple[str, Instruction]]:
        """The instruction with one thing wrong, and what it is."""
        for place, meta in enumerate(instruction.accounts):
            slot = slots[place] if place < len(slots) else f"remaining {place - len(slots)}"
            if meta.is_signer:
                yield f"{slot} does not sign", unsigned(instruction, place)
            if meta.is_signer or (name, slot) in FREE:
                continue
            for kind, wrong in self.wrong_accounts(meta.pubkey):
                yield f"{slot} is {kind}", swapped(instruction, place, wrong)

    def wrong_accounts(self, good: Pubkey) -> Iterator[tuple[str, Pubkey]]:
        """Accounts that must not do in the place of `good`."""
        copy, other = address(f"copy of {str(good)[:20]}"), self.where.pool
        account = self.svm.get_account(good)
        if account is not None and not account.executable:
            self.overwrite(copy, bytes(account.data), owner=address("a foreign program"))
            yield "a copy under a foreign owner", copy
        yield "missing", address("nobody")
        yield "of another kind", self.where.security if good == other else other

    def bytes_of(self, instruction: Instruction) -> list[bytes]:
        """What the accounts of an instruction hold."""
        found = [self.svm.get_account(meta.pubkey) for meta in instruction.accounts]
        return [bytes(account.data) if account else b"" for account in found]


def test_no_wrong_account_and_no_missing_signature_passes() -> None:
    scene = Attacked()
    owner = scene.person("the trader", usd=5_000)
    for market, usd in ((0, 150), (1, 60_000)):
        scene.price(usd, market=market)
    scene.trade(owner, 150 * BASE, 150)
    scene.price(60_000, market=1)
    scene.attacks = True
    scene.require(scene.deposit(owner, USD))
    scene.require(scene.place(owner, BASE // 20, market=1))
    scene.pass_time(2)
    for market, usd in ((0, 150), (1, 60_000)):
        scene.price(usd, market=market)
    scene.require(scene.execute(owner, market=1, keeper_account=scene.keeper_account))
    scene.attacks = False  # A reducing order reads no price: its oracle is anybody's.
    scene.require(scene.place(owner, -BASE, kind=1, limit_price_e6=USD))
    scene.attacks = True
    cancel = scene.build.cancel_order(scene.trader(owner), scene.order(owner))
    scene.require(scene.do("cancel", cancel, owner))
    scene.require(scene.withdraw(owner, USD))
    scene.attacks = False
    scene.pass_time(40)
    scene.settle_on(120)
    scene.price(60_000, market=1)
    scene.attacks = True
    scene.require(scene.settle_funding(owner))
    scene.require(scene.liquidate(owner))

    assert scene.landed == []
    assert len(scene.tried) == 7
    assert sum(scene.tried.values()) > 150
