"""Ties: the other accounts that an order drags along, by what is written in it.

A parent wakes its two legs, a leg closes its sibling, and what a delegate placed is judged by the
delegate's mandate; whoever executes must pass all of them.
"""

from dataclasses import dataclass
from enum import IntEnum

from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import Addresses
from quantdesk.adapters.chain.program import Fields


class Role(IntEnum):
    """`Order.role`."""

    PLAIN = 0
    PARENT = 1
    ASLEEP = 2
    AWAKE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """Who placed an order, and the client order ids it is tied to."""

    placed_by: Pubkey
    market_index: int
    role: Role = Role.PLAIN
    link_ids: tuple[int, int] = (0, 0)

    @classmethod
    def of(cls, order: Fields) -> "Ties":
        """From a decoded Order."""
        first, second = order["link_ids"]
        return cls(
            placed_by=order["placed_by"],
            market_index=order["market_index"],
            role=Role(order["role"]),
            link_ids=(first, second),
        )

    def links(self, where: Addresses, account: Pubkey) -> dict[str, Pubkey]:
        """What execute_order asks for: a parent's legs, or an awake leg's sibling."""
        wanted = {Role.PARENT: 2, Role.AWAKE: 1}.get(self.role, 0)
        names = ("first_link", "second_link")[:wanted]
        return {
            name: where.order(account, number)
            for name, number in zip(names, self.link_ids, strict=False)
        }

    def proof(self, where: Addresses, account: Pubkey) -> dict[str, Pubkey]:
        """What shows cancel_order that a leg has lost its position or its parent."""
        match self.role:
            case Role.AWAKE:
                return {"position": where.position(account, self.market_index)}
            case Role.ASLEEP:
                return {"parent": where.order(account, self.link_ids[1])}
            case _:
                return {}
