//! Turns a profit into USDC without closing, as far as the pool has cash; then it is collateral.

use anchor_lang::prelude::*;
use risk::oracle::{Action, Reading};
use risk::profit::settle_profit;

use crate::errors::QuantDeskError;
use crate::events::PnlSettled;
use crate::ledger::{Fits, Records};
use crate::oracle;
use crate::state::{pause, permission, Market, Pool, Position, Security, UserAccount};

#[derive(Accounts)]
pub struct SettlePnl<'info> {
    pub authority: Signer<'info>,
    #[account(mut)]
    pub user_account: Box<Account<'info, UserAccount>>,
    #[account(mut)]
    pub market: Box<Account<'info, Market>>,
    /// CHECK: parsed and compared with the oracle pinned in the market.
    pub oracle: UncheckedAccount<'info>,
    #[account(mut,
        has_one = user_account @ QuantDeskError::WrongAccount,
        constraint = position.market_index == market.index @ QuantDeskError::WrongAccount)]
    pub position: Box<Account<'info, Position>>,
    #[account(mut, seeds = [Pool::SEED], bump = pool.bump)]
    pub pool: Box<Account<'info, Pool>>,
    #[account(seeds = [Security::SEED], bump = security.bump)]
    pub security: Box<Account<'info, Security>>,
}

impl SettlePnl<'_> {
    fn validate(&self, now: i64) -> Result<()> {
        let is_paused = self.security.is_paused(pause::EXECUTE);
        require!(!is_paused && self.market.status != Market::PAUSED, QuantDeskError::Paused);
        let authority = self.authority.key();
        require!(
            self.user_account.permits(&authority, permission::PLACE, now),
            QuantDeskError::Unauthorized
        );
        require!(self.position.size_e9 != 0, QuantDeskError::NoPosition);
        Ok(())
    }

    pub fn settle_pnl(ctx: Context<Self>) -> Result<()> {
        let clock = Clock::get()?;
        let now = clock.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.validate(now)?;
        let reading = oracle::read(&accounts.oracle, &accounts.market)?;
        let grade = oracle::admit(&accounts.market, &reading, Action::Grow, now)?;
        let index_before = accounts.market.funding_index;
        let funding_price_e6 = accounts.market.funding_price_e6(&reading, now);
        let settled = accounts.settle(&reading, now)?;
        accounts.market.remember(&reading, grade);
        accounts.position.updated_slot = clock.slot;
        if accounts.market.funding_index != index_before {
            emit!(accounts.market.funding_accrued(funding_price_e6, now)?);
        }
        emit!(settled);
        Ok(())
    }

    #[inline(never)]
    fn settle(&mut self, reading: &Reading, now: i64) -> Result<PnlSettled> {
        let address = self.user_account.key();
        let sums = self.market.accrued(reading, now)?;
        let mut records = Records {
            user: &mut self.user_account,
            position: &mut self.position,
            market: &mut self.market,
            pool: &mut self.pool,
        };
        let mut books = Box::new(records.books(None));
        books.sums = sums;
        let funding_e6 = books.settle_funding().fits()?;
        let amount_e6 = settle_profit(&mut books, reading).fits()?;
        require!(amount_e6 > 0, QuantDeskError::NothingToPay);
        records.write(&books, None)?;
        Ok(PnlSettled {
            sequence: records.user.next_sequence(),
            at: now,
            user_account: address,
            market_index: records.market.index,
            amount_e6,
            funding_e6,
            oracle_price_e6: reading.price_e6,
            publish_time: reading.publish_time,
            entry_after_e6: books.position.entry_e6,
            balance_after_e6: books.usdc_e6,
            pool_cash_after_e6: books.pool.cash_e6,
            claims_e6: books.claims_made_e6,
        })
    }
}
