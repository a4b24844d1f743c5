//! Closes a profitable position at the oracle price while the pool is under its floor.
//!
//! Only the keeper role may, and only the account that ranks highest among those it passes; the
//! ranking is public, so anyone can compute who should have been passed.

use anchor_lang::prelude::*;
use risk::oracle::{Action, Grade, Reading};
use risk::profit::{deleverage, Deleveraged as Closed, Rank, Refusal};

use crate::errors::QuantDeskError;
use crate::events::Deleveraged;
use crate::ledger::{Fits, Records};
use crate::oracle;
use crate::state::{pause, Market, Pool, Position, Security, UserAccount};

#[derive(Accounts)]
pub struct Deleverage<'info> {
    pub keeper: Signer<'info>,
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
    #[account(seeds = [Security::SEED], bump = security.bump,
        has_one = keeper @ QuantDeskError::Unauthorized)]
    pub security: Box<Account<'info, Security>>,
}

/// Most accounts that one call compares.
const CANDIDATES_MAX: usize = 8;

impl<'info> Deleverage<'info> {
    fn validate(&self) -> Result<()> {
        require!(!self.security.is_paused(pause::LIQUIDATE), QuantDeskError::Paused);
        require!(self.position.size_e9 != 0, QuantDeskError::NoPosition);
        Ok(())
    }

    #[access_control(ctx.accounts.validate())]
    pub fn deleverage(ctx: Context<'info, Self>, max_size_e9: u64) -> Result<()> {
        let clock = Clock::get()?;
        let now = clock.unix_timestamp;
        let passed = ctx.remaining_accounts;
        let accounts = ctx.accounts;
        let reading = oracle::read(&accounts.oracle, &accounts.market)?;
        let grade = oracle::admit(&accounts.market, &reading, Action::Liquidate, now)?;
        let closed = accounts.plan(max_size_e9, &reading, now)?;
        let candidates = accounts.require_highest(passed, &closed.rank, &reading)?;
        accounts.settle(&closed, (&reading, grade), candidates, &clock)
    }

    #[inline(never)]
    fn plan(&mut self, max_size_e9: u64, reading: &Reading, now: i64) -> Result<Box<Closed>> {
        let sums = self.market.accrued(reading, now)?;
        let records = Records {
            user: &mut self.user_account,
            position: &mut self.position,
            market: &mut self.market,
            pool: &mut self.pool,
        };
        let mut books = records.books(None);
        books.sums = sums;
        match deleverage(&books, reading, max_size_e9).fits()? {
            Ok(closed) => Ok(Box::new(closed)),
            Err(Refusal::PoolHealthy) => err!(QuantDeskError::PoolHealthy),
            Err(Refusal::NotProfitable) => err!(QuantDeskError::NotProfitable),
        }
    }

    /// Candidates are pairs of user account and position; none of them may come first.
    fn require_highest(
        &self,
        passed: &'info [AccountInfo<'info>],
        rank: &Rank,
        reading: &Reading,
    ) -> Result<u8> {
        let (pairs, rest) = passed.as_chunks::<2>();
        let fits = rest.is_empty() && pairs.len() <= CANDIDATES_MAX;
        require!(fits, QuantDeskError::WrongRiskSet);
        for [user, position] in pairs {
            let other = self.rank_of(user, position, reading)?;
            require!(!other.precedes(rank).fits()?, QuantDeskError::NotHighestRank);
        }
        u8::try_from(pairs.len()).ok().fits()
    }

    #[inline(never)]
    fn rank_of(
        &self,
        user: &'info AccountInfo<'info>,
        position: &'info AccountInfo<'info>,
        reading: &Reading,
    ) -> Result<Rank> {
        let user = Box::new(Account::<UserAccount>::try_from(user)?);
        let held = Box::new(Account::<Position>::try_from(position)?);
        let is_rival = held.user_account == user.key()
            && user.key() != self.user_account.key()
            && held.market_index == self.market.index
            && held.size_e9.signum() == self.position.size_e9.signum();
        require!(is_rival, QuantDeskError::WrongAccount);
        Rank::of(held.size_e9, held.entry_e6, user.usdc_e6(), reading.price_e6).fits()
    }

    #[inline(never)]
    fn settle(
        &mut self,
        closed: &Closed,
        (reading, grade): (&Reading, Grade),
        candidates: u8,
        clock: &Clock,
    ) -> Result<()> {
        let now = clock.unix_timestamp;
        let index_before = self.market.funding_index;
        let funding_price_e6 = self.market.funding_price_e6(reading, now);
        let mut records = Records {
            user: &mut self.user_account,
            position: &mut self.position,
            market: &mut self.market,
            pool: &mut self.pool,
        };
        records.write(&closed.books, None)?;
        if grade == Grade::Valid {
            self.market.remember(reading, grade);
        }
        self.position.updated_slot = clock.slot;
        if self.market.funding_index != index_before {
            emit!(self.market.funding_accrued(funding_price_e6, now)?);
        }
        self.tell(closed, reading, candidates, now)
    }

    #[inline(never)]
    fn tell(&mut self, closed: &Closed, reading: &Reading, candidates: u8, now: i64) -> Result<()> {
        let books = &closed.books;
        emit!(Deleveraged {
            sequence: self.user_account.next_sequence(),
            at: now,
            user_account: self.user_account.key(),
            market_index: self.market.index,
            size_e9: closed.trade_e9,
            cost_e6: closed.cost_e6,
            oracle_price_e6: reading.price_e6,
            publish_time: reading.publish_time,
            realized_pnl_e6: closed.realized_e6,
            funding_e6: closed.funding_e6,
            claims_e6: books.claims_made_e6,
            candidates,
            pool_equity_before_e6: i64::try_from(closed.pool_equity_before_e6).ok().fits()?,
            size_after_e9: books.position.size_e9,
            entry_after_e6: books.position.entry_e6,
            balance_after_e6: books.usdc_e6,
            pool_cash_after_e6: books.pool.cash_e6,
            long_after_e9: books.sums.long_e9,
            short_after_e9: books.sums.short_e9,
            keeper: self.keeper.key(),
        });
        Ok(())
    }
}
