"""Life: a scripted exchange in which every law has something to say."""

from dataclasses import replace

from quantdesk.domain.conversion import Offer
from quantdesk.domain.custody import Tokens
from quantdesk.domain.delegate import Delegate
from quantdesk.domain.ledger import Applied
from quantdesk.domain.liquidity import COOLDOWN_S
from quantdesk.domain.market import SOL, MarketState
from quantdesk.domain.money import USD_ONE
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.payout import Closure
from quantdesk.domain.vault import Outflow, VaultState
from tests.domain.desk import KEEPER, units
from tests.exchange.watch import Watch

CROWD, DORA, EMIL, EMMA, FAYE = "crowd", "dora", "emil", "emma", "faye"
ANNA, BERT, CARL, SIDE = "anna", "bert", "carl", "anna, second account"
BOT = "bot"


def live(only: str | None = None) -> Watch:
    """A day of two traders, their pool and its troubles; `only` one law watches, or all."""
    desk = Watch(only=only)
    desk.price("150")
    for name, usd in ((ANNA, 5_000), (BERT, 8_000), (CARL, 900)):
        desk.open(name, usd=usd)
    desk.open_beside(SIDE, owner=f"owner of {ANNA}")
    trade_and_pay_funding(desk)
    move_money(desk)
    owe(desk)
    pay_impact(desk)
    fall_silent(desk)
    lose(desk)
    return desk


def trade_and_pay_funding(desk: Watch) -> None:
    """A round trip, a trade in pieces, a mirror, hours of funding, reductions, a flip."""
    for size in (units(7), -units(7), units(3), units(2), units(2)):
        desk.trade(size, "150", trader=ANNA)
    desk.trade(-units(11) - 10**7, "150", trader=BERT)
    for hour in range(3):
        desk.wait(1_237 + hour)
        desk.settle_on("149.37")
        for name in (ANNA, BERT):
            desk.exchange.settle_funding(0, name, at=desk.at)
    desk.trade(-units(3), "151.13", trader=ANNA)
    close_in_doubt(desk)
    desk.trade(units(17), "151.13", trader=BERT)
    desk.exchange.settle_pnl(ANNA, 0, at=desk.at)


def close_in_doubt(desk: Watch) -> None:
    """A reduction at a price ten times as wide as the market opens with."""
    desk.place(-units(1), trader=ANNA, reduce_only=True)
    desk.wait(1)
    desk.price("151.13", conf="7.5")
    desk.execute(trader=ANNA)
    desk.wait(1)
    desk.price("151.13")


