"""Portfolio: one identity that explains the equity to the last unit, and its movements."""

import reflex as rx

from quantdesk.ui.components.empty import empty
from quantdesk.ui.components.icon import icon
from quantdesk.ui.components.positions_table import heads, positions_table
from quantdesk.ui.components.pulse import pulse
from quantdesk.ui.components.wallet import connect_button
from quantdesk.ui.pages.portfolio.state import PortfolioState
from quantdesk.ui.rows import IdentityRow, MovementRow
from quantdesk.ui.shell import shell
from quantdesk.ui.states.session import SessionState

_PULSE_MS = 5000
_COLUMNS = (
    ("Time, UTC", ""),
    ("Kind", ""),
    ("What", ""),
    ("Change", "num"),
    ("Receipt", "num"),
)


def portfolio() -> rx.Component:
    """The page."""
    return shell(
        "Portfolio",
        rx.el.h1("Portfolio", rx.el.span("Main account · all figures in USDC")),
        rx.cond(
            SessionState.signed_in,
            rx.fragment(
                rx.el.div(_summary(), _positions(), _movements(), class_name="column"),
                rx.el.div(_identity(), class_name="column"),
                pulse(every=_PULSE_MS, on_pulse=PortfolioState.refresh),
            ),
            rx.el.section(
                empty(
                    "wallet", "Connect a wallet to see your portfolio.", connect_button("btn main")
                ),
                class_name="card wide",
            ),
        ),
        class_name="portfolio",
    )


def _summary() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            _figure("Equity", rx.el.div(PortfolioState.equity, class_name="headline")),
            _figure(
                "Total PnL",
                rx.el.div(
                    PortfolioState.profit,
                    class_name="fig",
                    custom_attrs={"data-tone": PortfolioState.profit_tone},
                ),
            ),
            _figure("Net deposits", rx.el.div(PortfolioState.deposits, class_name="fig")),
            _figure("Traded volume", rx.el.div(PortfolioState.volume, class_name="fig")),
            class_name="figures card-body",
        ),
        class_name="card",
        aria_label="Summary",
    )


def _figure(label: str, figure: rx.Component) -> rx.Component:
    return rx.el.div(rx.el.div(label, class_name="t3"), figure)


def _identity() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Where the money came from"),
            rx.el.div(class_name="grow"),
            rx.el.span("since first deposit", class_name="t3"),
            class_name="panel-head",
        ),
        rx.el.dl(rx.foreach(PortfolioState.identity, _identity_line), class_name="identity"),
        rx.cond(
            PortfolioState.loaded,
            rx.el.p(
                rx.el.span(icon("seal-check"), PortfolioState.proof_text),
                rx.el.span(PortfolioState.proof_figure),
                class_name="banner proof",
                custom_attrs={"data-tone": PortfolioState.proof_tone},
            ),
        ),
        class_name="card identity-card",
        aria_label="Where the money came from",
    )


def _identity_line(line: rx.Var[IdentityRow]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(
            rx.el.span(line.sign, class_name="sign"),
            rx.el.span(line.label, rx.el.span(line.note), class_name="what"),
        ),
        rx.el.dd(line.figure, custom_attrs={"data-tone": line.tone}),
        custom_attrs={"data-weight": line.weight},
    )


def _positions() -> rx.Component:
    return rx.el.section(
        rx.el.div(rx.el.h2("Open positions"), class_name="panel-head"),
        positions_table(),
        class_name="card scrolls",
        aria_label="Open positions",
    )


def _movements() -> rx.Component:
    return rx.el.section(
        rx.el.div(rx.el.h2("Movements"), class_name="panel-head"),
        rx.cond(
            PortfolioState.movements.length() > 0,
            rx.el.table(
                heads(_COLUMNS),
                rx.el.tbody(rx.foreach(PortfolioState.movements, _movement)),
                class_name="table cards movements-table",
            ),
            empty("receipt", "Nothing has moved yet."),
        ),
        class_name="card scrolls",
        aria_label="Movements",
    )


def _movement(row: rx.Var[MovementRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(row.time, class_name="name-cell"),
        rx.el.td(row.kind, class_name="strong", custom_attrs={"data-label": "Kind"}),
        rx.el.td(row.what, class_name="t2", custom_attrs={"data-label": "What"}),
        rx.el.td(row.change, class_name="num", custom_attrs={"data-tone": row.tone}),
        rx.el.td(
            rx.el.span(row.signature_short, class_name="mono t3", title=row.signature),
            class_name="num",
            custom_attrs={"data-label": "Receipt"},
        ),
        key=row.key,
    )
