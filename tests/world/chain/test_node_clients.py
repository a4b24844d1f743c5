"""The JavaScript clients that wallets and websites use, unmodified, against the local chain."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.world.chain.chains import chain

HERE = Path(__file__).parent
PACKAGES = ("@solana/web3.js@1.98.4", "@solana/spl-token@0.4.14", "@solana/kit@5")


@pytest.fixture(scope="module")
def node_modules(request: pytest.FixtureRequest) -> Path:
    """A folder in which the clients are installed; kept between runs."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not on PATH; install Node.js to run the client conformance")
    assert request.config.cache is not None
    folder = request.config.cache.mkdir("web3js")
    if not all((folder / "node_modules" / name.rsplit("@", 1)[0]).exists() for name in PACKAGES):
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"npm cannot install the clients: {done.stderr.strip()[-200:]}")
    return folder


async def _node(folder: Path, script: str, *arguments: str) -> dict[str, object]:
    path = folder / script
    path.write_text((HERE / script).read_text())
    process = await asyncio.create_subprocess_exec(
        *("node", str(path), *arguments),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0, err.decode()
    report: dict[str, object] = json.loads(out)
    return report


async def test_web3js_sends_reads_tokens_and_hears_subscriptions(
    node_modules: Path, tmp_path: Path
) -> None:
    async with chain(tmp_path, slot_ms=100) as running:
        report = await _node(node_modules, "web3js.cjs", running.url)

    assert report["balances"] == [97_999_995_000, 2_000_000_000]
    assert report["accountChange"] == 2_000_000_000
    assert report["logs"] == [
        "Program 11111111111111111111111111111111 invoke [1]",
        "Program 11111111111111111111111111111111 success",
    ]
    refused = report["refused"]
    assert isinstance(refused, dict)
    assert refused["name"] == "SendTransactionError"
    assert "custom program error: 0x1" in refused["message"]
    assert any("insufficient lamports" in line for line in refused["logs"])
    assert report["landed"] == {"err": None, "fee": 5000, "post": [97_999_995_000, 2_000_000_000]}
    assert report["history"] == [True]
    assert report["inBlock"] is True
    assert report["programChange"] is True
    assert report["parsedAccount"] == {
        "amount": "400000",
        "decimals": 6,
        "uiAmount": 0.4,
        "uiAmountString": "0.4",
    }
    assert report["owned"] == ["1.1"]
    assert report["supply"] == "1.5"
    assert report["tokenBalances"] == [["0", "1500000"], ["1100000", "400000"]]
    lookup = report["lookup"]
    assert isinstance(lookup, dict)
    assert lookup["version"] == 0
    assert lookup["loaded"] == [lookup["to"]]


async def test_kit_sends_is_refused_reads_and_hears_every_subscription(
    node_modules: Path, tmp_path: Path
) -> None:
    async with chain(tmp_path, slot_ms=100) as running:
        report = await _node(node_modules, "kit.mjs", running.url, running.ws_url)

    refused = report.pop("refused")
    assert isinstance(refused, dict)
    assert refused["preflight"] is True
    assert any("insufficient lamports" in line for line in refused["logs"])
    assert report == {
        "balance": "3000000000",
        "landed": None,
        "changed": "1000000000",
        "logs": [
            "Program 11111111111111111111111111111111 invoke [1]",
            "Program 11111111111111111111111111111111 success",
        ],
        "ofProgram": True,
        "slot": True,
        "transaction": {"version": "0", "fee": "5000", "post": ["1999995000", "1000000000"]},
        "status": True,
        "found": True,
        "account": {"space": "0", "lamports": "1000000002"},
    }
