"""What the built program tells on a stage of the tests, as the indexer would read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from solders.pubkey import Pubkey

from quantdesk.services.chain_changes import ChainEvent, ChainTransaction
from tests.domain.onchain import Landed, OnChain
from tests.program.scene import Scene


class Heard:
    """Every transaction of every stage that is set up from now on, genesis included."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.transactions: list[ChainTransaction] = []
        for stage, name in ((OnChain, "run"), (Scene, "do")):
            monkeypatch.setattr(stage, name, self._listening(getattr(stage, name)))

    def _listening(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def listening(*given: Any, **named: Any) -> Any:
            outcome = act(*given, **named)
            if isinstance(outcome, Landed):
                self._keep(outcome)
            return outcome

        return listening

    def _keep(self, landed: Landed) -> None:
        number = len(self.transactions)
        events = tuple(
            ChainEvent(
                name=event.name,
                log_index=event.log_index,
                fields={name: _plain(found) for name, found in event.fields.items()},
            )
            for event in landed.events
        )
        self.transactions.append(
            ChainTransaction(
                signature=f"heard{number}", slot=number, block_time=None, error=None, events=events
            )
        )


def _plain(found: Any) -> object:
    return str(found) if isinstance(found, Pubkey) else found
