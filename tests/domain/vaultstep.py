"""Vault step: the pool step with native SOL, sold collateral, tightened vaults, a watched USDC."""

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import derived, price_update
from quantdesk.domain.account import USDC
from quantdesk.domain.conversion import Offer
from quantdesk.domain.custody import Tokens
from quantdesk.domain.ledger import Ledger, Outcome
from quantdesk.domain.vault import VaultLimits
from tests.domain.fullstep import WRAPPED_SOL
from tests.domain.onchain import OnChain, token_feed
from tests.domain.poolstep import PoolStep


class NativeChain(OnChain):
    """One vault's tokens are wrapped SOL."""

    native_vault = WRAPPED_SOL.index


class WatchedChain(NativeChain):
    """The same, and an oracle watches USDC."""

    watches_usdc = True


class VaultStep(PoolStep):
    """Everything of `PoolStep`, and what happens to collateral besides coming and going."""

    chain_type = NativeChain

    def deposit(self, name: str, amount: int) -> Outcome:
        """A trader deposits USDC e6 under the eyes of its oracle."""
        built = self.chain.build.deposit(self._trader(name), self.chain.mint, amount)
        built = type(built)(
            built.program_id, bytes(built.data), [*built.accounts, *self._watcher()]
        )
        ran = self.chain.run(built, payer=self.owners[name])
        told = self.twin.deposit(self.key(name), amount, at=self.at)
        return self._same(f"deposit {name} {amount}", ran, told)

    def deposit_native(self, name: str, lamports: int) -> Outcome:
        """A trader deposits lamports."""
        built = self.chain.program.instruction(
            "deposit_native_sol", self._native(name), {"amount": lamports}
        )
        ran = self.chain.run(built, payer=self.owners[name])
        told = self.twin.deposit(self.key(name), self._lamports(lamports), at=self.at)
        return self._same(f"deposit native {name} {lamports}", ran, told)

    def withdraw_native(self, name: str, lamports: int) -> Outcome:
        """A trader withdraws lamports."""
        left = self._left(name, WRAPPED_SOL.index, -lamports)
        built = self.chain.program.instruction(
            "withdraw_native_sol", self._native(name), {"amount": lamports}, remaining=left
        )
        ran = self.chain.run(built, payer=self.owners[name])
        told = self.twin.withdraw(self.key(name), self._lamports(lamports), at=self.at)
        return self._same(f"withdraw native {name} {lamports}", ran, told)

    def convert(self, names: tuple[str, str], offer: Offer, by: Pubkey) -> Outcome:
        """Somebody buys collateral of the first named for the second named."""
        seller, buyer = names
        index = offer.vault_index
        accounts = {
            "buyer": by,
            "user_account": self.account(seller),
            "buyer_account": self.account(buyer),
            "vault": self.chain.where.vault(self._mint(index)),
            "oracle": price_update(token_feed(index)),
        }
        if offer.agreed_by is not None:
            accounts["owner"] = Pubkey.from_string(offer.agreed_by)
        weighed = [] if offer.agreed_by else self.chain.build.risk_set(self._trader(seller))
        arguments = {
            "amount": offer.amount,
            "min_usdc_e6": offer.min_usdc_e6,
            "max_usdc_e6": offer.max_usdc_e6,
        }
        built = self.chain.program.instruction(
            "convert_collateral",
            accounts,
            arguments,
            remaining=[*weighed, *self._left(buyer, index, offer.amount)],
        )
        ran = self.chain.run(built, payer=by)
        told = self.twin.convert_collateral(offer, by=str(by), at=self.at)
        return self._same(f"convert {offer} by {by}", ran, told)

    def tighten_vault(self, vault_index: int, limits: VaultLimits, by: Pubkey) -> Outcome:
        """Somebody lowers a vault's limits."""
        accounts = {"authority": by, "vault": self.chain.where.vault(self._mint(vault_index))}
        arguments = {
            "weight_init_e6": limits.weight_init_e6,
            "deposit_cap": limits.deposit_cap,
            "outflow_floor": limits.outflow_floor,
            "outflow_share_e6": limits.outflow_share_e6,
        }
        ran = self._run("tighten_vault", accounts, arguments, by)
        told = self.twin.tighten_vault(vault_index, limits, by=str(by), at=self.at)
        return self._same(f"tighten vault {vault_index} {limits} by {by}", ran, told)

    def compare_everything(self) -> None:
        """As the base, and the lamports."""
        super().compare_everything()
        at = derived(self.chain.program.id, b"sol_vault")
        fields = self.chain.fields("ProtocolSolVault", at)
        counted = 0 if fields is None else fields["lamports"]
        self._equal("lamports", counted, self.ledger.native_lamports)
        if fields is not None:
            account = self.chain.svm.get_account(at)
            assert account is not None
            rent = self.chain.svm.minimum_balance_for_rent_exemption(len(account.data))
            self._equal("lamports held", account.lamports, rent + counted)

    def _watcher(self) -> list[AccountMeta]:
        if not self.chain.watches_usdc:
            return []
        oracle = price_update(token_feed(USDC))
        return [AccountMeta(oracle, is_signer=False, is_writable=False)]

    def _left(self, name: str, vault_index: int, more: int) -> list[AccountMeta]:
        trader = self._trader(name)
        balances = list(trader.balances)
        balances[vault_index] += more
        return self.chain.build.risk_set(
            type(trader)(
                address=trader.address,
                owner=trader.owner,
                open_markets=trader.open_markets,
                balances=tuple(balances),
            )
        )

    def _native(self, name: str) -> dict[str, Pubkey]:
        return {
            "authority": self.owners[name],
            "user_account": self.account(name),
            "vault": self.chain.where.vault(self._mint(WRAPPED_SOL.index)),
        }

    def _lamports(self, amount: int) -> Tokens:
        return Tokens(amount=amount, vault_index=WRAPPED_SOL.index, is_native=True)

    def _ledger(self, indices: tuple[int, ...]) -> Ledger:
        ledger = super()._ledger(indices)
        ledger.native_vault = self.chain.native_vault
        return ledger
