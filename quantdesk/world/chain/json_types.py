"""Names for the shapes that cross JSON-RPC."""

from typing import Any

Json = Any
"""Whatever JSON can hold: parsed at the edge by each method."""

Object = dict[str, Any]
