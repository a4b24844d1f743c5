//! Moves the market's funding index, and settles one position when one is named.

use anchor_lang::prelude::*;
use risk::books::Books;
use risk::oracle::{Action, Grade, Reading};

use crate::errors::QuantDeskError;
use crate::events::{FundingAccrued, FundingPaid};
use crate::ledger::{Fits, Records};
use crate::oracle;
use crate::state::{pause, Market, Pool, Position, Security, UserAccount};

#[derive(Accounts)]
pub struct SettleFunding<'info> {
    #[account(mut)]
    pub market: Box<Account<'info, Market>>,
    /// CHECK: parsed and compared with the oracle pinned in the market.
    pub oracle: UncheckedAccount<'info>,
    #[account(mut, seeds = [Pool::SEED], bump = pool.bump)]
    pub pool: Box<Account<'info, Pool>>,
    #[account(seeds = [Security::SEED], bump = security.bump)]
    pub security: Box<Account<'info, Security>>,
    #[account(mut)]
    pub user_account: Option<Box<Account<'info, UserAccount>>>,
    #[account(mut, constraint = position.market_index == market.index
        @ QuantDeskError::WrongAccount)]
    pub position: Option<Box<Account<'info, Position>>>,
}

impl SettleFunding<'_> {
    fn validate(&self) -> Result<()> {
        require!(!self.security.is_paused(pause::FUNDING), QuantDeskError::Paused);
        match (&self.user_account, &self.position) {
            (None, None) => Ok(()),
            (Some(user), Some(position)) => {
                require_keys_eq!(position.user_account, user.key(), QuantDeskError::WrongAccount);
                Ok(())
            }
            _ => err!(QuantDeskError::WrongAccount),
        }
    }

    #[access_control(ctx.accounts.validate())]
    pub fn settle_funding(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        let reading = oracle::read(&accounts.oracle, &accounts.market)?;
        emit!(accounts.accrue(&reading, now)?);
        if accounts.position.is_some() {
            accounts.pay(now)?;
        }
        accounts.revalue()
    }

    /// Moves the index; the reading is kept when it is valid.
    fn accrue(&mut self, reading: &Reading, now: i64) -> Result<FundingAccrued> {
        let market = &mut self.market;
        let price_e6 = market.funding_price_e6(reading, now);
        let grade = reading.grade(&market.terms(), &market.memory(), Action::Fund, now);
        let sums = market.accrued(reading, now)?;
        market.set_sums(&sums);
        if grade == Grade::Valid {
            market.remember(reading, grade);
        }
        market.funding_accrued(price_e6, now)
    }

    fn pay(&mut self, now: i64) -> Result<()> {
        let (Some(user), Some(position)) = (&mut self.user_account, &mut self.position) else {
            return err!(QuantDeskError::WrongAccount);
        };
        let address = user.key();
        let mut records =
            Records { user, position, market: &mut self.market, pool: &mut self.pool };
        let mut books = records.books(None);
        let funding_e6 = books.settle_funding().fits()?;
        records.write(&books, None)?;
        records.position.updated_slot = Clock::get()?.slot;
        emit!(FundingPaid {
            sequence: records.user.next_sequence(),
            at: now,
            user_account: address,
            market_index: records.market.index,
            funding_e6,
            balance_after_e6: books.usdc_e6,
            index_after: books.sums.funding_index,
            pool_cash_after_e6: books.pool.cash_e6,
            claims_e6: books.claims_made_e6,
        });
        Ok(())
    }

    fn revalue(&mut self) -> Result<()> {
        let mut books =
            Books { sums: self.market.sums(), pool: self.pool.ledger(), ..Books::default() };
        books.revalue(self.market.last_price_e6).fits()?;
        self.market.set_sums(&books.sums);
        self.pool.set_ledger(&books.pool);
        Ok(())
    }
}
