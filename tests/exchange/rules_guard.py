"""Rules of the guard: delegates, pauses, closed markets, and changes behind the timelock."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import rule

from quantdesk.domain.custody import Tokens
from quantdesk.domain.delegate import Delegate
from quantdesk.domain.ledger import Applied, Refused
from quantdesk.domain.market import MarketStatus
from quantdesk.domain.security import EVERY_PAUSE, Change, MarketChange, Unpause
from tests.domain.fullstep import ADMIN, BOT, GUARDIAN, RIVAL_BOT
from tests.domain.lockstep import SECOND
from tests.domain.onchain import address
from tests.exchange.stage import MARKETS, TRADERS, Stage

BOTS = st.sampled_from((BOT, RIVAL_BOT))
BITS = st.sampled_from((1, 2, 4, 8, 16, 32, 64, 128, 0, 255, 256))
THEFTS = st.sampled_from(("withdraw", "deposit", "transfer", "update", "name", "unname"))


class GuardRules(Stage):
    """What delegates try, and what admin and guardian may."""

    @rule(name=TRADERS, bot=BOTS, permissions=st.integers(0, 4), lasts=st.sampled_from((0, 0, 30)))
    def name_delegate(self, name: str, bot: str, permissions: int, lasts: int) -> None:
        ends = self.proof.now + lasts if lasts else 0
        delegate = Delegate(key=str(address(bot)), permissions=permissions, expires_at=ends)
        self.proof.add_delegate(name, delegate)

    @rule(name=TRADERS, bot=BOTS, by_bot=st.booleans())
    def unname_delegate(self, name: str, bot: str, by_bot: bool) -> None:
        by = address(bot) if by_bot else self.proof.owners[name]
        self.proof.remove_delegate(name, address(bot), by)

    @rule(name=TRADERS, bot=BOTS, index=MARKETS, tenths=st.integers(-60, 60).filter(bool))
    def bot_trades(self, name: str, bot: str, index: int, tenths: int) -> None:
        self.publish_all()
        intent = self.intent(index, self.size(name, index, tenths))
        told = self.proof.place(name, intent, address(bot))
        if isinstance(told, Applied) and tenths % 3:
            self.fill_placed(name)
        elif isinstance(told, Applied):
            self.proof.cancel_by(name, self.order_id, address(bot))

    @rule(name=TRADERS, bot=BOTS, theft=THEFTS)
    def bot_steals(self, name: str, bot: str, theft: str) -> None:
        """I13: a delegate who may do everything that a delegate may still moves no money."""
        proof, by = self.proof, address(bot)
        self.publish_all()
        proof.add_delegate(name, Delegate(key=str(by), permissions=3))
        match theft:
            case "withdraw":
                told = proof.withdraw_token(name, Tokens(amount=1), by)
            case "deposit":
                told = proof.deposit_token(name, Tokens(amount=1), by)
            case "transfer":
                to_name = SECOND if name == "trader 0" else "trader 0"
                told = proof.transfer_by(name, to_name, 1, by)
            case "update":
                told = proof.update_by(name, 100, by)
            case "name":
                told = proof.add_delegate(name, Delegate(key=str(address("x")), permissions=3), by)
            case _:
                told = proof.remove_delegate(name, proof.owners[name], by)
        assert isinstance(told, Refused), f"I13: a delegate did {theft}"

    @rule(bits=BITS, by=st.sampled_from((ADMIN, GUARDIAN, BOT)))
    def pause(self, bits: int, by: str) -> None:
        self.proof.pause(bits, address(by))

    @rule(index=MARKETS, status=st.sampled_from(tuple(MarketStatus)))
    def tighten(self, index: int, status: MarketStatus) -> None:
        self.proof.tighten(index, status, address(GUARDIAN))

    @rule(index=MARKETS, fee=st.sampled_from((300, 500, 700)), is_patient=st.booleans())
    def reopen(self, index: int, fee: int, is_patient: bool) -> None:
        self.wait(1)
        self.enact(Unpause(pause_bits=EVERY_PAUSE), is_patient=True)
        market = self.proof.ledger.markets[index]
        terms = replace(market.params, taker_fee_e6=fee)
        change = MarketChange(status=MarketStatus.ACTIVE, params=terms)
        self.enact(change, is_patient=is_patient)

    def enact(self, change: Change, *, is_patient: bool) -> None:
        self.number += 1
        admin = address(ADMIN)
        self.proof.propose(self.number, change, admin)
        if is_patient:
            self.wait(self.proof.ledger.security.timelock_s)
            self.believe()
        self.proof.execute_change(self.number, admin)
        if not is_patient:
            self.proof.cancel_change(self.number, address(GUARDIAN))
