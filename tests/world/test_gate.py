"""Pieces wait at the gate and pass it in any number, also long after it opened."""

import threading

from quantdesk.world.gate import Gate


def test_everyone_waits_until_the_gate_opens_and_then_passes() -> None:
    gate = Gate()
    waiting = [threading.Thread(target=gate.wait, daemon=True) for _ in range(3)]
    for one in waiting:
        one.start()
    waiting[0].join(0.1)
    assert all(one.is_alive() for one in waiting)

    gate.open()

    for one in waiting:
        one.join(5)
    assert not any(one.is_alive() for one in waiting)


def test_who_comes_after_the_opening_passes_at_once() -> None:
    gate = Gate()
    gate.open()

    gate.wait()
    gate.wait()
