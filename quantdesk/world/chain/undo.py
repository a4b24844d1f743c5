"""What accounts were before they changed, for every slot that is not final yet.

Reads at an older commitment look here first, and a fork is taken back from here.
"""

from collections.abc import Iterable, Iterator

from solders.account import Account
from solders.pubkey import Pubkey

Change = tuple[Pubkey, Account | None, Account | None]
"""An address with the account before and after."""


class Undo:
    """Per account, the state before its first change in each recent slot, oldest first."""

    def __init__(self) -> None:
        self._before: dict[Pubkey, list[tuple[int, Account | None]]] = {}

    def remember(self, slot: int, changes: Iterable[Change]) -> None:
        """Note the changes of a transaction in `slot`."""
        for address, before, _ in changes:
            history = self._before.setdefault(address, [])
            if not history or history[-1][0] < slot:
                history.append((slot, before))

    def changed_after(self, slot: int, address: Pubkey) -> bool:
        """Whether the account is no longer what it was at the end of `slot`."""
        history = self._before.get(address)
        return history is not None and history[-1][0] > slot

    def at(self, slot: int, address: Pubkey) -> Account | None:
        """The account at the end of `slot`; only for an account that has changed after it."""
        return next(before for when, before in self._before[address] if when > slot)

    def all_at(self, slot: int) -> Iterator[tuple[Pubkey, Account | None]]:
        """Every account that changed after `slot`, as it was then."""
        for address in list(self._before):
            if self.changed_after(slot, address):
                yield address, self.at(slot, address)

    def finalize(self, slot: int, changes: Iterable[Change]) -> None:
        """Forget what the changes of a slot that is final were kept for."""
        for address, _, _ in changes:
            history = [each for each in self._before.get(address, ()) if each[0] > slot]
            if history:
                self._before[address] = history
            else:
                self._before.pop(address, None)

    def cut(self, slot: int) -> None:
        """Forget everything after `slot`: those slots never happened."""
        for address in list(self._before):
            kept = [each for each in self._before[address] if each[0] <= slot]
            if kept:
                self._before[address] = kept
            else:
                del self._before[address]
