"""Pool step: the full lock-step pair with claims, banked profit, deleveraging and pool shares."""

from dataclasses import fields as fields_of

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import associated_token_account, derived
from quantdesk.domain.ledger import Outcome
from quantdesk.domain.payout import Closure
from quantdesk.domain.pool import ShareState
from tests.domain.fullstep import FullStep


class PoolStep(FullStep):
    """Everything of `FullStep`, and what moves money between pool and people."""

    def keeper(self) -> Pubkey:
        """Who has the keeper role now."""
        return Pubkey.from_string(self.ledger.security.keeper)

    def pay_claims(self, name: str) -> Outcome:
        """Anyone pays what is due to an account."""
        by = self.owners[name]
        ran = self._run("pay_claims", {"user_account": self.account(name)}, {}, by)
        return self._same(f"pay claims {name}", ran, self.twin.pay_claims(self.key(name)))

    def settle_pnl(self, name: str, market_index: int, by: Pubkey) -> Outcome:
        """Somebody banks a profit."""
        accounts = {"authority": by, **self._held(name, market_index)}
        ran = self._run("settle_pnl", accounts, {}, by)
        told = self.twin.settle_pnl(self.key(name), market_index, at=self.at, by=str(by))
        return self._same(f"settle pnl {name} {market_index} by {by}", ran, told)

    def deleverage(
        self, name: str, market_index: int, rivals: list[str], *, by: Pubkey, most_e9: int = 0
    ) -> Outcome:
        """Somebody closes a winner, comparing it with others."""
        metas = [
            AccountMeta(each, is_signer=False, is_writable=False)
            for rival in rivals
            for each in (
                self.account(rival),
                self.chain.where.position(self.account(rival), market_index),
            )
        ]
        built = self.chain.program.instruction(
            "deleverage",
            {"keeper": by, **self._held(name, market_index)},
            {"max_size_e9": most_e9},
            remaining=metas,
        )
        ran = self.chain.run(built, payer=by)
        closure = Closure(
            account=self.key(name),
            market_index=market_index,
            max_size_e9=most_e9,
            candidates=tuple(self.key(each) for each in rivals),
        )
        told = self.twin.deleverage(closure, by=str(by), at=self.at)
        wish = f"{name} {market_index} {most_e9} {rivals} by {by}"
        return self._same(f"deleverage {wish}", ran, told)

    def seed_pool(self, amount: int) -> Outcome:
        """The admin gives the pool cash."""
        admin, mint = self.chain.admin, self.chain.mint
        self.chain.fund_wallet(admin, amount)
        accounts = {
            "admin": admin,
            "mint": mint,
            "vault_tokens": self.chain.where.vault_tokens(mint),
            "user_tokens": associated_token_account(admin, mint),
        }
        ran = self._run("seed_pool", accounts, {"amount": amount}, admin)
        return self._same(f"seed pool {amount}", ran, self.twin.seed_pool(amount, at=self.at))

    def pool_deposit(self, name: str, amount: int, min_shares: int) -> Outcome:
        """An owner buys shares."""
        owner = self.owners[name]
        built = self.chain.program.instruction(
            "pool_deposit",
            self._vaulted(owner),
            {"amount": amount, "min_shares": min_shares},
            remaining=[*self._markets(), *self._watcher()],
        )
        ran = self.chain.run(built, payer=owner)
        told = self.twin.pool_deposit(str(owner), amount, min_shares=min_shares, at=self.at)
        return self._same(f"pool deposit {name} {amount} {min_shares}", ran, told)

    def request_withdrawal(self, name: str, shares: int) -> Outcome:
        """An owner asks to leave."""
        owner = self.owners[name]
        accounts = {"authority": owner, "pool_share": self._share(owner)}
        ran = self._run("request_pool_withdrawal", accounts, {"shares": shares}, owner)
        told = self.twin.request_pool_withdrawal(str(owner), shares, at=self.at)
        return self._same(f"request {name} {shares}", ran, told)

    def pool_withdraw(self, name: str, min_amount: int) -> Outcome:
        """An owner leaves."""
        owner = self.owners[name]
        built = self.chain.program.instruction(
            "pool_withdraw",
            self._vaulted(owner),
            {"min_amount": min_amount},
            remaining=self._markets(),
        )
        ran = self.chain.run(built, payer=owner)
        told = self.twin.pool_withdraw(str(owner), min_amount=min_amount, at=self.at)
        return self._same(f"pool withdraw {name} {min_amount}", ran, told)

    def compare_everything(self) -> None:
        """As the base, and every share."""
        super().compare_everything()
        for owner, share in self.ledger.pool_shares.items():
            fields = self._read("PoolShare", self._share(Pubkey.from_string(owner)))
            found = ShareState(**{each.name: fields[each.name] for each in fields_of(ShareState)})
            self._equal(f"share of {owner}", found, share)

    def _held(self, name: str, market_index: int) -> dict[str, Pubkey]:
        where, at = self.chain.where, self.account(name)
        return {
            "user_account": at,
            "market": where.market(market_index),
            "oracle": self.chain.oracle(market_index),
            "position": where.position(at, market_index),
        }

    def _vaulted(self, owner: Pubkey) -> dict[str, Pubkey]:
        mint = self.chain.mint
        return {
            "authority": owner,
            "pool_share": self._share(owner),
            "mint": mint,
            "vault_tokens": self.chain.where.vault_tokens(mint),
            "user_tokens": associated_token_account(owner, mint),
        }

    def _share(self, owner: Pubkey) -> Pubkey:
        return derived(self.chain.program.id, b"pool_share", bytes(owner))

    def _watcher(self) -> list[AccountMeta]:
        return []

    def _markets(self) -> list[AccountMeta]:
        found = []
        for index, market in sorted(self.ledger.markets.items()):
            found.append(self.chain.where.market(index))
            if market.long_e9 or market.short_e9:
                found.append(self.chain.oracle(index))
        return [AccountMeta(each, is_signer=False, is_writable=False) for each in found]
