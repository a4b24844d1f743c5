"""Wallet: everything that talks to the browser's wallets, through Wallet Standard.

Keys and signatures never leave the browser except as the signed bytes the person approved. All
scripts are registered from this one module, so that they share one registry and one connection.
"""

from typing import Any

import reflex as rx

from quantdesk.ui.components.icon import icon
from quantdesk.ui.states.session import SessionState
from quantdesk.ui.states.signing import SigningState

_SIGN_IN = rx.asset("sign_in.jsx", shared=True)
_BRIDGE = rx.asset("bridge.jsx", shared=True)
for _name in ("wallets.js", "burner.js", "bytes.js"):
    rx.asset(_name, shared=True)

_PACKAGES = ["@wallet-standard/app@1.1.1"]


def _two_texts(first: rx.Var[str], second: rx.Var[str]) -> tuple[rx.Var[str], rx.Var[str]]:
    return (first, second)


class _SignInPart(rx.NoSSRComponent):
    library = _SIGN_IN.importable_path
    lib_dependencies: list[str] = _PACKAGES


class ConnectButton(_SignInPart):
    """Opens the sign-in dialog."""

    tag = "ConnectButton"
    label: rx.Var[str]


class SignOutButton(_SignInPart):
    """Ends the session and reloads."""

    tag = "SignOutButton"


class SignInDialog(_SignInPart):
    """Lists the wallets, shows the text, signs, reloads."""

    tag = "SignInDialog"
    on_connected: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class WalletBridge(rx.NoSSRComponent):
    """Signs each new request once."""

    library = _BRIDGE.importable_path
    lib_dependencies: list[str] = _PACKAGES
    tag = "WalletBridge"
    request: rx.Var[dict[str, str]]
    owner: rx.Var[str]
    on_signed: rx.EventHandler[_two_texts]
    on_refused: rx.EventHandler[_two_texts]


def connect_button(class_name: str, label: Any = "Connect wallet") -> rx.Component:
    """A button that opens the sign-in dialog."""
    return ConnectButton.create(icon("wallet", 14), class_name=class_name, label=label)


def sign_out_button() -> rx.Component:
    """The last line of the account menu."""
    return SignOutButton.create(icon("sign-out", 14), "Sign out")


def wallet_bridge() -> rx.Component:
    """The invisible signer and the sign-in dialog; once per page."""
    return rx.fragment(
        SignInDialog.create(on_connected=SessionState.connect_wallet),
        WalletBridge.create(
            request=SigningState.request,
            owner=SessionState.address,
            on_signed=SigningState.submit_signed,
            on_refused=SigningState.refuse,
        ),
    )
