"""Run a bare chain by hand: `python -m quantdesk.world.chain --home DIR --port 18010`."""

import argparse
import asyncio
from pathlib import Path

from quantdesk.world.chain.config import ChainConfig
from quantdesk.world.chain.server import serve


def main() -> None:
    """Parse the two arguments and serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path(".quantdesk"))
    parser.add_argument("--port", type=int, default=18010)
    parser.add_argument("--slot-ms", type=int, default=400)
    asked = parser.parse_args()
    home = asked.home / "chain"
    asyncio.run(serve(ChainConfig(home=home, rpc_port=asked.port, slot_ms=asked.slot_ms)))


if __name__ == "__main__":
    main()