def move_money(desk: Watch) -> None:
    """Transfers, withdrawals that are needed and that are not, a delegate who tries."""
    exchange, at = desk.exchange, desk.at
    exchange.transfer_between(ANNA, SIDE, 1_000 * USD_ONE, at=at)
    exchange.transfer_between(SIDE, ANNA, 1, at=at)
    for amount in (USD_ONE, desk.ledger.accounts[ANNA].usdc_e6 - USD_ONE):
        exchange.withdraw(ANNA, amount, at=at)
    exchange.add_delegate(ANNA, Delegate(key=BOT, permissions=3), at=at)
    exchange.withdraw(ANNA, USD_ONE, at=at, by=BOT)
    exchange.transfer_between(ANNA, SIDE, 1, at=at, by=BOT)
    desk.liquidate(trader=ANNA)
    share = exchange.pool_deposit("provider", 1_000 * USD_ONE, min_shares=0, at=at)
    if isinstance(share, Applied):
        held = desk.ledger.pool_shares["provider"].shares
        exchange.request_pool_withdrawal("provider", held // 3, at=at)
        desk.wait(COOLDOWN_S)
        desk.settle_on("151")
        exchange.pool_withdraw("provider", min_amount=0, at=desk.at)


def owe(desk: Watch) -> None:
    """A debt beside tokens: backed at first and left alone, then sold out when they fall."""
    outflow = Outflow(floor=10**12, share_e6=0, updated_at=desk.now)
    desk.ledger.collaterals[1] = VaultState(
        index=1,
        deposit_cap=10**12,
        outflow=outflow,
        weight_init_e6=900_000,
        weight_maint_e6=980_000,
        conf_gate_e6=5_000,
        age_max_s=600,
    )
    desk.start_anew()
    token(desk, USD_ONE)
    desk.open(DORA, usd=500)
    desk.exchange.deposit(DORA, Tokens(amount=999_999_937, vault_index=1), at=desk.at)
    desk.trade(units(60), "151", trader=DORA)
    desk.settle_on("138")
    desk.trade(-units(60), "138", trader=DORA)
    offer = Offer(seller=DORA, buyer=BERT, vault_index=1, amount=10**12)
    buyer = f"owner of {BERT}"
    for price_e6 in (USD_ONE, USD_ONE // 5):
        token(desk, price_e6)
        desk.exchange.convert_collateral(offer, by=buyer, at=desk.at)
    desk.settle_on("151")


def token(desk: Watch, price_e6: int) -> None:
    """Publishes the token's price."""
    reading = PriceReading(price_e6=price_e6, conf_e6=100, publish_time=desk.now)
    desk.exchange.publish_token(1, reading)


def pay_impact(desk: Watch) -> None:
    """Closes against a crowd of shorts: one pays its impact, one what its penalty leaves of it."""
    desk.open(CROWD, usd=1_000_000)
    desk.trade(-units(4_000), "151", trader=CROWD)
    for name, price in ((EMIL, "143.1"), (FAYE, "142.86")):
        desk.open(name, usd=900)
        desk.trade(units(100), "151", trader=name)
        desk.settle_on(price)
        desk.liquidate(trader=name)
        desk.settle_on("151")
    for name in (EMIL, CROWD):
        desk.trade(-desk.ledger.position(name, 0).size_e9, "151", trader=name)


def fall_silent(desk: Watch) -> None:
    """A second market's price stops; its position protects by a quarter, then no longer."""
    params = replace(SOL, index=1, symbol="OLD-PERP")
    desk.ledger.markets[1] = MarketState(params=params, funding_at=desk.now)
    desk.start_anew()
    desk.open(EMMA, usd=900)
    desk.price("20", market=1)
    desk.place(units(5), trader=EMMA, market=1)
    desk.wait(1)
    desk.price("20", market=1)
    desk.execute(trader=EMMA)
    desk.trade(units(59), "151", trader=EMMA)
    desk.wait(61)
    for price in ("136.5", "130"):
        desk.settle_on(price)
        desk.liquidate(trader=EMMA)
    desk.settle_on("151")


def lose(desk: Watch) -> None:
    """A partial liquidation, a gap, an empty fund, a loss of the pool, claims and their payment."""
    desk.trade(units(100), "151", trader=CARL)
    desk.settle_on("142.9")
    desk.liquidate(trader=CARL)
    fund(desk, insurance=2)
    desk.settle_on("60")
    desk.liquidate(trader=CARL)
    desk.exchange.resolve_bankruptcy(CARL, at=desk.at)
    fund(desk, insurance=20, cash=50)
    desk.settle_on("160")
    desk.settle_on("260")
    desk.exchange.deleverage(
        Closure(account=BERT, market_index=0, max_size_e9=units(1)), by=KEEPER, at=desk.at
    )
    for name in (ANNA, BERT):
        desk.exchange.settle_pnl(name, 0, at=desk.at)
        held = desk.ledger.position(name, 0).size_e9
        if held:
            desk.trade(-held, "260", trader=name)
    for name in (ANNA, BERT, CARL):
        desk.exchange.pay_claims(name)


def fund(desk: Watch, *, insurance: int, cash: int | None = None) -> None:
    """Moves the pool's and the fund's money to the keeper, so that little of it is left."""
    ledger = desk.ledger
    wanted = ledger.pool.cash_e6 if cash is None else cash * USD_ONE
    freed = ledger.insurance.balance_e6 - insurance * USD_ONE + ledger.pool.cash_e6 - wanted
    ledger.insurance = replace(ledger.insurance, balance_e6=insurance * USD_ONE)
    ledger.pool = replace(ledger.pool, cash_e6=wanted)
    ledger.credit(KEEPER, freed)
    desk.start_anew()
