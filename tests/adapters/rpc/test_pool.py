"""Several nodes as one: what happens when some of them misbehave."""

import socket
import time

import pytest

from quantdesk.adapters.rpc.breaker import Breaker
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.adapters.rpc.errors import RpcRefused, RpcUnavailable, TransactionRejected
from quantdesk.adapters.rpc.pool import NodePool
from quantdesk.services.ports import ExchangeUnavailable
from tests.adapters.rpc.nodes import Answer, error, node, result

BROKEN = {
    "an HTTP 500 page": Answer(raw=b"<html>oops</html>", status=500),
    "an HTTP 503 page": Answer(raw=b"", status=503),
    "cut JSON": Answer(raw=b'{"jsonrpc":"2.0","result":{"va'),
    "JSON that is no answer": Answer(raw=b"[1,2]"),
    "a broken connection": Answer(drop=True),
    "an unhealthy node": error(-32005, "Node is behind by 42 slots"),
    "a lagging node": error(-32016, "Minimum context slot has not been reached"),
    "a rate limit in the body": error(429, "Too many requests for a specific RPC call"),
    "a refused key": Answer({"error": "forbidden"}, status=403),
}


@pytest.mark.parametrize("trouble", BROKEN.values(), ids=BROKEN.keys())
async def test_the_next_node_answers_at_once_when_the_first_gives(trouble: Answer) -> None:
    async with node(lambda _: trouble) as bad, node(lambda _: result(77)) as good:
        pool = NodePool([bad.url, good.url], hedge_after_s=30.0)
        began = time.monotonic()

        assert await pool.call("getSlot", []) == 77
        assert time.monotonic() - began < 3.0
        await pool.close()


async def test_a_dead_node_is_skipped() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{held.getsockname()[1]}"
    async with node(lambda _: result("ok")) as good:
        client = RpcClient.of([dead, good.url])

        assert await client.is_healthy()
        await client.close()


async def test_a_slow_read_is_hedged_and_a_slow_send_is_not() -> None:
    async with (
        node(lambda nth: result("slow", after_s=20.0 if nth == 1 else 0.3)) as slow,
        node(lambda _: result("fast")) as fast,
    ):
        pool = NodePool([slow.url, fast.url], hedge_after_s=0.05)
        began = time.monotonic()

        assert await pool.call("getSlot", []) == "fast"
        assert time.monotonic() - began < 3.0
        assert await pool.call("sendTransaction", ["x"], hedge=False) == "slow"
        assert len(fast.requests) == 1
        await pool.close()


async def test_a_rate_limited_node_is_left_alone_as_long_as_it_asks() -> None:
    limited = Answer(raw=b"{}", status=429, headers={"Retry-After": "1"})
    async with node(lambda nth: limited if nth == 1 else result(5)) as only:
        pool = NodePool([only.url], budget_s=5)
        began = time.monotonic()

        assert await pool.call("getSlot", []) == 5
        assert time.monotonic() - began >= 1.0
        assert len(only.requests) == 2
        await pool.close()


async def test_when_every_node_fails_the_budget_ends_in_a_port_error() -> None:
    async with node(lambda _: Answer(raw=b"", status=502)) as one:
        pool = NodePool([one.url, one.url], budget_s=0.6)
        began = time.monotonic()

        with pytest.raises(ExchangeUnavailable, match="no Solana node answered getSlot"):
            await pool.call("getSlot", [])
        assert 0.5 < time.monotonic() - began < 4.0
        await pool.close()


async def test_a_frozen_node_costs_one_timeout_not_the_budget() -> None:
    async with (
        node(lambda _: result(1, after_s=30)) as frozen,
        node(lambda _: result(2)) as good,
    ):
        pool = NodePool([frozen.url, good.url], timeout_s=0.3)
        began = time.monotonic()

        assert await pool.call("sendTransaction", ["x"], hedge=False) == 2
        assert time.monotonic() - began < 4.0
        await pool.close()


async def test_an_error_about_the_request_is_not_asked_twice() -> None:
    async with node(lambda _: error(-32602, "Invalid param: Invalid")) as one:
        pool = NodePool([one.url, one.url])

        with pytest.raises(RpcRefused, match="Invalid param") as refusal:
            await pool.call("getBalance", ["x"])
        assert refusal.value.code == -32602
        assert len(one.requests) == 1
        await pool.close()


async def test_preflight_refusal_carries_error_and_logs() -> None:
    data = {"err": {"InstructionError": [0, {"Custom": 1}]}, "logs": ["Program x failed"]}
    async with node(lambda _: error(-32002, "Transaction simulation failed", data)) as one:
        client = RpcClient.of([one.url])

        with pytest.raises(TransactionRejected) as refusal:
            await client.send(bytes(200))
        assert refusal.value.err == {"InstructionError": [0, {"Custom": 1}]}
        assert refusal.value.logs == ["Program x failed"]
        await client.close()


async def test_a_reply_lost_after_landing_is_success_when_the_next_node_knows_it() -> None:
    known = {"err": "AlreadyProcessed", "logs": []}
    async with (
        node(lambda _: Answer(drop=True)) as lost,
        node(lambda _: error(-32002, "already been processed", known)) as other,
    ):
        client = RpcClient.of([lost.url, other.url])

        assert await client.send(b"\x01" + bytes(64) + b"\x80") == "1" * 64
        assert lost.requests[0]["params"] == other.requests[0]["params"]
        await client.close()


def test_the_breaker_rests_longer_each_time_and_one_probe_reopens_it() -> None:
    breaker = Breaker(failures_max=2, rest_s=1.0)
    assert breaker.admits(0.0)
    breaker.failed(0.0)
    assert breaker.admits(0.0)
    breaker.failed(0.0)

    assert not breaker.admits(0.9)
    assert breaker.admits(1.0)
    assert not breaker.admits(1.0), "one probe at a time"
    breaker.failed(1.0)
    assert not breaker.admits(2.9)
    assert breaker.admits(3.0)
    breaker.succeeded()
    assert breaker.admits(3.0)
    assert breaker.admits(3.0)


async def test_a_client_without_any_node_is_a_port_error_not_a_crash() -> None:
    client = RpcClient(NodePool(["http://127.0.0.1:1"], budget_s=0.3))

    with pytest.raises(RpcUnavailable):
        await client.slot()
    assert not await client.is_healthy()
    await client.close()
