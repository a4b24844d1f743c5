//! Closes as much of a position as brings an account back above its requirement.

use anchor_lang::prelude::*;
use risk::closing::{close, Closed, Elsewhere, Refusal};
use risk::oracle::{Action, Grade, Reading};

use crate::errors::QuantDeskError;
use crate::events::Liquidated;
use crate::health::elsewhere;
use crate::ledger::{Fits, Records};
use crate::oracle;
use crate::state::{pause, InsuranceFund, Market, Pool, Position, Security, UserAccount};

#[derive(Accounts)]
pub struct Liquidate<'info> {
    pub liquidator: Signer<'info>,
    #[account(mut)]
    pub user_account: Box<Account<'info, UserAccount>>,
    /// Gets half of the penalty.
    #[account(mut,
        constraint = liquidator_account.owner == liquidator.key() @ QuantDeskError::Unauthorized,
        constraint = liquidator_account.key() != user_account.key() @ QuantDeskError::WrongAccount)]
    pub liquidator_account: Box<Account<'info, UserAccount>>,
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
    #[account(mut, seeds = [InsuranceFund::SEED], bump = insurance.bump)]
    pub insurance: Box<Account<'info, InsuranceFund>>,
    #[account(seeds = [Security::SEED], bump = security.bump)]
    pub security: Box<Account<'info, Security>>,
}

impl<'info> Liquidate<'info> {
    fn validate(&self) -> Result<()> {
        require!(!self.security.is_paused(pause::LIQUIDATE), QuantDeskError::Paused);
        require!(self.position.size_e9 != 0, QuantDeskError::NoPosition);
        Ok(())
    }

    #[access_control(ctx.accounts.validate())]
    pub fn liquidate(ctx: Context<'info, Self>, max_size_e9: u64) -> Result<()> {
        let clock = Clock::get()?;
        let now = clock.unix_timestamp;
        let passed = ctx.remaining_accounts;
        let accounts = ctx.accounts;
        let reading = oracle::read(&accounts.oracle, &accounts.market)?;
        let grade = oracle::admit(&accounts.market, &reading, Action::Liquidate, now)?;
        let user = &accounts.user_account;
        let rest = elsewhere(passed, user, accounts.market.index, Action::Liquidate, now)?;
        let closed = accounts.plan(max_size_e9, &reading, &rest, now)?;
        accounts.settle(&closed, (&reading, grade), &clock)
    }

    #[inline(never)]
    fn plan(
        &mut self,
        max_size_e9: u64,
        reading: &Reading,
        rest: &Elsewhere,
        now: i64,
    ) -> Result<Box<Closed>> {
        let terms = self.market.terms();
        let sums = self.market.accrued(reading, now)?;
        let allowance = self.pool.allowance(now)?;
        let insurance = &self.insurance;
        let records = Records {
            user: &mut self.user_account,
            position: &mut self.position,
            market: &mut self.market,
            pool: &mut self.pool,
        };
        let mut books = records.books(Some(insurance));
        books.sums = sums;
        let left_e6 = allowance.left_e6();
        match close(&terms, &books, reading, rest, max_size_e9, left_e6).fits()? {
            Ok(closed) => Ok(Box::new(closed)),
            Err(Refusal::Healthy) => err!(QuantDeskError::Healthy),
            Err(Refusal::NotLargest) => err!(QuantDeskError::NotLargestRequirement),
        }
    }

    #[inline(never)]
    fn settle(
        &mut self,
        closed: &Closed,
        (reading, grade): (&Reading, Grade),
        clock: &Clock,
    ) -> Result<()> {
        let now = clock.unix_timestamp;
        let index_before = self.market.funding_index;
        let funding_price_e6 = self.market.funding_price_e6(reading, now);
        self.pool.book_loss(closed.pool_loss_e6, now)?;
        let mut records = Records {
            user: &mut self.user_account,
            position: &mut self.position,
            market: &mut self.market,
            pool: &mut self.pool,
        };
        records.write(&closed.books, Some(&mut self.insurance))?;
        if grade == Grade::Valid {
            self.market.remember(reading, grade);
        }
        self.position.health_e6 = closed.standing.health_e6().fits()?;
        self.position.updated_slot = clock.slot;
        self.reward(closed.penalty.liquidator_e6)?;
        if self.market.funding_index != index_before {
            emit!(self.market.funding_accrued(funding_price_e6, now)?);
        }
        let claims_e6 = closed.books.claims_made_e6;
        self.tell(closed, (reading, claims_e6), now)
    }

    fn reward(&mut self, liquidator_e6: u64) -> Result<()> {
        let reward = self.liquidator_account.credit_usdc(liquidator_e6)?;
        let total = self.pool.total_user_usdc_e6.checked_add(reward).fits()?;
        self.pool.total_user_usdc_e6 = total;
        Ok(())
    }

    #[inline(never)]
    fn tell(
        &mut self,
        closed: &Closed,
        (reading, claims_e6): (&Reading, u64),
        now: i64,
    ) -> Result<()> {
        let books = &closed.books;
        emit!(Liquidated {
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
            penalty_e6: closed.penalty.penalty_e6().fits()?,
            liquidator_reward_e6: closed.penalty.liquidator_e6,
            insurance_fee_e6: closed.penalty.insurance_e6,
            insurance_paid_e6: closed.insurance_paid_e6,
            pool_loss_e6: closed.pool_loss_e6,
            claims_e6,
            size_after_e9: books.position.size_e9,
            entry_after_e6: books.position.entry_e6,
            balance_after_e6: books.usdc_e6,
            pool_cash_after_e6: books.pool.cash_e6,
            insurance_after_e6: books.insurance_e6,
            long_after_e9: books.sums.long_e9,
            short_after_e9: books.sums.short_e9,
            liquidator: self.liquidator.key(),
            liquidator_account: self.liquidator_account.key(),
            impact_e6: closed.penalty.impact_e6,
        });
        Ok(())
    }
}
