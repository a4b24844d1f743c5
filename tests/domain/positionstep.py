"""Position step: the pool step with brackets, mandates, and positions opened and closed by name."""

from dataclasses import asdict, fields, replace

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import derived
from quantdesk.domain.bracket import Bracket
from quantdesk.domain.ledger import Outcome
from quantdesk.domain.mandate import MandateCaps
from quantdesk.domain.order import Order, OrderIntent, Role
from tests.domain.lockstep import KEEPER
from tests.domain.onchain import Failed
from tests.domain.poolstep import PoolStep

PLACING = ("place_order", "open_position", "close_position")


class PositionStep(PoolStep):
    """Everything of `PoolStep`; whatever is tied to an order is passed along with it."""

    def place(self, name: str, intent: OrderIntent, by: Pubkey | None = None) -> Outcome:
        """Somebody places an order."""
        return self.place_by("place_order", name, intent, by or self.owners[name])

    def place_by(self, verb: str, name: str, intent: OrderIntent, by: Pubkey) -> Outcome:
        """Somebody places an order by one of the instructions that do."""
        index = intent.market_index
        params = {each.name: getattr(intent, each.name) for each in fields(intent)}
        accounts = {
            "authority": by,
            **self._held(name, index),
            "order": self._order(name, intent.client_order_id),
            **self._mandate(name, by),
        }
        remaining = self.chain.build.risk_set(self._trader(name), except_market=index)
        built = self.chain.program.instruction(
            verb, accounts, {"params": params}, remaining=remaining
        )
        ran = self.chain.run(built, payer=by)
        tell = getattr(self.twin, verb)
        told = tell(self.key(name), intent, at=self.at, by=str(by))
        return self._same(f"{verb} {name} {intent} by {by}", ran, told)

    def place_bracket(self, name: str, bracket: Bracket, by: Pubkey) -> Outcome:
        """Somebody places a bracket, under an order or around a position."""
        accounts = {
            "authority": by,
            **self._held(name, bracket.market_index),
            "take_profit": self._order(name, bracket.take_profit.client_order_id),
            "stop": self._order(name, bracket.stop.client_order_id),
            **self._mandate(name, by),
        }
        if bracket.parent_id is not None:
            accounts["parent"] = self._order(name, bracket.parent_id)
        params = {
            "take_profit": asdict(bracket.take_profit),
            "stop": asdict(bracket.stop),
            "expires_at": bracket.expires_at,
        }
        ran = self._run("place_bracket", accounts, {"params": params}, by)
        told = self.twin.place_bracket(self.key(name), bracket, at=self.at, by=str(by))
        return self._same(f"bracket {name} {bracket} by {by}", ran, told)

    def execute(self, name: str, order_id: int, *, with_reward: bool) -> Outcome:
        """The keeper executes an order with all that is tied to it."""
        order = self.ledger.orders[(self.key(name), order_id)]
        built = self._execution(name, order, self._ties(name, order), with_reward=with_reward)
        ran = self.chain.run(built, payer=self.owners[KEEPER])
        rewarded = self.key(KEEPER) if with_reward else None
        told = self.twin.execute_order(self.key(name), order_id, keeper=rewarded, at=self.at)
        return self._same(f"execute {name} {order_id} {with_reward}", ran, told)

    def execute_without(self, name: str, order_id: int) -> str | None:
        """The keeper leaves out an order that another is tied to; the program's refusal."""
        order = self.ledger.orders[(self.key(name), order_id)]
        ties = self._ties(name, order)
        links = [role for role in ties if role != "mandate"]
        if not links:
            return None
        del ties[links[-1]]
        self.log.append(f"{self.now} execute {name} {order_id} with only {list(ties)}")
        ran = self.chain.run(
            self._execution(name, order, ties, with_reward=False), payer=self.owners[KEEPER]
        )
        assert isinstance(ran, Failed), self._story(f"executed without a tied account: {ran}")
        self.compare_everything()
        return ran.error

    def cancel_by(self, name: str, order_id: int, by: Pubkey) -> Outcome:
        """Somebody cancels an order, showing what could make it an orphan."""
        order = self.ledger.orders[(self.key(name), order_id)]
        accounts = {
            "authority": by,
            "user_account": self.account(name),
            "order": self._order(name, order_id),
            "owner": self.owners[name],
        }
        if order.role is Role.AWAKE:
            at = self.chain.where.position(self.account(name), order.market_index)
            accounts["position"] = at
        if order.role is Role.ASLEEP:
            accounts["parent"] = self._order(name, order.link_ids[1])
        ran = self._run("cancel_order", accounts, {}, by)
        told = self.twin.cancel_order(self.key(name), order_id, at=self.at, by=str(by))
        return self._same(f"cancel {name} {order_id} by {by}", ran, told)

    def set_mandate(self, name: str, delegate: Pubkey, caps: MandateCaps, by: Pubkey) -> Outcome:
        """Somebody caps a key."""
        accounts = {
            "authority": by,
            "user_account": self.account(name),
            "mandate": self._mandate_of(name, delegate),
        }
        arguments = {"delegate": delegate, "params": asdict(caps)}
        ran = self._run("set_mandate", accounts, arguments, by)
        told = self.twin.set_mandate(self.key(name), str(delegate), caps, at=self.at, by=str(by))
        return self._same(f"mandate {name} {delegate} {caps} by {by}", ran, told)

    def close_mandate(self, name: str, delegate: Pubkey, by: Pubkey) -> Outcome:
        """Somebody ends a key's caps."""
        accounts = {
            "authority": by,
            "user_account": self.account(name),
            "mandate": self._mandate_of(name, delegate),
        }
        ran = self._run("close_mandate", accounts, {"delegate": delegate}, by)
        told = self.twin.close_mandate(self.key(name), str(delegate), by=str(by))
        return self._same(f"close mandate {name} {delegate} by {by}", ran, told)

    def compare_everything(self) -> None:
        """As the base, and every mandate."""
        super().compare_everything()
        for (key, delegate), mandate in self.ledger.mandates.items():
            at = self._mandate_of(self.name_of(key), Pubkey.from_string(delegate))
            found = self._read("Mandate", at)
            caps = MandateCaps(**{each.name: found[each.name] for each in fields(MandateCaps)})
            kept = replace(mandate, caps=caps, day=found["day"], day_start_e6=found["day_start_e6"])
            self._equal(f"mandate of {delegate} for {key}", kept, mandate)

    def _execution(
        self, name: str, order: Order, ties: dict[str, Pubkey], *, with_reward: bool
    ) -> Instruction:
        index = order.market_index
        accounts = {
            "keeper": self.owners[KEEPER],
            "owner": self.owners[name],
            **self._held(name, index),
            "order": self._order(name, order.client_order_id),
            **ties,
        }
        if with_reward:
            accounts["keeper_account"] = self.account(KEEPER)
        remaining = self.chain.build.risk_set(self._trader(name), except_market=index)
        return self.chain.program.instruction("execute_order", accounts, remaining=remaining)

    def _ties(self, name: str, order: Order) -> dict[str, Pubkey]:
        wanted = {Role.PARENT: 2, Role.AWAKE: 1}.get(order.role, 0)
        links = dict(zip(("first_link", "second_link"), order.link_ids[:wanted], strict=False))
        placer = Pubkey.from_string(order.placed_by)
        found = {role: self._order(name, number) for role, number in links.items()}
        return found | self._mandate(name, placer)

    def _mandate(self, name: str, placer: Pubkey) -> dict[str, Pubkey]:
        account = self.ledger.accounts[self.key(name)]
        if placer == self.owners[name] or account.mandates == 0:
            return {}
        return {"mandate": self._mandate_of(name, placer)}

    def _mandate_of(self, name: str, delegate: Pubkey) -> Pubkey:
        program = self.chain.program.id
        return derived(program, b"mandate", bytes(self.account(name)), bytes(delegate))

    def _order(self, name: str, order_id: int) -> Pubkey:
        return self.chain.where.order(self.account(name), order_id)
