"""The fullest exchange that the program allows: eight markets, eight vaults, full accounts."""

from collections.abc import Callable
from dataclasses import replace
from enum import Enum

from solders.account import Account
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.compute_budget import set_compute_unit_limit
from solders.instruction import AccountMeta, Instruction
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from quantdesk.adapters.chain.addresses import associated_token_account, price_update
from quantdesk.adapters.chain.collateral import Sale, convert_collateral
from quantdesk.domain.liquidity import COOLDOWN_S
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.vault import Outflow, VaultState
from tests.domain.onchain import Failed, Landed, OnChain, address, token_mint
from tests.program.scene import BASE, FLAT_SOL, START_S, USD, Scene

MARKETS = tuple(replace(FLAT_SOL, index=index) for index in range(8))
TOKENS = tuple(
    VaultState(
        index=index,
        decimals=9,
        weight_init_e6=800_000,
        weight_maint_e6=900_000,
        conf_gate_e6=10_000,
        age_max_s=10,
        deposit_cap=10**15,
        outflow=Outflow(floor=10**12, share_e6=250_000),
    )
    for index in range(1, 8)
)
RIVALS = 8


class Mix(Enum):
    """How many markets and tokens an account holds at most, as the bound of its risk set allows."""

    MARKETS = (8, 0)
    BOTH = (4, 6)
    TOKENS = (3, 7)


UNITS_MAX = 1_400_000
TABLE_PROGRAM = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
# A table that never closes, extended before anything that happens here, without an authority.
TABLE_HEAD = (1).to_bytes(4, "little") + b"\xff" * 8 + bytes(44)


