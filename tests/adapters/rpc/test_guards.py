"""Guards of the client on real local chains: strangers, liars, plans and dead nodes."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from solders.keypair import Keypair
from structlog.testing import capture_logs

from quantdesk.adapters.rpc.address import NodeAddress
from quantdesk.adapters.rpc.agreement import history, reached
from quantdesk.adapters.rpc.bucket import Bucket
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.adapters.rpc.errors import RpcUnavailable
from quantdesk.adapters.rpc.pool import NodePool
from quantdesk.services.actions import Commitment
from tests.adapters.rpc.forwarders import forwarder
from tests.world.chain.chains import SOL, chain, slots_pass

PROCESSED = Commitment.PROCESSED


async def test_a_node_of_another_cluster_is_never_believed(tmp_path: Path) -> None:
    whom = Keypair().pubkey()
    async with chain(tmp_path / "ours") as ours, chain(tmp_path / "other") as other:
        ours.bank.airdrop(whom, SOL)
        other.bank.airdrop(whom, 99 * SOL)
        pinned = RpcClient.of([other.url, ours.url], genesis=str(ours.bank.genesis_hash))

        with capture_logs() as logs:
            assert await pinned.balance(whom, PROCESSED) == SOL

        told = [each["reason"] for each in logs if each["event"] == "chain_node_lost"]
        assert len(told) == 1
        assert told[0].startswith("serves another cluster (genesis ")
        await pinned.close()


async def test_when_only_strangers_answer_the_words_say_so(tmp_path: Path) -> None:
    async with chain(tmp_path) as other:
        pool = NodePool([other.url], genesis="1" * 32, budget_s=0.6)

        with pytest.raises(RpcUnavailable, match=r"127\.0\.0\.1:\d+: serves another cluster"):
            await pool.call("getSlot", [])
        await pool.close()


async def test_two_nodes_of_two_clusters_are_refused_until_one_is_named(tmp_path: Path) -> None:
    async with chain(tmp_path / "one") as one, chain(tmp_path / "two") as two:
        pool = NodePool([one.url, two.url], budget_s=0.6)

        with pytest.raises(RpcUnavailable, match="set QD_GENESIS_HASH"):
            await pool.call("getSlot", [])
        await pool.close()


async def test_three_nodes_settle_their_cluster_against_one_stranger(tmp_path: Path) -> None:
    async with (
        chain(tmp_path / "ours") as ours,
        chain(tmp_path / "other") as other,
        forwarder(ours.url) as second,
    ):
        client = RpcClient.of([other.url, ours.url, second.url])

        assert await client.genesis_hash() == str(ours.bank.genesis_hash)
        await client.close()


def _richer(method: str, result: Any) -> Any:
    return result | {"value": 99 * SOL} if method == "getBalance" else result


def _forgetful(method: str, result: Any) -> Any:
    return result | {"value": [None]} if method == "getSignatureStatuses" else result


def _ahead(method: str, result: Any) -> Any:
    return result + 10**6 if method == "getBlockHeight" else result


async def test_one_liar_of_three_is_outvoted_about_a_balance(tmp_path: Path) -> None:
    whom = Keypair().pubkey()
    async with (
        chain(tmp_path) as found,
        forwarder(found.url, _richer) as liar,
        forwarder(found.url) as second,
    ):
        found.bank.airdrop(whom, SOL)
        client = RpcClient.of([liar.url, found.url, second.url])

        assert await client.balance(whom, PROCESSED) == SOL
        assert "getBalance" in liar.asked
        assert "getBalance" in second.asked
        await client.close()


async def test_of_two_nodes_that_tell_the_same_no_third_is_asked(tmp_path: Path) -> None:
    async with (
        chain(tmp_path) as found,
        forwarder(found.url) as second,
        forwarder(found.url) as third,
    ):
        # A slow machine must not look like a slow node.
        client = RpcClient(NodePool([found.url, second.url, third.url], hedge_after_s=30))
        assert await client.balance(Keypair().pubkey()) == 0

        assert "getBalance" in second.asked
        assert "getBalance" not in third.asked
        await client.close()


async def test_a_landed_transaction_cannot_be_denied_nor_time_be_forged(tmp_path: Path) -> None:
    """Both lies together would make a sender sign again what has landed: it would pay twice."""
    async with (
        chain(tmp_path) as found,
        forwarder(found.url, _forgetful) as denies,
        forwarder(found.url, _ahead) as hurries,
    ):
        signature = str(found.bank.airdrop(Keypair().pubkey(), SOL))
        await slots_pass(found.bank, 2)
        client = RpcClient.of([denies.url, hurries.url, found.url])

        (state,) = await client.statuses([signature])
        height = await client.block_height()

        assert state is not None
        assert height <= found.bank.slot
        await client.close()


async def test_a_liar_beside_a_dead_node_ends_in_words_and_not_in_a_wrong_number(
    tmp_path: Path,
) -> None:
    async with (
        chain(tmp_path) as found,
        forwarder(found.url, _richer) as one,
        forwarder(found.url) as two,
    ):
        whom = Keypair().pubkey()
        pool = NodePool([one.url, two.url, "http://127.0.0.1:9"], budget_s=1.0)

        with pytest.raises(RpcUnavailable, match="no two of them said the same"):
            await RpcClient(pool).balance(whom, PROCESSED)
        await pool.close()


async def test_a_node_is_asked_no_oftener_than_its_plan_allows(tmp_path: Path) -> None:
    async with chain(tmp_path) as found, forwarder(found.url) as metered:
        pool = NodePool([f"{metered.url}#rps=5"], budget_s=30)
        began = time.monotonic()

        for _ in range(15):
            await pool.call("getSlot", [])

        # Ten may go at once; the other five come at five a second.
        assert time.monotonic() - began > 0.8
        assert len(metered.asked) == 15
        await pool.close()


async def test_what_one_plan_does_not_allow_goes_to_the_next_node(tmp_path: Path) -> None:
    async with (
        chain(tmp_path) as found,
        forwarder(found.url) as metered,
        forwarder(found.url) as spare,
    ):
        pool = NodePool([f"{metered.url}#rps=2", spare.url], hedge_after_s=30)

        await asyncio.gather(*(pool.call("getSlot", []) for _ in range(12)))

        # Four may go at once, one of them to ask which cluster this is.
        assert 2 <= metered.asked.count("getSlot") <= 6
        assert metered.asked.count("getSlot") + spare.asked.count("getSlot") == 12
        await pool.close()


async def test_failing_over_and_coming_back_is_told_once_each(tmp_path: Path) -> None:
    async with chain(tmp_path / "spare") as spare:
        dead = "http://127.0.0.1:9/v2/secret-key"
        pool = NodePool([dead, spare.url], hedge_after_s=30)

        with capture_logs() as logs:
            began = time.monotonic()
            for _ in range(5):
                assert await pool.call("getHealth", []) == "ok"
            took_s = time.monotonic() - began

        assert [each["event"] for each in logs] == ["chain_node_lost"]
        assert logs[0]["node"] == "127.0.0.1:9"
        assert "secret-key" not in str(logs)
        assert took_s < 3
        await pool.close()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.floats(0.1, 100), st.lists(st.floats(0, 2), min_size=1, max_size=200))
def test_a_bucket_never_lets_more_through_than_rate_and_burst(
    rate: float, pauses: list[float]
) -> None:
    bucket, now, gone = Bucket(rate), 0.0, 0
    for pause in pauses:
        now += pause
        if bucket.wait_s(now) <= 0:
            bucket.take(now)
            gone += 1

    assert gone <= rate * (now + 2) + 1


def test_an_address_keeps_its_key_out_of_its_name_and_its_rate_out_of_its_url() -> None:
    found = NodeAddress.of("https://rpc.example:8899/v2/secret?api-key=k#rps=25")

    assert found.name == "rpc.example:8899"
    assert found.url == "https://rpc.example:8899/v2/secret?api-key=k"
    assert found.rate_per_s == 25
    assert NodeAddress.of("https://api.devnet.solana.com").rate_per_s == 4
    assert NodeAddress.of("http://127.0.0.1:8899").rate_per_s is None
    with pytest.raises(ValueError, match="no number of requests"):
        NodeAddress.of("http://127.0.0.1:8899#rps=0")


def test_a_height_is_reached_when_two_nodes_have_reached_it() -> None:
    assert reached([100, 10**9]).reply == 100  # type: ignore[union-attr]
    assert reached([1, 100, 101]).reply == 100  # type: ignore[union-attr]


def test_a_history_may_lag_but_leave_nothing_out() -> None:
    def rows(text: str) -> list[dict[str, str]]:
        return [{"signature": each} for each in text]

    whole, behind, gap, page = rows("fedcba"), rows("dcba"), rows("fecba"), rows("dcb")

    assert history([whole, behind]).reply == behind  # type: ignore[union-attr]
    assert history([behind, whole]).reply == behind  # type: ignore[union-attr]
    assert history([whole, gap]) is None
    assert history([whole, gap, whole]).reply == whole  # type: ignore[union-attr]
    assert history([whole, page]).reply == page  # type: ignore[union-attr]
