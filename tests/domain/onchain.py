"""The real program in a virtual machine, set up with its own instructions; no server, no network.

Signatures and blockhashes are not checked here and keys are bare addresses: what is tested is the
arithmetic and the order of checks, as fast as the machine runs them.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from solders.account import Account
from solders.clock import Clock
from solders.compute_budget import set_compute_unit_limit
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from quantdesk.adapters.chain import tokens
from quantdesk.adapters.chain.addresses import (
    RECEIVER_PROGRAM,
    TOKEN_PROGRAM,
    associated_token_account,
    price_update,
)
from quantdesk.adapters.chain.codec import Value
from quantdesk.adapters.chain.instructions import Instructions, MarketRef, VaultRef
from quantdesk.adapters.chain.price_update import DISCRIMINATOR
from quantdesk.adapters.chain.program import Event, Fields, load_program
from quantdesk.domain.market import MarketParams
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.vault import VaultState
from quantdesk.world.chain.genesis import market_params
from quantdesk.world.chain.vm import Machine

ARTIFACT = Path(__file__).parents[2] / "programs" / "artifacts" / "quantdesk.so"
NATIVE_MINT = Pubkey.from_string("So11111111111111111111111111111111111111112")
TOKEN_RENT = 2_039_280
UNIT_LIMIT = 400_000
TRADER_USDC = 10**15
EXPONENT = -6
POOL_E6 = 1_000_000 * 10**6
INSURANCE_E6 = 50_000 * 10**6


@dataclass(frozen=True, slots=True)
class Landed:
    """A transaction that succeeded, with the program's events."""

    events: list[Event]


@dataclass(frozen=True, slots=True)
class Failed:
    """A transaction that was refused, by the name of the program's error."""

    error: str


