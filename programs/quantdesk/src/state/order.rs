//! An instruction to trade that waits for a newer price.

use anchor_lang::prelude::*;
use risk::position::reducing_part_e9;
use risk::trigger::Trigger;

use crate::events::{OrderCancelled, OrderPlaced};
use crate::state::Position;

/// `Order::kind`.
pub mod kind {
    pub const MARKET: u8 = 0;
    pub const LIMIT: u8 = 1;
    pub const STOP_MARKET: u8 = 2;
    pub const STOP_LIMIT: u8 = 3;
    pub const TAKE_PROFIT: u8 = 4;
    pub const TRAILING_STOP: u8 = 5;
}

/// `OrderCancelled::reason`.
pub mod reason {
    pub const USER: u8 = 0;
    pub const EXPIRED: u8 = 1;
    pub const SLIPPAGE: u8 = 2;
    pub const MARGIN: u8 = 3;
    pub const OPEN_INTEREST: u8 = 4;
    pub const POOL_RESERVE: u8 = 5;
    pub const REDUCE_ONLY: u8 = 6;
    pub const LIQUIDATION: u8 = 7;
    /// The other leg of the bracket filled.
    pub const SIBLING: u8 = 8;
    pub const MANDATE: u8 = 9;
    /// What the leg was to protect is gone.
    pub const ORPHAN: u8 = 10;
}

/// `Order::role`.
pub mod role {
    pub const PLAIN: u8 = 0;
    /// Its fill wakes its legs.
    pub const PARENT: u8 = 1;
    /// A leg whose parent is not filled yet.
    pub const ASLEEP: u8 = 2;
    /// A leg that protects a position.
    pub const AWAKE: u8 = 3;
}

#[account]
#[derive(InitSpace)]
pub struct Order {
    pub version: u8,
    pub bump: u8,
    pub user_account: Pubkey,
    pub owner: Pubkey,
    pub market_index: u16,
    pub client_order_id: u64,
    pub kind: u8,
    /// Positive buys.
    pub size_e9: i64,
    /// The worst price accepted.
    pub limit_price_e6: u64,
    pub trigger_price_e6: u64,
    pub trailing_bps: u16,
    pub watermark_e6: u64,
    pub reduce_only: bool,
    /// Unix seconds; not before the last price that its market had accepted by then.
    pub placed_at: i64,
    pub placed_slot: u64,
    /// Unix seconds; 0 never expires.
    pub expires_at: i64,
    pub placed_by: Pubkey,
    /// One of `role`.
    pub role: u8,
    /// A parent's take profit and stop; a leg's sibling and parent.
    pub link_ids: [u64; 2],
    /// `Position::openings` of the position that a leg protects.
    pub opening: u32,
    /// Placed by a key that a mandate bound.
    pub is_mandated: bool,
    pub reserved: [u8; 74],
}

impl Order {
    pub const SEED: &'static [u8] = b"order";
    /// Longest life of a market order, seconds.
    pub const MARKET_LIFE_S: i64 = 30;
}

impl Order {
    /// The size of a leg that closes whatever the position has become.
    pub const WHOLE_E9: i64 = i64::MAX;

    /// Whether both orders name each other, so that neither is a later one of the same id.
    pub fn is_tied_to(&self, other: &Self) -> bool {
        let named_by_leg = |parent: &Self, leg: &Self| {
            leg.link_ids[1] == parent.client_order_id
                && parent.link_ids.contains(&leg.client_order_id)
        };
        let is_tied = match (self.role, other.role) {
            (role::PARENT, role::ASLEEP) => named_by_leg(self, other),
            (role::ASLEEP, role::PARENT) => named_by_leg(other, self),
            (role::AWAKE, role::AWAKE) => {
                self.link_ids[0] == other.client_order_id
                    && other.link_ids[0] == self.client_order_id
            }
            _ => false,
        };
        is_tied && self.user_account == other.user_account
    }

    /// Whether an awake leg has lost the position that it was to protect.
    pub fn has_lost(&self, position: &Position) -> bool {
        position.openings != self.opening || reducing_part_e9(position.size_e9, self.size_e9) == 0
    }

    /// The event that tells of the order at `address`, recorded at unix second `at`.
    pub fn placed(&self, address: Pubkey, sequence: u64, at: i64) -> OrderPlaced {
        OrderPlaced {
            sequence,
            at,
            order: address,
            user_account: self.user_account,
            owner: self.owner,
            market_index: self.market_index,
            client_order_id: self.client_order_id,
            kind: self.kind,
            size_e9: self.size_e9,
            limit_price_e6: self.limit_price_e6,
            trigger_price_e6: self.trigger_price_e6,
            trailing_bps: self.trailing_bps,
            watermark_e6: self.watermark_e6,
            reduce_only: self.reduce_only,
            expires_at: self.expires_at,
            placed_slot: self.placed_slot,
        }
    }
}

/// One leg of a bracket.
#[derive(AnchorSerialize, AnchorDeserialize, Clone)]
pub struct LegParams {
    pub client_order_id: u64,
    pub trigger_price_e6: u64,
    /// The worst price accepted.
    pub limit_price_e6: u64,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone)]
pub struct BracketParams {
    pub take_profit: LegParams,
    pub stop: LegParams,
    /// Unix seconds; 0 never expires.
    pub expires_at: i64,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone)]
pub struct OrderParams {
    pub client_order_id: u64,
    pub kind: u8,
    pub size_e9: i64,
    pub limit_price_e6: u64,
    pub trigger_price_e6: u64,
    pub trailing_bps: u16,
    pub reduce_only: bool,
    pub expires_at: i64,
}

impl Order {
    pub fn buys(&self) -> bool {
        self.size_e9 > 0
    }

    /// What wakes the order; market and limit orders are always awake.
    pub fn trigger(&self) -> Option<Trigger> {
        match self.kind {
            kind::STOP_MARKET | kind::STOP_LIMIT => Some(Trigger::Stop(self.trigger_price_e6)),
            kind::TAKE_PROFIT => Some(Trigger::Take(self.trigger_price_e6)),
            kind::TRAILING_STOP => {
                Some(Trigger::Trail { bps: self.trailing_bps, watermark_e6: self.watermark_e6 })
            }
            _ => None,
        }
    }

    /// Whether the order keeps waiting when its bound is not met; what protects a position does,
    /// lest one wide or late price end the protection.
    pub fn waits_for_its_bound(&self) -> bool {
        let protects = self.reduce_only && self.trigger().is_some();
        protects || matches!(self.kind, kind::LIMIT | kind::STOP_LIMIT)
    }

    pub fn is_expired(&self, now: i64) -> bool {
        self.expires_at != 0 && now > self.expires_at
    }

    /// The event that tells why the order at `address` ended unfilled, and by whom.
    pub fn cancelled(
        &self,
        address: Pubkey,
        sequence: u64,
        at: i64,
        (reason, by): (u8, Pubkey),
    ) -> OrderCancelled {
        OrderCancelled {
            sequence,
            at,
            order: address,
            user_account: self.user_account,
            market_index: self.market_index,
            client_order_id: self.client_order_id,
            reason,
            by,
        }
    }
}
