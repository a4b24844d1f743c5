"""Funds: moving USDC between wallet and account, and which dialog is open."""

from collections.abc import Coroutine
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from quantdesk.services.outcome import Refused
from quantdesk.services.ports import User
from quantdesk.services.prepare import Prepared
from quantdesk.services.prepare_deposit import prepare_deposit
from quantdesk.services.prepare_withdrawal import prepare_withdrawal
from quantdesk.services.read_account import AccountView
from quantdesk.ui import format as show
from quantdesk.ui import parse
from quantdesk.ui.desk import Trouble, ask, dependencies
from quantdesk.ui.states.account import AccountState
from quantdesk.ui.states.base import PrivateState
from quantdesk.ui.states.signing import SigningState

DIALOGS = ("deposit", "withdraw", "faucet", "shortcuts")


class FundsState(PrivateState, rx.State):
    """The dialog, its one field, and what is wrong with it."""

    dialog: str = ""
    sum_text: str = ""
    problem: str = ""
    most: str = "-"
    held_back: str = ""
    _most_e6: int = 0
    _why_no_more: str = ""

    @rx.var
    def can_submit(self) -> bool:
        """Whether the dialog's button would do something."""
        return bool(self.sum_text) and not self.problem

    @rx.event
    async def open_dialog(self, name: str) -> None:
        """Open a dialog; those about money are for their owner."""
        if name == "shortcuts":
            self.dialog = name
            return
        await self._session()
        if name in DIALOGS:
            await self._open(name)

    @rx.event
    def close_dialog(self) -> None:
        """Close whatever is open."""
        self.dialog = ""

    @rx.event
    def type_sum(self, text: str) -> None:
        """The sum as typed, checked against what is there."""
        self.sum_text = text[:32]
        found = parse.usdc(self.sum_text) if self.sum_text.strip() else 0
        if isinstance(found, parse.Refused):
            self.problem = found.message
        elif found > self._most_e6:
            self.problem = f"Enter {self.most} USDC or less; {self._why_no_more}."
        else:
            self.problem = ""

    @rx.event
    async def use_most(self) -> None:
        """Fill in everything that may move."""
        await self._session()
        self.sum_text = show.usd(self._most_e6, 6).replace(",", "").rstrip("0").rstrip(".")
        self.problem = ""

    @rx.event
    async def submit_transfer(self) -> EventSpec | None:
        """Prepare the transfer and ask the wallet to sign it."""
        user = await self._session()
        sum_e6 = parse.usdc(self.sum_text)
        if isinstance(sum_e6, parse.Refused):
            self.problem = sum_e6.message
            return rx.set_focus("transfer-sum")
        answer = await ask(self._prepared(user, sum_e6))
        if isinstance(answer, Refused | Trouble):
            self.problem = show.sentence(answer.message)
            return None
        self.dialog = ""
        await (await self.get_state(SigningState))._ask_wallet(answer)
        return None

    def _prepared(self, user: User, sum_e6: int) -> Coroutine[Any, Any, Prepared | Refused]:
        prepare = prepare_deposit if self.dialog == "deposit" else prepare_withdrawal
        return prepare(dependencies(), user, amount_e6=sum_e6)

    async def _open(self, name: str) -> None:
        view = (await self.get_state(AccountState))._view
        self.dialog, self.sum_text, self.problem = name, "", ""
        if view is not None:
            self._most_e6 = view.wallet_usdc_e6 if name == "deposit" else view.withdrawable_e6
        self.most = show.usd(self._most_e6, 6)
        stays = name == "withdraw" and view is not None and bool(view.positions)
        self.held_back = _held_back(view) if stays and view is not None else ""
        self._why_no_more = "the rest is margin" if stays else "that is all there is"


def _held_back(view: AccountView) -> str:
    held = show.usd(view.usdc_e6 - view.withdrawable_e6, round_up=True)
    count = len(view.positions)
    whose = "your open position" if count == 1 else f"your {count} open positions"
    return f"{held} USDC stays as the margin of {whose}. Close some to withdraw more."
