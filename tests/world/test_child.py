"""A child that dies again and again is started later each time, up to ten seconds."""

import time

import pytest

from quantdesk.world.child import BACKOFF_FIRST_S, BACKOFF_LAST_S, SERVED_S, STEADY_S, Child

KILLED = 9


def child() -> Child:
    return Child(name="x", start=lambda: 4711, is_ready=lambda _since_s: True)


def delay_after_end(one: Child) -> float:
    one.launch()
    before = time.time()
    one.ended(KILLED)
    return one.retry_at - before


def test_delays_double_up_to_the_limit() -> None:
    one = child()

    delays = [delay_after_end(one) for _ in range(9)]

    assert delays[0] == pytest.approx(BACKOFF_FIRST_S, abs=0.1)
    assert delays[1] == pytest.approx(2 * BACKOFF_FIRST_S, abs=0.1)
    assert delays[-1] == pytest.approx(BACKOFF_LAST_S, abs=0.1)


def test_after_a_steady_time_the_first_delay_is_short_again() -> None:
    one = child()
    for _ in range(9):
        delay_after_end(one)
    one.launch()
    one.started_at -= STEADY_S + 1

    one.ended(KILLED)

    assert one.retry_at - time.time() == pytest.approx(BACKOFF_FIRST_S, abs=0.1)


def test_a_child_that_served_is_started_at_once_and_one_that_flaps_waits() -> None:
    for served_s, delay_s in ((SERVED_S + 1, BACKOFF_FIRST_S), (SERVED_S - 1, 2 * BACKOFF_FIRST_S)):
        one = child()
        delay_after_end(one)
        one.launch()
        one.ready = True
        one.started_at -= served_s

        one.ended(KILLED)

        assert one.retry_at - time.time() == pytest.approx(delay_s, abs=0.1)


def test_the_first_start_is_no_restart_and_a_signal_is_kept_as_exit_status() -> None:
    one = child()
    one.launch()
    assert (one.restarts, one.state) == (0, "starting")

    one.ended(KILLED)

    assert (one.exit_status, one.state) == (-KILLED, "waiting")
    one.launch()
    assert one.restarts == 1
