"""Contract: the rules of the market on screen that do not move with its price."""

import reflex as rx

from quantdesk.ui.states.market import MarketState


def contract_facts() -> rx.Component:
    """What settles it, in which steps it counts, and what it costs."""
    market = MarketState.market
    return rx.el.div(
        rx.el.div(
            rx.el.h2("Contract"),
            rx.el.span(market.symbol, class_name="t3"),
            class_name="panel-head",
        ),
        rx.el.dl(
            *(
                rx.el.div(rx.el.dt(label), rx.el.dd(figure))
                for label, figure in (
                    ("Settled in", "USDC, cross margin"),
                    ("Priced by", "Oracle, next price"),
                    ("Tick", market.tick),
                    ("Smallest order", market.min_size),
                    ("Fee, market order", market.taker_fee),
                    ("Fee, limit order", market.limit_fee),
                    ("Funding, at most", market.funding_max),
                )
            ),
            class_name="facts",
        ),
        class_name="contract",
    )
