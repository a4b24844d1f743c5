"""Solana's JSON-RPC methods, by family: each a function of the bank and the parameters."""

from collections.abc import Callable

from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.json_types import Json
from quantdesk.world.chain.methods import accounts, blocks, cluster, tokens, transactions
from quantdesk.world.chain.params import Params

Method = Callable[[Bank, Params], Json]

METHODS: dict[str, Method] = {
    **cluster.METHODS,
    **accounts.METHODS,
    **tokens.METHODS,
    **transactions.METHODS,
    **blocks.METHODS,
}
