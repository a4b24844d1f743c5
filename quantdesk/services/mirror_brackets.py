"""Mirror brackets: which orders belong together, and the mandates that cap what delegates do."""

from __future__ import annotations

from collections.abc import Iterator

from quantdesk.services.chain_changes import (
    Change,
    Fields,
    Origin,
    Table,
    counted,
    integer,
    moment,
)

LEGS = ("take_profit_id", "stop_id")
CAPS = ("order_cap_e6", "notional_cap_e6", "max_leverage", "daily_loss_e6", "markets")


def bracket_placed(fields: Fields, origin: Origin) -> Iterator[Change]:
    """Two orders became the legs of a bracket: asleep behind a parent, or awake at once."""
    is_asleep = bool(fields["is_asleep"])
    if is_asleep:
        yield _order(fields, origin, fields["parent_id"], {"role": "parent"})
    for name in LEGS:
        given = {
            "role": "leg_asleep" if is_asleep else "leg_awake",
            "parent_id": fields["parent_id"] if is_asleep else None,
        }
        yield _order(fields, origin, fields[name], given)
    yield counted(fields, origin)


def bracket_armed(fields: Fields, origin: Origin) -> Iterator[Change]:
    """The parent was filled; the legs that still wait are awake from now on."""
    for name in LEGS:
        # An id may be taken by another order once its leg is gone: only a leg of this parent wakes.
        key = {
            "account": fields["user_account"],
            "client_order_id": fields[name],
            "parent_id": fields["parent_id"],
        }
        given = {"role": "leg_awake", "slot": origin.slot}
        yield Change(table=Table.ORDERS, key=key, given=given, must_exist=True)
    yield counted(fields, origin)


def mandate_set(fields: Fields, origin: Origin) -> Iterator[Change]:
    """An owner caps what a key may do."""
    expires_at = integer(fields, "expires_at")
    yield Change(
        table=Table.MANDATES,
        key=_mandate(fields),
        given={
            **{name: fields[name] for name in CAPS},
            "expires_at": moment(expires_at) if expires_at else None,
            "is_live": True,
            "slot": origin.slot,
        },
    )
    yield counted(fields, origin)


def mandate_closed(fields: Fields, origin: Origin) -> Iterator[Change]:
    """The caps are gone, and with them the key's permission."""
    given = {"is_live": False, "slot": origin.slot}
    yield Change(table=Table.MANDATES, key=_mandate(fields), given=given, must_exist=True)
    yield counted(fields, origin)


def _order(
    fields: Fields, origin: Origin, client_order_id: object, given: dict[str, object]
) -> Change:
    key = {"account": fields["user_account"], "client_order_id": client_order_id}
    return Change(
        table=Table.ORDERS, key=key, given={**given, "slot": origin.slot}, must_exist=True
    )


def _mandate(fields: Fields) -> dict[str, object]:
    return {"account": fields["user_account"], "delegate": fields["delegate"]}
