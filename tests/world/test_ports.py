"""Ports are probed upward, below the ephemeral range, and claimed against twins."""

import socket

import pytest

from quantdesk.world.ports import HIGHEST, NoFreePort, PortClaims, is_free

WANTED = 21_500


def test_a_taken_port_is_passed_over() -> None:
    first = PortClaims().take("web", WANTED)
    with socket.socket() as other:
        other.bind(("127.0.0.1", first))
        other.listen()

        assert not is_free(first)
        assert PortClaims().take("web", first) > first


def test_two_supervisors_that_probe_before_either_listens_choose_different_ports() -> None:
    one, two = PortClaims(), PortClaims()

    assert one.take("web", WANTED) != two.take("web", WANTED)


def test_a_pair_of_ports_is_free_together() -> None:
    claims = PortClaims()
    single = claims.take("web", WANTED + 1)

    pair = claims.take("chain", single - 1, width=2)

    assert single not in (pair, pair + 1)


def test_no_port_in_the_ephemeral_range_is_ever_taken() -> None:
    with pytest.raises(NoFreePort, match="QD_WEB_PORT"):
        PortClaims().take("web", HIGHEST + 1)
