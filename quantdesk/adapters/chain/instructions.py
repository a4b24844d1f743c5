"""The program's instructions as functions of what people mean by them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import associated_token_account
from quantdesk.adapters.chain.codec import Value
from quantdesk.adapters.chain.program import Fields, Program
from quantdesk.adapters.chain.ties import Role, Ties

USDC = 0
"""Index of the settlement currency's vault."""
NO_MARKET = 65_535
"""A free place in `UserAccount.open_markets`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRef:
    """A market, and the oracle account it is pinned to."""

    index: int
    oracle: Pubkey


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultRef:
    """A vault and its oracle account: other collateral, or USDC where an oracle watches it."""

    index: int
    mint: Pubkey
    oracle: Pubkey


@dataclass(frozen=True, slots=True, kw_only=True)
class Trader:
    """An account whose risk an instruction weighs: its address, owner and what it holds."""

    address: Pubkey
    owner: Pubkey
    open_markets: tuple[int, ...] = ()
    balances: tuple[int, ...] = ()
    mandates: int = 0

    @classmethod
    def of(cls, address: Pubkey, account: Fields) -> "Trader":
        """From a decoded UserAccount."""
        return cls(
            address=address,
            owner=account["owner"],
            open_markets=tuple(account["open_markets"]),
            balances=tuple(account["balances"]),
            mandates=account["mandates"],
        )

    def holding(self, vault_index: int, more: int) -> "Trader":
        """With `more` of a token: the program weighs what is left, and a token that is gone is no
        longer in the risk set."""
        balances = list(self.balances)
        balances[vault_index] += more
        return replace(self, balances=tuple(balances))


class Instructions:
    """Builds instructions for one deployment; knows its markets and other-collateral vaults."""

    def __init__(
        self, program: Program, markets: Iterable[MarketRef] = (), vaults: Iterable[VaultRef] = ()
    ) -> None:
        self.program = program
        self._markets = {each.index: each for each in markets}
        self._vaults = {each.index: each for each in vaults}

    def risk_set(self, trader: Trader, *, except_market: int | None = None) -> list[AccountMeta]:
        """What the program reads to weigh an account: its other positions, its other collateral."""
        where, found = self.program.addresses, []
        for index in trader.open_markets:
            if index not in (NO_MARKET, except_market):
                oracle = self._markets[index].oracle
                found += [where.market(index), oracle, where.position(trader.address, index)]
        for index, balance in enumerate(trader.balances):
            if index and balance:
                vault = self._vaults[index]
                found += [where.vault(vault.mint), vault.oracle]
        return [AccountMeta(each, is_signer=False, is_writable=False) for each in found]

    def create_user_account(
        self, owner: Pubkey, sub_account_id: int = 0, name: str = ""
    ) -> Instruction:
        """Open a user account; the owner pays its rent."""
        text = name.encode()[:32].ljust(32, b"\0")
        return self.program.instruction(
            "create_user_account",
            {"authority": owner},
            {"sub_account_id": sub_account_id, "name": text},
        )

    def deposit(self, trader: Trader, mint: Pubkey, amount: int) -> Instruction:
        """Move tokens from the owner's wallet into the account; `amount` in native units."""
        accounts = self._transfer(trader, mint)
        watched = self._vaults.get(USDC)
        remaining = []
        if watched is not None and watched.mint == mint:
            remaining = [AccountMeta(watched.oracle, is_signer=False, is_writable=False)]
        return self.program.instruction(
            "deposit_tokens", accounts, {"amount": amount}, remaining=remaining
        )

    def withdraw(self, trader: Trader, mint: Pubkey, amount: int) -> Instruction:
        """Move tokens from the account to the owner's wallet; `amount` in native units."""
        return self.program.instruction(
            "withdraw_tokens",
            self._transfer(trader, mint),
            {"amount": amount},
            remaining=self.risk_set(self._debited(trader, mint, amount)),
        )

    def vault(self, index: int) -> VaultRef:
        """The vault with an index; KeyError when the deployment is not known to have it."""
        return self._vaults[index]

    def _debited(self, trader: Trader, mint: Pubkey, amount: int) -> Trader:
        index = next((each.index for each in self._vaults.values() if each.mint == mint), None)
        return trader if index is None else trader.holding(index, -amount)

    def place_order(
        self,
        trader: Trader,
        market_index: int,
        params: Mapping[str, Value],
        *,
        by: Pubkey | None = None,
    ) -> Instruction:
        """Place an order, the owner or a delegate; `params` are OrderParams by name."""
        return self._placing("place_order", trader, market_index, params, by or trader.owner)

    def open_position(
        self,
        trader: Trader,
        market_index: int,
        params: Mapping[str, Value],
        *,
        by: Pubkey | None = None,
    ) -> Instruction:
        """Place a market order that opens, extends or flips a position."""
        return self._placing("open_position", trader, market_index, params, by or trader.owner)

    def close_position(
        self,
        trader: Trader,
        market_index: int,
        params: Mapping[str, Value],
        *,
        by: Pubkey | None = None,
    ) -> Instruction:
        """Place a market order that only reduces; size zero closes the whole position."""
        return self._placing("close_position", trader, market_index, params, by or trader.owner)

    def place_bracket(
        self,
        trader: Trader,
        market_index: int,
        params: Mapping[str, Value],
        *,
        parent: Pubkey | None = None,
        by: Pubkey | None = None,
    ) -> Instruction:
        """Place a take profit and a stop, for a parent order or for the position that is open."""
        where, authority = self.program.addresses, by or trader.owner
        legs = {leg: params[leg]["client_order_id"] for leg in ("take_profit", "stop")}
        accounts = {
            "authority": authority,
            "user_account": trader.address,
            "market": where.market(market_index),
            "oracle": self._markets[market_index].oracle,
            "position": where.position(trader.address, market_index),
            **{leg: where.order(trader.address, number) for leg, number in legs.items()},
            **self._mandate(trader, authority),
        }
        if parent is not None:
            accounts["parent"] = parent
        return self.program.instruction("place_bracket", accounts, {"params": params})

    def set_mandate(
        self, trader: Trader, delegate: Pubkey, params: Mapping[str, Value]
    ) -> Instruction:
        """Cap what a delegate may do; `params` are MandateParams by name."""
        return self.program.instruction(
            "set_mandate",
            self._mandated(trader, delegate),
            {"delegate": delegate, "params": params},
        )

    def close_mandate(self, trader: Trader, delegate: Pubkey) -> Instruction:
        """End a mandate and take its delegate off the account."""
        accounts = self._mandated(trader, delegate)
        return self.program.instruction("close_mandate", accounts, {"delegate": delegate})

    def cancel_order(
        self,
        trader: Trader,
        order: Pubkey,
        *,
        by: Pubkey | None = None,
        ties: Ties | None = None,
    ) -> Instruction:
        """Take an order back; anybody may once it has expired, or when `ties` show an orphan.

        The rent goes to the owner.
        """
        accounts = {
            "authority": by or trader.owner,
            "user_account": trader.address,
            "order": order,
            "owner": trader.owner,
        }
        if ties is not None:
            accounts |= ties.proof(self.program.addresses, trader.address)
        return self.program.instruction("cancel_order", accounts)

    def execute_order(
        self,
        trader: Trader,
        order: Pubkey,
        market_index: int,
        *,
        keeper: Pubkey,
        keeper_account: Pubkey | None = None,
    ) -> Instruction:
        """Fill an order of the owner at the posted price, outside of any bracket.

        The reward goes to `keeper_account` when given.
        """
        plain = Ties(placed_by=trader.owner, market_index=market_index)
        return self.execute_tied(trader, order, plain, keeper=keeper, keeper_account=keeper_account)

    def execute_tied(
        self,
        trader: Trader,
        order: Pubkey,
        ties: Ties,
        *,
        keeper: Pubkey,
        keeper_account: Pubkey | None = None,
    ) -> Instruction:
        """Fill any order, with what it is tied to: its bracket, its placer's mandate."""
        where = self.program.addresses
        accounts = {
            "keeper": keeper,
            "user_account": trader.address,
            "owner": trader.owner,
            "order": order,
            **self._market(trader, ties.market_index),
            **ties.links(where, trader.address),
            **self._mandate(trader, ties.placed_by),
        }
        if keeper_account is not None:
            accounts["keeper_account"] = keeper_account
        # A leg only reduces, and a reduction is not weighed against the rest of the account.
        is_weighed = ties.role is not Role.AWAKE
        weighed = self.risk_set(trader, except_market=ties.market_index) if is_weighed else []
        return self.program.instruction("execute_order", accounts, remaining=weighed)

    def liquidate(
        self,
        trader: Trader,
        market_index: int,
        *,
        liquidator: Pubkey,
        liquidator_account: Pubkey,
        max_size_e9: int = 0,
    ) -> Instruction:
        """Close what an account below maintenance must give up; zero closes as needed."""
        accounts = {
            "liquidator": liquidator,
            "liquidator_account": liquidator_account,
            "user_account": trader.address,
            **self._market(trader, market_index),
        }
        return self.program.instruction(
            "liquidate",
            accounts,
            {"max_size_e9": max_size_e9},
            remaining=self.risk_set(trader, except_market=market_index),
        )

    def resolve_bankruptcy(self, account: Pubkey) -> Instruction:
        """Let the fund and the pool pay the debt of an account that holds nothing any more."""
        return self.program.instruction("resolve_bankruptcy", {"user_account": account})

    def pay_claims(self, account: Pubkey) -> Instruction:
        """Hand an account what the pool owes it and can pay."""
        return self.program.instruction("pay_claims", {"user_account": account})

    def deleverage(
        self,
        trader: Trader,
        market_index: int,
        *,
        keeper: Pubkey,
        candidates: Sequence[Pubkey] = (),
    ) -> Instruction:
        """Close a winner while the pool is under its floor; `candidates` rank after it."""
        where, named = self.program.addresses, []
        for each in candidates:
            named += [each, where.position(each, market_index)]
        accounts = {
            "keeper": keeper,
            "user_account": trader.address,
            **self._market(trader, market_index),
        }
        return self.program.instruction(
            "deleverage",
            accounts,
            {"max_size_e9": 0},
            remaining=[AccountMeta(each, is_signer=False, is_writable=False) for each in named],
        )

    def update_oracle_price(self, market_index: int) -> Instruction:
        """Let a market take note of the posted price."""
        return self.program.instruction("update_oracle_price", self._priced(market_index))

    def settle_funding(self, market_index: int, trader: Trader | None = None) -> Instruction:
        """Accrue a market's funding, and settle one account's share when given."""
        accounts = self._priced(market_index)
        if trader is not None:
            accounts["user_account"] = trader.address
            position = self.program.addresses.position(trader.address, market_index)
            accounts["position"] = position
        return self.program.instruction("settle_funding", accounts)

    def _mandated(self, trader: Trader, delegate: Pubkey) -> dict[str, Pubkey]:
        return {
            "authority": trader.owner,
            "user_account": trader.address,
            "mandate": self.program.addresses.mandate(trader.address, delegate),
        }

    def _mandate(self, trader: Trader, placer: Pubkey) -> dict[str, Pubkey]:
        if placer == trader.owner or trader.mandates == 0:
            return {}
        return {"mandate": self.program.addresses.mandate(trader.address, placer)}

    def _placing(
        self,
        name: str,
        trader: Trader,
        market_index: int,
        params: Mapping[str, Value],
        authority: Pubkey,
    ) -> Instruction:
        where = self.program.addresses
        accounts = {
            "authority": authority,
            "user_account": trader.address,
            "market": where.market(market_index),
            "oracle": self._markets[market_index].oracle,
            "position": where.position(trader.address, market_index),
            "order": where.order(trader.address, params["client_order_id"]),
            **self._mandate(trader, authority),
        }
        return self.program.instruction(
            name,
            accounts,
            {"params": params},
            remaining=self.risk_set(trader, except_market=market_index),
        )

    def _priced(self, market_index: int) -> dict[str, Pubkey]:
        return {
            "market": self.program.addresses.market(market_index),
            "oracle": self._markets[market_index].oracle,
        }

    def _market(self, trader: Trader, market_index: int) -> dict[str, Pubkey]:
        position = self.program.addresses.position(trader.address, market_index)
        return {**self._priced(market_index), "position": position}

    def _transfer(self, trader: Trader, mint: Pubkey) -> dict[str, Pubkey]:
        return {
            "authority": trader.owner,
            "user_account": trader.address,
            "mint": mint,
            "vault_tokens": self.program.addresses.vault_tokens(mint),
            "user_tokens": associated_token_account(trader.owner, mint),
        }