class OnChain:
    """The deployed exchange with its markets, pool and insurance funded.

    A subclass may say which vault is wrapped SOL's, and that an oracle watches USDC.
    """

    native_vault: int | None = None
    watches_usdc = False

    def __init__(
        self,
        markets: tuple[MarketParams, ...],
        *,
        now: int,
        pool_e6: int = POOL_E6,
        insurance_e6: int = INSURANCE_E6,
        collaterals: tuple[VaultState, ...] = (),
    ) -> None:
        """Deploys and initializes at unix second `now`; `collaterals`: tokens besides USDC."""
        self.svm = LiteSVM().with_blockhash_check(False).with_sigverify(False)
        self.svm = self.svm.with_transaction_history(0)
        self.program = load_program()
        self.where = self.program.addresses
        self.admin, self.faucet, self.mint = (address(name) for name in ("admin", "faucet", "mint"))
        self.feeds = {params.index: feed_id(params.index) for params in markets}
        refs = [
            MarketRef(index=index, oracle=price_update(feed)) for index, feed in self.feeds.items()
        ]
        self.collaterals = collaterals
        self.build = Instructions(
            self.program,
            refs,
            [replace(vault_ref(each.index), mint=self.mint_of(each.index)) for each in collaterals],
        )
        self._blockhash = Hash.default()
        self.set_time(now, slot=1_000)
        self._deploy()
        self._open(markets)
        self._seed(pool_e6, insurance_e6)

    def set_time(self, now: int, *, slot: int) -> None:
        """Moves the clock."""
        self.svm.warp_to_slot(slot)
        self.svm.set_clock(Clock(slot, now, 0, 1, now))

    def oracle(self, market_index: int) -> Pubkey:
        """The market's oracle account."""
        return price_update(self.feeds[market_index])

    def publish(self, market_index: int, reading: PriceReading, *, slot: int) -> None:
        """Writes a fully verified price update into the market's oracle account."""
        self._publish(self.feeds[market_index], reading, slot=slot)

    def publish_token(self, vault_index: int, reading: PriceReading, *, slot: int) -> None:
        """The same for a collateral."""
        self._publish(token_feed(vault_index), reading, slot=slot)

    def _publish(self, feed: bytes, reading: PriceReading, *, slot: int) -> None:
        numbers = (
            reading.price_e6.to_bytes(8, "little", signed=True)
            + reading.conf_e6.to_bytes(8, "little")
            + EXPONENT.to_bytes(4, "little", signed=True)
            + reading.publish_time.to_bytes(8, "little", signed=True)
            + reading.prev_publish_time.to_bytes(8, "little", signed=True)
            + bytes(16)
            + slot.to_bytes(8, "little")
        )
        data = DISCRIMINATOR + bytes(32) + b"\1" + feed + numbers
        account = Account(10**9, data, RECEIVER_PROGRAM, False, 0)
        self.svm.set_account(price_update(feed), account)

    def open_trader(self, owner: Pubkey, sub_account_id: int = 0) -> Pubkey:
        """Opens a user account for an owner with a full wallet; returns its address."""
        if sub_account_id == 0:
            self.svm.airdrop(owner, 10**12)
            for mint in (self.mint, *(self.mint_of(each.index) for each in self.collaterals)):
                self.fund_wallet(owner, TRADER_USDC, mint)
        create = self.build.create_user_account(owner, sub_account_id)
        self.require(self.run(create, payer=owner))
        return self.where.user_account(owner, sub_account_id)

    def fund_wallet(self, owner: Pubkey, amount: int, mint: Pubkey | None = None) -> None:
        """Mints test tokens (USDC unless another mint is given) into an owner's wallet."""
        mint = mint or self.mint
        wallet = associated_token_account(owner, mint)
        if mint == NATIVE_MINT:
            self.svm.set_account(wallet, wrapped_wallet(owner, amount))
            return
        create = tokens.create_token_account(self.faucet, owner, mint)
        grant = tokens.mint_to(mint, wallet, self.faucet, amount)
        self.require(self.run(create, grant, payer=self.faucet))

    def run(self, *instructions: Instruction, payer: Pubkey) -> Landed | Failed:
        """Executes one transaction."""
        budget = set_compute_unit_limit(UNIT_LIMIT)
        message = MessageV0.try_compile(payer, [budget, *instructions], [], self._blockhash)
        count = message.header.num_required_signatures
        signed = VersionedTransaction.populate(message, [Signature.default()] * count)
        result = self.svm.send_transaction(signed)
        if isinstance(result, TransactionMetadata):
            return Landed(self.program.events(result.logs()))
        return Failed(self._error_name(result))

    def fields(self, kind: str, at: Pubkey) -> Fields | None:
        """A decoded account, or None when it is not there."""
        account = self.svm.get_account(at)
        if account is None or account.lamports == 0:
            return None
        return self.program.decode(kind, account.data)

    def mint_of(self, vault_index: int) -> Pubkey:
        """The mint of a vault."""
        if vault_index == self.native_vault:
            return NATIVE_MINT
        return token_mint(vault_index) if vault_index else self.mint

    def vault_tokens(self, mint: Pubkey | None = None) -> int:
        """Tokens in the program's vault by the token program's own account."""
        account = self.svm.get_account(self.where.vault_tokens(mint or self.mint))
        assert account is not None
        return int.from_bytes(account.data[64:72], "little")

    @staticmethod
    def require(outcome: Landed | Failed) -> None:
        """A step of the set-up must succeed."""
        assert isinstance(outcome, Landed), outcome

    def _error_name(self, failure: FailedTransactionMetadata) -> str:
        error = failure.err()
        code = getattr(getattr(error, "err", None), "code", None)
        known = self.program.error(code) if code is not None else None
        if known is None:
            return f"{error}: {failure.meta().logs()[-4:]}"
        return known.name

    def _deploy(self) -> None:
        binary = ARTIFACT.read_bytes()
        for at, account in Machine().program_accounts(self.program.id, binary, self.admin):
            self.svm.set_account(at, account)
        for key in (self.admin, self.faucet, self.mint):
            self.svm.airdrop(key, 10**12)

    def _open(self, markets: tuple[MarketParams, ...]) -> None:
        self.mint = address("usdc")
        self._mint(self.mint, decimals=6)
        self._admin("initialize", {"program_data": self.where.program_data}, initial(self.admin))
        rules = VAULT | (WATCHED if self.watches_usdc else {})
        self._admin("initialize_token_vault", self._vault(), {"params": rules})
        for vault in self.collaterals:
            mint = self.mint_of(vault.index)
            if mint == NATIVE_MINT:
                self.svm.set_account(mint, native_mint())
            else:
                self._mint(mint, decimals=vault.decimals)
            accounts = {"mint": mint, "vault_tokens": self.where.vault_tokens(mint)}
            self._admin("initialize_token_vault", accounts, {"params": vault_params(vault)})
        for params in markets:
            arguments = {
                "index": params.index,
                "params": market_params(params, self.feeds[params.index]),
            }
            self._admin("initialize_market", {}, arguments)

    def _mint(self, mint: Pubkey, *, decimals: int) -> None:
        rent = self.svm.minimum_balance_for_rent_exemption(tokens.MINT_SPACE)
        create = tokens.create_mint(
            self.faucet, mint, self.faucet, decimals=decimals, rent_lamports=rent
        )
        self.require(self.run(*create, payer=self.faucet))

    def _seed(self, pool_e6: int, insurance_e6: int) -> None:
        self.fund_wallet(self.admin, pool_e6 + insurance_e6)
        wallet = associated_token_account(self.admin, self.mint)
        for name, amount in (("seed_pool", pool_e6), ("seed_insurance", insurance_e6)):
            accounts = {**self._vault(), "authority": self.admin, "user_tokens": wallet}
            self._admin(name, accounts, {"amount": amount})

    def _vault(self) -> dict[str, Pubkey]:
        return {"mint": self.mint, "vault_tokens": self.where.vault_tokens(self.mint)}

    def _admin(self, name: str, accounts: dict[str, Pubkey], arguments: dict[str, Value]) -> None:
        given = {"admin": self.admin, **accounts}
        instruction = self.program.instruction(name, given, arguments)
        self.require(self.run(instruction, payer=self.admin))


