"""`quantdesk bench`: what the product costs and how quick it is, beside a peer in the same run.

Every bench starts a world of its own, so a running one is neither needed nor disturbed. A figure is
one JSON line; ratios compare within one run, because absolute times belong to the machine.
"""

from quantdesk.world.bench.run import run_benches

__all__ = ["run_benches"]
