//! The counterparty of every trade, and the fund that stands before it.

use anchor_lang::prelude::*;

use crate::ledger::Fits;

#[account]
#[derive(InitSpace)]
pub struct Pool {
    pub version: u8,
    pub bump: u8,
    /// USDC that belongs to the pool.
    pub cash_e6: i64,
    /// Profit owed to users that cash could not pay yet.
    pub claims_e6: u64,
    /// Fixed reward of whoever executes an order.
    pub keeper_reward_e6: u64,
    pub market_count: u16,
    pub vault_count: u8,
    /// Sum of `Market::pool_value_e6`.
    pub markets_value_e6: i64,
    /// Sum of `Market::reserve_e6`.
    pub reserve_e6: u64,
    /// Sum of every user's USDC balance, negative ones included.
    pub total_user_usdc_e6: i64,
    pub shares: u64,
    pub sequence: u64,
    /// Share of the cash at the start of a day that bad debt may take in that day.
    pub daily_loss_share_e6: u32,
    pub loss_day: i64,
    pub loss_cap_today_e6: u64,
    pub loss_today_e6: u64,
    /// Cash paid per claimed USD, 1e12, cumulative; a whole unit is a full payment.
    pub claims_index_e12: u128,
    /// Cash set aside for claims, not fetched yet.
    pub claims_pot_e6: u64,
    /// The part of the shares that people hold; the rest came from seeds.
    pub lp_shares: u64,
    pub reserved: [u8; 208],
}

impl Pool {
    pub const SEED: &'static [u8] = b"pool";
}

#[account]
#[derive(InitSpace)]
pub struct InsuranceFund {
    pub version: u8,
    pub bump: u8,
    pub balance_e6: u64,
    /// Bad debt paid so far.
    pub paid_e6: u64,
    pub reserved: [u8; 128],
}

impl InsuranceFund {
    pub const SEED: &'static [u8] = b"insurance";
}

impl Pool {
    pub fn ledger(&self) -> risk::pool::Pool {
        risk::pool::Pool {
            cash_e6: self.cash_e6,
            claims_e6: self.claims_e6,
            markets_value_e6: self.markets_value_e6,
            reserve_e6: self.reserve_e6,
            total_user_usdc_e6: self.total_user_usdc_e6,
        }
    }

    pub fn set_ledger(&mut self, ledger: &risk::pool::Pool) {
        self.cash_e6 = ledger.cash_e6;
        self.claims_e6 = ledger.claims_e6;
        self.markets_value_e6 = ledger.markets_value_e6;
        self.reserve_e6 = ledger.reserve_e6;
        self.total_user_usdc_e6 = ledger.total_user_usdc_e6;
    }

    /// How much bad debt the pool may still take on the day of `now`.
    pub fn allowance(&self, now: i64) -> Result<risk::pool::DailyLoss> {
        self.daily_loss().on_day_of(now, self.cash_e6, self.daily_loss_share_e6).fits()
    }

    /// Counts a loss against its day, before the cash is written: the day starts at its first
    /// loss, and its allowance is a share of the cash before it.
    pub fn book_loss(&mut self, loss_e6: u64, now: i64) -> Result<()> {
        if loss_e6 == 0 {
            return Ok(());
        }
        let mut today = self.allowance(now)?;
        today.lost_e6 = today.lost_e6.checked_add(loss_e6).fits()?;
        self.set_daily_loss(&today);
        Ok(())
    }

    pub fn daily_loss(&self) -> risk::pool::DailyLoss {
        risk::pool::DailyLoss {
            day: self.loss_day,
            cap_e6: self.loss_cap_today_e6,
            lost_e6: self.loss_today_e6,
        }
    }

    pub fn set_daily_loss(&mut self, loss: &risk::pool::DailyLoss) {
        self.loss_day = loss.day;
        self.loss_cap_today_e6 = loss.cap_e6;
        self.loss_today_e6 = loss.lost_e6;
    }

    /// Whether there is money to lose, whoever brought it: what is added from now on starts closed.
    pub fn holds_money(&self) -> bool {
        let is_empty = self.cash_e6 == 0 && self.claims_e6 == 0 && self.claims_pot_e6 == 0;
        self.shares > 0 || self.total_user_usdc_e6 != 0 || !is_empty
    }

    pub fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }
}
