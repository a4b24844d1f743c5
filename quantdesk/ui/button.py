"""Button: the ticket has one button, and it always says what to do next and why.

The order of the checks is the order in which a newcomer can act on them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything the button depends on, at one moment."""

    signed_in: bool = False
    wallet_connected: bool = False
    loaded: bool = True
    wallet_usdc_e6: int = 0
    collateral_e6: int = 0
    faucet_open: bool = True
    submitting: bool = False
    side: str = "long"
    kind: str = "market"
    reduce_only: bool = False
    size_text: str = ""
    price_text: str = ""
    size_problem: str = ""
    price_problem: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Label, what a press does, how it looks, and one line under it."""

    label: str
    action: str
    tone: str = "reason"
    hint: str = ""


def button(standing: Standing) -> Button:
    """The one button for `standing`."""
    return _entry(standing) or _funds(standing) or _fields(standing) or _place(standing)


def _entry(standing: Standing) -> Button | None:
    if standing.submitting:
        return Button(
            label="Submitting", action="none", tone="busy", hint="No second click needed."
        )
    if not standing.signed_in and not standing.wallet_connected:
        hint = "Prices are live without an account."
        return Button(label="Connect wallet", action="connect", tone="main", hint=hint)
    if not standing.signed_in:
        hint = "One signature; it costs nothing and moves no funds."
        return Button(label="Sign in", action="connect", tone="main", hint=hint)
    if not standing.loaded:
        return Button(label="Reading your account", action="none", tone="busy")
    return None


def _funds(standing: Standing) -> Button | None:
    if standing.collateral_e6 > 0:
        return None
    if standing.wallet_usdc_e6 > 0:
        hint = "Your wallet holds USDC; trading needs it as collateral."
        return Button(label="Deposit", action="deposit", tone="main", hint=hint)
    if standing.faucet_open:
        hint = "Test USDC for this network, free."
        return Button(label="Get test funds", action="faucet", tone="main", hint=hint)
    return Button(
        label="Deposit", action="deposit", tone="main", hint="Send USDC to your wallet first."
    )


def _fields(standing: Standing) -> Button | None:
    if standing.kind == "limit" and not standing.price_text:
        return Button(label="Enter a limit price", action="focus_price")
    if standing.kind == "limit" and standing.price_problem:
        return Button(label="Check the limit price", action="focus_price")
    if not standing.size_text:
        return Button(label="Enter a size", action="focus_size")
    if standing.size_problem:
        return Button(label="Check the size", action="focus_size")
    if standing.refusal:
        return Button(label=standing.refusal, action="focus_size")
    return None


def _place(standing: Standing) -> Button:
    what = "Reduce" if standing.reduce_only else "Place"
    return Button(
        label=f"{what} {standing.kind} {standing.side}", action="place", tone=standing.side
    )
