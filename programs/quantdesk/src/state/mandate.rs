//! Caps on what one key may do for an account that it does not own.

use anchor_lang::prelude::*;
use risk::mandate::{Caps, DayStart};

#[account]
#[derive(InitSpace)]
pub struct Mandate {
    pub version: u8,
    pub bump: u8,
    pub user_account: Pubkey,
    pub delegate: Pubkey,
    /// Largest notional of one order.
    pub order_cap_e6: u64,
    /// Largest notional of the account's position in one market.
    pub notional_cap_e6: u64,
    /// Notional of all positions over equity that counts no profit.
    pub max_leverage: u16,
    /// What the account's trading may lose in a day before nothing may grow any more.
    pub daily_loss_e6: u64,
    /// A bit for each market allowed.
    pub markets: u64,
    /// Unix seconds; 0 never expires.
    pub expires_at: i64,
    /// Days since 1970 (UTC) of the last growing action.
    pub day: i64,
    /// The account's trading result when that day began.
    pub day_start_e6: i64,
    pub reserved: [u8; 64],
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy)]
pub struct MandateParams {
    pub order_cap_e6: u64,
    pub notional_cap_e6: u64,
    pub max_leverage: u16,
    pub daily_loss_e6: u64,
    pub markets: u64,
    pub expires_at: i64,
}

impl Mandate {
    pub const SEED: &'static [u8] = b"mandate";

    /// Replaces the caps; what the day has lost stays counted.
    pub fn set_params(&mut self, params: &MandateParams) {
        self.order_cap_e6 = params.order_cap_e6;
        self.notional_cap_e6 = params.notional_cap_e6;
        self.max_leverage = params.max_leverage;
        self.daily_loss_e6 = params.daily_loss_e6;
        self.markets = params.markets;
        self.expires_at = params.expires_at;
    }

    pub fn caps(&self) -> Caps {
        Caps {
            order_cap_e6: self.order_cap_e6,
            notional_cap_e6: self.notional_cap_e6,
            max_leverage: self.max_leverage,
            daily_loss_e6: self.daily_loss_e6,
            markets: self.markets,
            expires_at: self.expires_at,
        }
    }

    pub fn day_start(&self) -> DayStart {
        DayStart { day: self.day, result_e6: self.day_start_e6 }
    }

    pub fn set_day_start(&mut self, start: &DayStart) {
        self.day = start.day;
        self.day_start_e6 = start.result_e6;
    }
}
