//! An instruction to trade that waits for a newer price.

use anchor_lang::prelude::*;
use risk::trigger::Trigger;

use crate::events::OrderCancelled;

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
    pub placed_at: i64,
    pub placed_slot: u64,
    /// Unix seconds; 0 never expires.
    pub expires_at: i64,
    pub placed_by: Pubkey,
    pub reserved: [u8; 96],
}

impl Order {
    pub const SEED: &'static [u8] = b"order";
    /// Longest life of a market order, seconds.
    pub const MARKET_LIFE_S: i64 = 30;
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

    /// Whether the order keeps waiting when its bound is not met.
    pub fn waits_for_its_bound(&self) -> bool {
        matches!(self.kind, kind::LIMIT | kind::STOP_LIMIT)
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
