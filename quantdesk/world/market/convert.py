"""Makes the shipped recordings from Parquet candles; a developer's tool, not used at run time.

Run it as `python -m quantdesk.world.market.convert FOLDER` with pyarrow installed, where FOLDER
holds the files named in `SOURCES`. Prices go through `Decimal(str(x))`, so no digit is lost, and
the gzip header carries no time, so the same input gives the same bytes.
"""

from __future__ import annotations

import gzip
import sys
from decimal import Decimal
from pathlib import Path

from quantdesk.world.market.recording import FOLDER, HEADER

SOURCES = {
    "calm-SOL": "SOL-1m-calmweek-20250523-20250530.parquet",
    "calm-BTC": "BTC-1m-calmweek-20250523-20250530.parquet",
    "calm-ETH": "ETH-1m-calmweek-20250523-20250530.parquet",
    "crash-SOL": "SOL-1m-binanceperp-20251010crash.parquet",
    "crash-BTC": "BTC-1m-binanceperp-20251010crash.parquet",
}


def _scaled(value: float, *, decimals: int) -> int:
    scaled = Decimal(str(value)).scaleb(decimals)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{value} has more than {decimals} decimals")
    return int(scaled)


def _lines(path: Path) -> list[str]:
    import pyarrow.parquet  # type: ignore[import-untyped]

    lines = [HEADER]
    for row in pyarrow.parquet.read_table(path).to_pylist():
        prices = [_scaled(row[name], decimals=6) for name in ("open", "high", "low", "close")]
        volume = _scaled(row["volume"], decimals=3)
        lines.append(",".join(map(str, [int(row["ts"].timestamp()) * 1000, *prices, volume])))
    return lines


def main(source: Path) -> None:
    """Convert every recording from `source` into the package's own folder."""
    for name, file_name in SOURCES.items():
        text = "\n".join(_lines(source / file_name)) + "\n"
        target = FOLDER / f"{name}.csv.gz"
        target.write_bytes(gzip.compress(text.encode("ascii"), compresslevel=9, mtime=0))
        print(f"{target.name}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
