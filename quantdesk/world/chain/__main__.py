"""Run a chain by hand: `python -m quantdesk.world.chain --home DIR --port 18010 [--exchange]`."""

import argparse
import asyncio
from pathlib import Path

from quantdesk.settings import Settings
from quantdesk.world.chain.config import ChainConfig
from quantdesk.world.chain.server import run, serve


def main() -> None:
    """Parse the arguments and serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path(".quantdesk"))
    parser.add_argument("--port", type=int, default=18010)
    parser.add_argument("--slot-ms", type=int, default=400)
    parser.add_argument("--exchange", action="store_true", help="Open the exchange on it, too.")
    asked = parser.parse_args()
    if asked.exchange:
        environment = {"QD_HOME": str(asked.home), "QD_CHAIN_PORT": str(asked.port)}
        asyncio.run(run(Settings.from_env(environment)))
        return
    home = asked.home / "chain"
    asyncio.run(serve(ChainConfig(home=home, rpc_port=asked.port, slot_ms=asked.slot_ms)))


if __name__ == "__main__":
    main()
