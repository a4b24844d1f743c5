//! What one account holds in one market. The account stays when the position is closed.

use anchor_lang::prelude::*;

#[account]
#[derive(InitSpace)]
pub struct Position {
    pub version: u8,
    pub bump: u8,
    pub user_account: Pubkey,
    pub market_index: u16,
    /// Positive is long.
    pub size_e9: i64,
    /// What was paid for the size, signed as the size is.
    pub entry_e6: i64,
    /// The market's index when funding was last settled.
    pub funding_index: i128,
    pub max_leverage: u16,
    pub realized_pnl_e6: i64,
    pub funding_paid_e6: i64,
    pub fees_paid_e6: i64,
    /// Maintenance equity of the account over its requirement at the last touch; capped.
    pub health_e6: u32,
    pub updated_slot: u64,
    /// How often a position was opened from flat or from the other side.
    pub openings: u32,
    pub reserved: [u8; 124],
}

impl Position {
    pub const SEED: &'static [u8] = b"position";
}

impl Position {
    pub fn holding(&self) -> risk::position::Position {
        risk::position::Position {
            size_e9: self.size_e9,
            entry_e6: self.entry_e6,
            funding_index: self.funding_index,
            max_leverage: self.max_leverage,
            realized_pnl_e6: self.realized_pnl_e6,
            funding_paid_e6: self.funding_paid_e6,
            fees_paid_e6: self.fees_paid_e6,
        }
    }

    pub fn set_holding(&mut self, holding: &risk::position::Position) {
        self.size_e9 = holding.size_e9;
        self.entry_e6 = holding.entry_e6;
        self.funding_index = holding.funding_index;
        self.max_leverage = holding.max_leverage;
        self.realized_pnl_e6 = holding.realized_pnl_e6;
        self.funding_paid_e6 = holding.funding_paid_e6;
        self.fees_paid_e6 = holding.fees_paid_e6;
    }
}