class Crowd(Scene):
    """Everybody trades at 150 US dollars in every market."""

    def __init__(self, mix: Mix = Mix.MARKETS) -> None:
        """Opens everything; the trader holds positions and tokens as the mix says."""
        self.units: dict[str, int] = {}
        self.now, self.slot, self.order_id = START_S, 1_000, 0
        self.usd = 150.0
        OnChain.__init__(self, MARKETS, now=START_S, collaterals=TOKENS)
        self.keeper = self.person("the keeper")
        self.keeper_account = self.where.user_account(self.keeper)
        self.owner = self.person("the trader", usd=20_000)
        self.fresh()
        markets, tokens = mix.value
        for token in TOKENS[:tokens]:
            self.give(token.index)
        for market in range(markets):
            self.fill(self.owner, market, 100 * BASE)

    def do(self, name: str, instruction: Instruction, by: Pubkey) -> Landed | Failed:
        """Runs one instruction of any length: its accounts come from a lookup table."""
        spent = self.spent(instruction, by)
        if isinstance(spent, TransactionMetadata):
            self.units[name] = spent.compute_units_consumed()
            return Landed(self.program.events(spent.logs()))
        return Failed(self._error_name(spent))

    def spent(
        self, instruction: Instruction, payer: Pubkey
    ) -> TransactionMetadata | FailedTransactionMetadata:
        """What became of an instruction, with the largest budget there is."""
        named = dict.fromkeys(meta.pubkey for meta in instruction.accounts if not meta.is_signer)
        table = AddressLookupTableAccount(address("a lookup table"), list(named))
        keys = b"".join(bytes(key) for key in named)
        account = Account(10**9, TABLE_HEAD + keys, TABLE_PROGRAM, False, 0)
        self.svm.set_account(table.key, account)
        self.svm.expire_blockhash()
        budget = set_compute_unit_limit(UNITS_MAX)
        message = MessageV0.try_compile(
            payer, [budget, instruction], [table], self.svm.latest_blockhash()
        )
        signers = [Signature.default()] * message.header.num_required_signatures
        return self.svm.send_transaction(VersionedTransaction.populate(message, signers))

    def fresh(self) -> None:
        """Publishes every price, dated now; the first market's may differ."""
        for market in range(len(MARKETS)):
            self.price(150 if market else self.usd, market=market)
        for token in TOKENS:
            reading = PriceReading(price_e6=100 * USD, conf_e6=50_000, publish_time=self.now)
            self.publish_token(token.index, reading, slot=self.slot)

    def later(self, seconds: int = 1) -> None:
        """Lets time pass and publishes again."""
        self.pass_time(seconds)
        self.fresh()

    def moved(self, usd: float) -> None:
        """Brings the first market to another price that it believes, and the others along."""
        self.usd = usd
        for _ in range(2):
            self.later(6)
            for market in range(len(MARKETS)):
                self.require(self.do("update", self.build.update_oracle_price(market), self.keeper))

    def give(self, vault_index: int) -> None:
        """A tenth of a token for the trader."""
        put = self.build.deposit(self.trader(self.owner), token_mint(vault_index), BASE // 10)
        self.require(self.do("deposit", put, self.owner))

    def fill(self, owner: Pubkey, market: int, size_e9: int) -> None:
        """Places a market order and fills it a second later."""
        self.require(self.place(owner, size_e9, market=market))
        self.later()
        self.one("OrderExecuted", self.execute(owner, market=market))

    def in_market(self, owner: Pubkey) -> dict[str, Pubkey]:
        """The accounts of a position in the first market."""
        user = self.where.user_account(owner)
        return {
            "user_account": user,
            "market": self.where.market(0),
            "oracle": price_update(self.feeds[0]),
            "position": self.where.position(user, 0),
        }

    def in_vault(self) -> dict[str, Pubkey]:
        """The accounts that the trader's USDC moves through."""
        return {
            "authority": self.owner,
            "mint": self.mint,
            "vault_tokens": self.where.vault_tokens(self.mint),
            "user_tokens": associated_token_account(self.owner, self.mint),
        }

    def every_market(self) -> list[AccountMeta]:
        """What a valuation of the pool reads."""
        pairs = [
            (self.where.market(index), price_update(self.feeds[index])) for index in self.feeds
        ]
        return [AccountMeta(each, False, False) for pair in pairs for each in pair]

    def rivals(self) -> list[AccountMeta]:
        """Eight more accounts in the first market, smaller than the trader's."""
        found = []
        for number in range(RIVALS):
            rival = self.person(f"rival {number}", usd=5_000)
            self.fill(rival, 0, 10 * BASE)
            where = self.in_market(rival)
            found += [
                AccountMeta(where[each], False, False) for each in ("user_account", "position")
            ]
        return found


def place_order(crowd: Crowd) -> Instruction:
    """An order that grows: everything else is weighed."""
    crowd.order_id += 1
    params = {
        "client_order_id": crowd.order_id,
        "kind": 0,
        "size_e9": BASE,
        "limit_price_e6": 10**12,
        "trigger_price_e6": 0,
        "trailing_bps": 0,
        "reduce_only": False,
        "expires_at": 0,
    }
    return crowd.build.place_order(crowd.trader(crowd.owner), 0, params)


def execute_order(crowd: Crowd) -> Instruction:
    """The same, filled an hour's funding later for a keeper's reward."""
    crowd.later(9)
    crowd.require(crowd.place(crowd.owner, BASE))
    crowd.later()
    return crowd.build.execute_order(
        crowd.trader(crowd.owner),
        crowd.order(crowd.owner),
        0,
        keeper=crowd.keeper,
        keeper_account=crowd.keeper_account,
    )


def withdraw_tokens(crowd: Crowd) -> Instruction:
    """USDC out of the full account."""
    return crowd.build.withdraw(crowd.trader(crowd.owner), crowd.mint, USD)


def transfer_between(crowd: Crowd) -> Instruction:
    """USDC out of the full account into an empty one."""
    crowd.open_trader(crowd.owner, 1)
    accounts = {
        "authority": crowd.owner,
        "user_account": crowd.where.user_account(crowd.owner),
        "to_account": crowd.where.user_account(crowd.owner, 1),
    }
    weighed = crowd.build.risk_set(crowd.trader(crowd.owner))
    return crowd.program.instruction(
        "transfer_between", accounts, {"amount": USD}, remaining=weighed
    )


def liquidate(crowd: Crowd) -> Instruction:
    """The first market rose for a short and is the largest requirement."""
    crowd.fill(crowd.owner, 0, -530 * BASE)
    crowd.moved(190)
    return crowd.build.liquidate(
        crowd.trader(crowd.owner),
        0,
        liquidator=crowd.keeper,
        liquidator_account=crowd.keeper_account,
    )


def deleverage(crowd: Crowd) -> Instruction:
    """Eight candidates are compared."""
    candidates = crowd.rivals()
    crowd.moved(160)
    pool = crowd.svm.get_account(crowd.where.pool)
    assert pool is not None
    data = bytes(pool.data)
    crowd.overwrite(crowd.where.pool, data[:10] + (2_000 * USD).to_bytes(8, "little") + data[18:])
    role = crowd.must("Security", crowd.where.security)["keeper"]
    return crowd.program.instruction(
        "deleverage",
        {"keeper": role, **crowd.in_market(crowd.owner)},
        {"max_size_e9": 0},
        remaining=candidates,
    )


def pool_deposit(crowd: Crowd) -> Instruction:
    """The pool is valued in eight open markets."""
    given = {"amount": USD, "min_shares": 1}
    return crowd.program.instruction(
        "pool_deposit", crowd.in_vault(), given, remaining=crowd.every_market()
    )


def pool_withdraw(crowd: Crowd) -> Instruction:
    """The same a day later."""
    crowd.require(crowd.do("pool_deposit", pool_deposit(crowd), crowd.owner))
    asked = crowd.program.instruction(
        "request_pool_withdrawal", {"authority": crowd.owner}, {"shares": USD // 2}
    )
    crowd.require(crowd.do("ask", asked, crowd.owner))
    crowd.pass_time(COOLDOWN_S)
    crowd.moved(150)
    return crowd.program.instruction(
        "pool_withdraw", crowd.in_vault(), {"min_amount": 1}, remaining=crowd.every_market()
    )


def convert(crowd: Crowd) -> Instruction:
    """A full account that owes US dollars is sold tokens from, by force."""
    crowd.require(crowd.deposit(crowd.keeper, 1_000 * USD))
    crowd.fill(crowd.owner, 0, -530 * BASE)
    crowd.moved(200)
    crowd.fill(crowd.owner, 0, 420 * BASE)
    assert crowd.cash_e6(crowd.owner) < 0
    parties = crowd.trader(crowd.owner), crowd.trader(crowd.keeper)
    sale = Sale(vault_index=1, amount=BASE // 20)
    return convert_collateral(crowd.build, *parties, sale, agreed=False)


Build = Callable[[Crowd], Instruction]
FULLEST: tuple[Build, ...] = (
    place_order,
    execute_order,
    withdraw_tokens,
    transfer_between,
    liquidate,
)
"""The instructions that weigh a whole account."""
VALUED: tuple[Build, ...] = (deleverage, pool_deposit, pool_withdraw)
"""The instructions that compare rivals or value the whole pool."""