VAULT: dict[str, Value] = {
    "weight_init_e6": 1_000_000,
    "weight_maint_e6": 1_000_000,
    "deposit_cap": 100_000_000 * 10**6,
    "oracle": Pubkey.default(),
    "oracle_owner": Pubkey.default(),
    "feed_id": bytes(32),
    "conf_gate_e6": 0,
    "age_max_s": 0,
    "outflow_floor": 100_000 * 10**6,
    "outflow_share_e6": 250_000,
}


def native_mint() -> Account:
    """Wrapped SOL's mint as every cluster has it."""
    data = bytes(36) + bytes(8) + bytes([9, 1]) + bytes(36)
    return Account(10**9, data, TOKEN_PROGRAM, False, 0)


def wrapped_wallet(owner: Pubkey, lamports: int) -> Account:
    """A wallet of wrapped SOL, which nobody can mint."""
    amount, rent = lamports.to_bytes(8, "little"), TOKEN_RENT.to_bytes(8, "little")
    head = bytes(NATIVE_MINT) + bytes(owner) + amount + bytes(36) + b"\1"
    data = head + b"\1\0\0\0" + rent + bytes(8) + bytes(36)
    return Account(TOKEN_RENT + lamports, data, TOKEN_PROGRAM, False, 0)


def initial(admin: Pubkey) -> dict[str, Value]:
    """Arguments of `initialize`."""
    return {"guardian": admin, "keeper": admin, "keeper_reward_e6": 10_000, "timelock_s": 86_400}


def vault_params(vault: VaultState) -> dict[str, Value]:
    """VaultParams of a collateral, priced by its own feed."""
    feed = token_feed(vault.index)
    return {
        "weight_init_e6": vault.weight_init_e6,
        "weight_maint_e6": vault.weight_maint_e6,
        "deposit_cap": vault.deposit_cap,
        "oracle": price_update(feed),
        "oracle_owner": RECEIVER_PROGRAM,
        "feed_id": feed,
        "conf_gate_e6": vault.conf_gate_e6,
        "age_max_s": vault.age_max_s,
        "outflow_floor": vault.outflow.floor,
        "outflow_share_e6": vault.outflow.share_e6,
    }


def vault_ref(vault_index: int) -> VaultRef:
    """What instructions need to know of a collateral."""
    oracle = price_update(token_feed(vault_index))
    return VaultRef(index=vault_index, mint=token_mint(vault_index), oracle=oracle)


def token_mint(vault_index: int) -> Pubkey:
    """The mint of a collateral."""
    return address(f"token {vault_index}")


def token_feed(vault_index: int) -> bytes:
    """The price feed of a collateral."""
    return bytes([200 + vault_index]) * 32


WATCHED: dict[str, Value] = {
    "oracle": price_update(token_feed(0)),
    "oracle_owner": RECEIVER_PROGRAM,
    "feed_id": token_feed(0),
    "conf_gate_e6": 5_000,
    "age_max_s": 10,
}
"""What USDC's vault says when an oracle watches its peg."""


def address(name: str) -> Pubkey:
    """A fixed address of a key that never signs."""
    return Keypair.from_seed(name.encode().ljust(32, b"."[:1])).pubkey()


def feed_id(market_index: int) -> bytes:
    """The price feed of a market."""
    return bytes([market_index + 1]) * 32
