"""Full step: the lock-step pair with other collateral, delegates, pauses and timelocked changes."""

from typing import Any

from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import derived
from quantdesk.adapters.chain.program import Fields
from quantdesk.domain.custody import Tokens
from quantdesk.domain.delegate import Delegate
from quantdesk.domain.ledger import Ledger, Outcome
from quantdesk.domain.market import SOL, MarketStatus
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.security import (
    Change,
    MarketChange,
    Proposal,
    SecurityChange,
    SecurityState,
    Unpause,
    VaultChange,
)
from quantdesk.domain.vault import Outflow, VaultState
from quantdesk.world.chain.genesis import market_params
from tests.domain.lockstep import KEEPER, Lockstep, signed_by
from tests.domain.onchain import (
    INSURANCE_E6,
    POOL_E6,
    VAULT,
    Failed,
    Landed,
    address,
    vault_params,
)

BOT = "bot"
RIVAL_BOT = "rival bot"
MORE_BOTS = tuple(f"bot {number}" for number in range(4))
ADMIN = "admin"
GUARDIAN = "guardian"
INSTRUCTIONS = Pubkey.from_string("Sysvar1nstructions1111111111111111111111111")


def _token(index: int, decimals: int, weights: tuple[int, int], cap: int) -> VaultState:
    return VaultState(
        index=index,
        decimals=decimals,
        weight_init_e6=weights[0],
        weight_maint_e6=weights[1],
        conf_gate_e6=5_000,
        age_max_s=10,
        deposit_cap=cap,
        outflow=Outflow(floor=cap // 100, share_e6=250_000),
    )


USDT = _token(1, 6, (950_000, 980_000), 100_000 * 10**6)
WRAPPED_SOL = _token(2, 9, (800_000, 900_000), 2_000 * 10**9)
WRAPPED_BTC = _token(3, 8, (850_000, 920_000), 3 * 10**8)
COLLATERALS = (USDT, WRAPPED_SOL, WRAPPED_BTC)


class FullStep(Lockstep):
    """Everything of `Lockstep`, and the instructions around trading."""

    def __init__(
        self, traders: int = 3, *, pool_e6: int = POOL_E6, insurance_e6: int = INSURANCE_E6
    ) -> None:
        """Opens both exchanges with three collaterals and funds those who sign."""
        super().__init__(
            traders, pool_e6=pool_e6, insurance_e6=insurance_e6, collaterals=COLLATERALS
        )
        for name in (BOT, RIVAL_BOT, GUARDIAN, *MORE_BOTS):
            self.chain.svm.airdrop(address(name), 10**12)

    def publish_token(self, vault_index: int, reading: PriceReading) -> None:
        """Posts a collateral's price to both."""
        self.log.append(f"{self.now} publish token {vault_index} {reading}")
        self.chain.publish_token(vault_index, reading, slot=self.slot)
        self.twin.publish_token(vault_index, reading)

    def deposit_token(self, name: str, tokens: Tokens, by: Pubkey | None = None) -> Outcome:
        """Somebody deposits another token."""
        owner = self.owners[name]
        built = self.chain.build.deposit(
            self._trader(name), self._mint(tokens.vault_index), tokens.amount
        )
        ran = self.chain.run(signed_by(built, owner, by or owner), payer=by or owner)
        told = self.twin.deposit(
            self.key(name),
            tokens.amount,
            vault_index=tokens.vault_index,
            at=self.at,
            by=str(by or owner),
        )
        return self._same(f"deposit {name} {tokens} by {by}", ran, told)

    def withdraw_token(self, name: str, tokens: Tokens, by: Pubkey | None = None) -> Outcome:
        """Somebody withdraws another token."""
        owner, index = self.owners[name], tokens.vault_index
        built = self.chain.build.withdraw(self._trader(name), self._mint(index), tokens.amount)
        ran = self.chain.run(signed_by(built, owner, by or owner), payer=by or owner)
        told = self.twin.withdraw(self.key(name), tokens, at=self.at, by=str(by or owner))
        return self._same(f"withdraw {name} {tokens} by {by}", ran, told)

    def add_delegate(self, name: str, delegate: Delegate, by: Pubkey | None = None) -> Outcome:
        """Somebody adds a delegate."""
        owner = self.owners[name]
        record = {
            "key": Pubkey.from_string(delegate.key),
            "permissions": delegate.permissions,
            "expires_at": delegate.expires_at,
        }
        accounts = {"authority": by or owner, "user_account": self.account(name)}
        ran = self._run("add_delegate", accounts, {"delegate": record}, by or owner)
        told = self.twin.add_delegate(self.key(name), delegate, at=self.at, by=str(by or owner))
        return self._same(f"add {delegate} to {name} by {by}", ran, told)

    def remove_delegate(self, name: str, key: Pubkey, by: Pubkey) -> Outcome:
        """Somebody removes a delegate."""
        accounts = {"authority": by, "user_account": self.account(name)}
        ran = self._run("remove_delegate", accounts, {"key": key}, by)
        told = self.twin.remove_delegate(self.key(name), str(key), by=str(by))
        return self._same(f"remove {key} from {name} by {by}", ran, told)

    def pause(self, bits: int, by: Pubkey) -> Outcome:
        """Somebody sets pause bits."""
        ran = self._run("pause", {"authority": by}, {"pause_bits": bits}, by)
        return self._same(
            f"pause {bits} by {by}", ran, self.twin.pause(bits, by=str(by), at=self.at)
        )

    def tighten(self, market_index: int, status: MarketStatus, by: Pubkey) -> Outcome:
        """Somebody closes a market further."""
        accounts = {"authority": by, "market": self.chain.where.market(market_index)}
        ran = self._run("tighten_market", accounts, {"status": int(status)}, by)
        told = self.twin.tighten_market(market_index, status, by=str(by), at=self.at)
        return self._same(f"tighten {market_index} {status} by {by}", ran, told)

    def propose(self, number: int, change: Change, by: Pubkey) -> Outcome:
        """Somebody proposes a change."""
        accounts = {"admin": by, "instructions": INSTRUCTIONS, "proposal": self._proposal(number)}
        arguments = {"id": number, "change": self._record(change)}
        ran = self._run("propose_change", accounts, arguments, by)
        told = self.twin.propose_change(number, change, by=str(by), at=self.at)
        return self._same(f"propose {number} {change} by {by}", ran, told)

    def execute_change(self, number: int, by: Pubkey) -> Outcome:
        """Somebody executes a proposed change."""
        change = self.ledger.proposals[number].change
        accounts = {"admin": by, "instructions": INSTRUCTIONS, "proposal": self._proposal(number)}
        if isinstance(change, MarketChange):
            accounts["market"] = self.chain.where.market(change.params.index)
        if isinstance(change, VaultChange):
            accounts["vault"] = self.chain.where.vault(self._mint(change.rules.index))
        ran = self._run("execute_change", accounts, {}, by)
        told = self.twin.execute_change(number, by=str(by), at=self.at)
        return self._same(f"execute change {number} by {by}", ran, told)

    def cancel_change(self, number: int, by: Pubkey) -> Outcome:
        """Somebody cancels a proposed change."""
        accounts = {"authority": by, "proposal": self._proposal(number)}
        ran = self._run("cancel_change", accounts, {}, by)
        return self._same(
            f"cancel change {number} by {by}", ran, self.twin.cancel_change(number, by=str(by))
        )

    def compare_everything(self) -> None:
        """As the base, and vaults, delegates, roles and proposals."""
        super().compare_everything()
        for index, vault in self.ledger.collaterals.items():
            self._equal(f"vault {index}", self._vault(self._mint(index)), vault)
            tokens = self.chain.vault_tokens(self._mint(index))
            lamports = self.ledger.native_lamports if index == self.chain.native_vault else 0
            self._equal(f"tokens in vault {index}", tokens + lamports, vault.total_deposits)
        for name in self.owners:
            fields = self._read("UserAccount", self.account(name))
            places = tuple(
                Delegate(**each | {"key": str(each["key"])}) for each in fields["delegates"]
            )
            self._equal(f"delegates of {name}", places, self.ledger.delegates_of(self.key(name)))
        self._equal("security", self._security(), self.ledger.security)
        for number, proposal in self.ledger.proposals.items():
            fields = self._read("Proposal", self._proposal(number))
            self._equal(f"proposal {number}", waiting(fields), waits(proposal))

    def _ledger(self, indices: tuple[int, ...]) -> Ledger:
        ledger = super()._ledger(indices)
        ledger.security = self._security()
        ledger.collaterals = {
            each.index: self._vault(self._mint(each.index)) for each in COLLATERALS
        }
        return ledger

    def _security(self) -> SecurityState:
        fields = self._read("Security", self.chain.where.security)
        roles = {role: str(fields[role]) for role in ("admin", "guardian", "keeper")}
        return SecurityState(
            **roles,
            pause_bits=fields["pause_bits"],
            timelock_s=fields["timelock_s"],
            sequence=fields["sequence"],
            tightened_at=fields["tightened_at"],
        )

    def _mint(self, vault_index: int) -> Pubkey:
        return self.chain.mint_of(vault_index)

    def _proposal(self, number: int) -> Pubkey:
        return derived(self.chain.program.id, b"proposal", number.to_bytes(8, "little"))

    def _run(
        self, name: str, accounts: dict[str, Pubkey], arguments: dict[str, Any], by: Pubkey
    ) -> Landed | Failed:
        return self.chain.run(self.chain.program.instruction(name, accounts, arguments), payer=by)

    def _record(self, change: Change) -> dict[str, Any]:
        nobody = Pubkey.default()
        record: dict[str, Any] = {
            "kind": KINDS[type(change)],
            "index": 0,
            "status": 0,
            "pause_bits": 0,
            **dict.fromkeys(("admin", "guardian", "keeper"), nobody),
            "timelock_s": 0,
            "keeper_reward_e6": 0,
            "daily_loss_share_e6": 0,
            "market": market_params(SOL, self.chain.feeds[0]),
            "vault": VAULT,
        }
        match change:
            case Unpause():
                record["pause_bits"] = change.pause_bits
            case MarketChange():
                index = change.params.index
                terms = market_params(change.params, self.chain.feeds[index])
                record |= {"index": index, "status": int(change.status), "market": terms}
            case VaultChange():
                rules = vault_params(change.rules)
                record |= {"index": change.rules.index, "vault": rules}
            case SecurityChange():
                for role in ("admin", "guardian", "keeper"):
                    record[role] = Pubkey.from_string(getattr(change, role))
                for figure in ("timelock_s", "keeper_reward_e6", "daily_loss_share_e6"):
                    record[figure] = getattr(change, figure)
        return record


def waiting(fields: Fields) -> tuple[int, int, bool]:
    """From when and until when a proposal on chain waits, and whether it names a guardian only."""
    return fields["proposed_at"], fields["executable_at"], fields["guardian_only"]


def waits(proposal: Proposal) -> tuple[int, int, bool]:
    """The same of the twin's."""
    return proposal.proposed_at, proposal.executable_at, proposal.guardian_only


KINDS: dict[type, int] = {Unpause: 0, MarketChange: 1, VaultChange: 2, SecurityChange: 3}
__all__ = ["ADMIN", "BOT", "COLLATERALS", "GUARDIAN", "KEEPER", "RIVAL_BOT", "FullStep"]
