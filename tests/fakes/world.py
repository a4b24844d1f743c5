"""In-memory twins of chain, prices and records, and a whole world made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.message import MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey

from quantdesk.domain.account import AccountState
from quantdesk.domain.market import DEFAULT_MARKETS, MarketState
from quantdesk.domain.pool import PoolState
from quantdesk.domain.position import Position
from quantdesk.services.actions import (
    Action,
    CancelOrder,
    PlaceOrder,
    TransactionStatus,
    UnsignedTransaction,
)
from quantdesk.services.dependencies import Dependencies, Place
from quantdesk.services.exchange_state import (
    AccountSnapshot,
    CollateralVault,
    ExchangeState,
    OpenOrder,
    WalletState,
)
from quantdesk.services.ports import (
    Candle,
    FaucetGrant,
    Flows,
    Mark,
    PortError,
    Row,
)
from tests.fakes.door import (
    FakeClock,
    FakeRandomness,
    MemoryIntents,
    MemoryNonces,
    MemoryRateLimits,
    MemorySessions,
    MemoryUsers,
)

ORIGIN = "http://127.0.0.1:18000"
PROGRAM = Pubkey.from_string("HsSzXVuSwiqGQvocT2zMX8zc86KQ9TYfZFZcfmmejzso")


@dataclass
class FakeExchange:
    """An exchange whose accounts a test sets; every message it builds is different."""

    clock: FakeClock
    accounts: dict[str, AccountSnapshot] = field(default_factory=dict)
    wallets: dict[str, WalletState] = field(default_factory=dict)
    built: list[tuple[str, Action]] = field(default_factory=list)
    vaults: dict[int, CollateralVault] = field(default_factory=dict)

    async def state(self) -> ExchangeState:
        now_s = self.clock.now_ms() // 1000
        return ExchangeState(
            markets=tuple(
                MarketState(params=params, funding_at=now_s) for params in DEFAULT_MARKETS.values()
            ),
            pool=PoolState(cash_e6=1_000_000_000_000, market_count=3),
            slot=100,
            vaults=self.vaults,
        )

    async def account(self, owner: str, sub_account_id: int = 0) -> AccountSnapshot | None:
        return self.accounts.get(owner)

    async def wallet(self, owner: str) -> WalletState:
        return self.wallets.get(owner, WalletState(lamports=0, usdc_e6=0))

    async def build(
        self, owner: str, action: Action, *, sub_account_id: int = 0
    ) -> UnsignedTransaction:
        self.built.append((owner, action))
        key = Pubkey.from_string(owner)
        signer = AccountMeta(key, is_signer=True, is_writable=True)
        instruction = Instruction(PROGRAM, len(self.built).to_bytes(8, "little"), [signer])
        message = MessageV0.try_compile(key, [instruction], [], Hash.default())
        return UnsignedTransaction(
            account=account_address(owner),
            message_bytes=to_bytes_versioned(message),
            last_valid_block_height=1_000,
            order_address=_order_address(owner, action),
        )

    def fund(self, owner: str, *, usdc_e6: int, positions: Sequence[Position] = ()) -> None:
        """Give `owner` an account."""
        slots = [each.market_index for each in positions]
        account = AccountState(
            address=account_address(owner),
            owner=owner,
            balances=(usdc_e6, *(0,) * 7),
            open_markets=(*slots, *(65_535,) * (8 - len(slots))),
        )
        self.accounts[owner] = AccountSnapshot(
            account=account, positions=tuple(positions), orders=(), slot=100
        )

    def wait(self, owner: str, waiting: OpenOrder) -> None:
        """Let an order of `owner` be open."""
        found = self.accounts[owner]
        self.accounts[owner] = replace(found, orders=(*found.orders, waiting))


@dataclass
class FakeTransactions:
    """Remembers what was sent; fails as told."""

    sent: list[bytes] = field(default_factory=list)
    failure: PortError | None = None
    known: dict[str, TransactionStatus] = field(default_factory=dict)
    height: int = 500

    async def send(self, signed_transaction: bytes) -> None:
        if self.failure is not None:
            raise self.failure
        self.sent.append(signed_transaction)

    async def statuses(
        self, signatures: Sequence[str], *, search_history: bool = True
    ) -> list[TransactionStatus | None]:
        return [self.known.get(signature) for signature in signatures]

    async def block_height(self) -> int:
        return self.height


@dataclass
class FakeMarks:
    """Marks that a test sets; fresh ones for every market by default."""

    clock: FakeClock
    prices_e6: dict[str, int] = field(
        default_factory=lambda: {"SOL-PERP": 150_000_000, "BTC-PERP": 100_000_000_000}
    )
    age_ms: int = 300
    failure: PortError | None = None

    async def latest(self, market: str) -> Mark | None:
        if self.failure is not None:
            raise self.failure
        price_e6 = self.prices_e6.get(market)
        if price_e6 is None:
            return None
        publish_ms = self.clock.now_ms() - self.age_ms
        return Mark(
            market=market,
            price_e6=price_e6,
            conf_e6=price_e6 // 5_000,
            publish_ms=publish_ms,
            received_ms=publish_ms + 5,
        )


@dataclass
class FakeFaucet:
    """Counts what it gave."""

    granted: list[str] = field(default_factory=list)

    async def grant(self, owner: str) -> FaucetGrant:
        self.granted.append(owner)
        return FaucetGrant(lamports=2 * 10**9, usdc_e6=10**10, signatures=("a", "b"))


@dataclass
class MemoryMirror:
    """Recorded rows by user."""

    rows: dict[tuple[UUID, str], list[Row]] = field(default_factory=dict)
    sums: dict[UUID, Flows] = field(default_factory=dict)

    async def orders(self, user_id: UUID, *, status: str | None, limit: int) -> list[Row]:
        found = self.rows.get((user_id, "orders"), [])
        return [row for row in found if status is None or row["status"] == status][:limit]

    async def trades(self, user_id: UUID, *, limit: int) -> list[Row]:
        return self.rows.get((user_id, "trades"), [])[:limit]

    async def transfers(self, user_id: UUID, *, limit: int) -> list[Row]:
        return self.rows.get((user_id, "transfers"), [])[:limit]

    async def positions(self, user_id: UUID) -> list[Row]:
        return self.rows.get((user_id, "positions"), [])

    async def intents(self, user_id: UUID, *, limit: int) -> list[Row]:
        return self.rows.get((user_id, "intents"), [])[:limit]

    async def flows(self, user_id: UUID) -> Flows:
        return self.sums.get(user_id, Flows())


@dataclass
class MemoryHistory:
    """Candles by market."""

    stored: dict[int, list[Candle]] = field(default_factory=dict)

    async def candles(
        self, market_index: int, *, resolution_s: int, limit: int, before_ms: int
    ) -> list[Candle]:
        found = [bar for bar in self.stored.get(market_index, []) if bar.open_ms < before_ms]
        return found[-limit:]


@dataclass
class FakeReadiness:
    """Says what a test wants it to say."""

    parts: dict[str, str] = field(default_factory=lambda: {"database": "ok"})

    async def check(self) -> Mapping[str, str]:
        return self.parts


@dataclass
class World:
    """Every fake by name, and the bundle made of them."""

    place: Place
    clock: FakeClock
    nonces: MemoryNonces
    sessions: MemorySessions
    users: MemoryUsers
    intents: MemoryIntents
    mirror: MemoryMirror
    history: MemoryHistory
    marks: FakeMarks
    exchange: FakeExchange
    transactions: FakeTransactions
    faucet: FakeFaucet
    limits: MemoryRateLimits
    readiness: FakeReadiness
    closed: int = 0

    @property
    def deps(self) -> Dependencies:
        """The bundle that use cases take."""
        return Dependencies(
            place=self.place,
            clock=self.clock,
            randomness=self.randomness,
            nonces=self.nonces,
            sessions=self.sessions,
            users=self.users,
            intents=self.intents,
            mirror=self.mirror,
            history=self.history,
            marks=self.marks,
            exchange=self.exchange,
            transactions=self.transactions,
            faucet=self.faucet,
            limits=self.limits,
            readiness=self.readiness,
            close=self._close,
        )

    randomness: FakeRandomness = field(default_factory=FakeRandomness)

    async def _close(self) -> None:
        self.closed += 1


def fake_world(*, environment: str = "development", origin: str = ORIGIN) -> World:
    """A world in which nothing has happened yet."""
    clock = FakeClock()
    return World(
        place=Place(
            origin=origin,
            environment=environment,
            chain_id="localnet",
            feed_url="ws://127.0.0.1:18001/ws/market",
            program_id=str(PROGRAM),
            usdc_mint=str(Pubkey.default()),
            scene="calm",
        ),
        clock=clock,
        nonces=MemoryNonces(),
        sessions=MemorySessions(),
        users=MemoryUsers(),
        intents=MemoryIntents(),
        mirror=MemoryMirror(),
        history=MemoryHistory(),
        marks=FakeMarks(clock),
        exchange=FakeExchange(clock),
        transactions=FakeTransactions(),
        faucet=FakeFaucet(),
        limits=MemoryRateLimits(clock),
        readiness=FakeReadiness(),
    )


def account_address(owner: str) -> str:
    """Where the fake exchange keeps an owner's account."""
    return str(Pubkey.find_program_address([bytes(Pubkey.from_string(owner))], PROGRAM)[0])


def _order_address(owner: str, action: Action) -> str | None:
    if isinstance(action, CancelOrder):
        return action.order_address
    if isinstance(action, PlaceOrder):
        seed = action.client_order_id.to_bytes(8, "little")
        return str(
            Pubkey.find_program_address([bytes(Pubkey.from_string(owner)), seed], PROGRAM)[0]
        )
    return None
