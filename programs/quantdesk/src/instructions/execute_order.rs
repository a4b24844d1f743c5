//! Fills an order at the oracle price, or closes a market order that cannot fill.

use anchor_lang::prelude::*;
use risk::execution::{fill, Filled, Refusal, Request};
use risk::fees::faded_reward_e6;
use risk::margin::Standing;
use risk::oracle::{is_late, Action, Grade, Reading};
use risk::position::{is_reducing, reducing_part_e9};
use risk::trigger::moved_watermark_e6;

use crate::errors::QuantDeskError;
use crate::events::{OrderExecuted, WatermarkMoved};
use crate::health::elsewhere;
use crate::instructions::permit_order::Permit;
use crate::ledger::{Fits, Records};
use crate::mandates;
use crate::oracle;
use crate::state::{
    kind, pause, reason, role, InsuranceFund, Mandate, Market, Order, Pool, Position, Security,
    UserAccount,
};

#[derive(Accounts)]
pub struct ExecuteOrder<'info> {
    pub keeper: Signer<'info>,
    #[account(mut)]
    pub user_account: Box<Account<'info, UserAccount>>,
    /// CHECK: receives the order's rent; equal to the owner recorded in the order.
    #[account(mut)]
    pub owner: UncheckedAccount<'info>,
    #[account(mut,
        has_one = user_account @ QuantDeskError::WrongAccount,
        has_one = owner @ QuantDeskError::WrongAccount)]
    pub order: Box<Account<'info, Order>>,
    #[account(mut, constraint = market.index == order.market_index @ QuantDeskError::WrongAccount)]
    pub market: Box<Account<'info, Market>>,
    /// CHECK: parsed and compared with the oracle pinned in the market.
    pub oracle: UncheckedAccount<'info>,
    #[account(mut,
        has_one = user_account @ QuantDeskError::WrongAccount,
        constraint = position.market_index == order.market_index @ QuantDeskError::WrongAccount)]
    pub position: Box<Account<'info, Position>>,
    #[account(mut, seeds = [Pool::SEED], bump = pool.bump)]
    pub pool: Box<Account<'info, Pool>>,
    #[account(mut, seeds = [InsuranceFund::SEED], bump = insurance.bump)]
    pub insurance: Box<Account<'info, InsuranceFund>>,
    #[account(seeds = [Security::SEED], bump = security.bump)]
    pub security: Box<Account<'info, Security>>,
    /// Gets the reward; without it the pool keeps the reward.
    #[account(mut, constraint = keeper_account.key() != user_account.key()
        @ QuantDeskError::WrongAccount)]
    pub keeper_account: Option<Box<Account<'info, UserAccount>>>,
    /// CHECK: where a parent's take profit or a leg's sibling lives, or lived.
    #[account(mut)]
    pub first_link: Option<UncheckedAccount<'info>>,
    /// CHECK: where a parent's stop lives, or lived.
    #[account(mut)]
    pub second_link: Option<UncheckedAccount<'info>>,
    /// CHECK: the mandate of whoever placed the order, at its derived address.
    #[account(mut)]
    pub mandate: Option<UncheckedAccount<'info>>,
}

/// How an attempt to execute ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Waits,
    Closed,
    Filled,
}

impl<'info> ExecuteOrder<'info> {
    pub fn execute_order(ctx: Context<'info, Self>) -> Result<()> {
        let clock = Clock::get()?;
        let passed = ctx.remaining_accounts;
        let accounts = ctx.accounts;
        let (reading, is_late) = accounts.validate(&clock)?;
        let links = accounts.links()?;
        let (user, placer) = (accounts.user_account.key(), accounts.order.placed_by);
        let mandate = mandates::of(accounts.mandate.as_ref(), &user, &placer)?;
        let end = accounts.attempt(passed, (&reading, is_late), mandate, &clock)?;
        accounts.finish(links, end, &clock)
    }

    fn attempt(
        &mut self,
        passed: &'info [AccountInfo<'info>],
        (reading, is_late): (&Reading, bool),
        mandate: Option<Box<Mandate>>,
        clock: &Clock,
    ) -> Result<End> {
        let now = clock.unix_timestamp;
        if self.order.role == role::AWAKE && self.order.has_lost(&self.position) {
            return self.cancel(reason::ORPHAN, now);
        }
        let trade_e9 = self.trade_e9();
        if trade_e9 == 0 {
            return self.cancel(reason::REDUCE_ONLY, now);
        }
        let grows = !is_reducing(self.position.size_e9, trade_e9);
        let grade = self.admit(reading, grows, now)?;
        if !self.is_awake(reading)? {
            self.follow(reading, now)?;
            return Ok(End::Waits);
        }
        let mut permit = if grows { self.permit(mandate, now)? } else { Permit::Free };
        if !self.allows(&permit, trade_e9, reading, now)? {
            return self.cancel(reason::MANDATE, now);
        }
        let others = self.others(passed, grows, now)?;
        match self.plan(trade_e9, (reading, is_late), &others, now)? {
            Ok(filled) => {
                if !self.count(&mut permit, &filled, (reading, &others), now)? {
                    return self.cancel(reason::MANDATE, now);
                }
                self.settle(&filled, trade_e9, (reading, grade), clock)?;
                Ok(End::Filled)
            }
            Err(Refusal::Bound) if self.order.waits_for_its_bound() => {
                err!(QuantDeskError::LimitNotReached)
            }
            Err(refusal) => self.cancel(reason_of(refusal), now),
        }
    }

    /// The next-price rule: only a price published after the order, in a later slot, may fill it,
    /// and choosing a later one than the first costs a confidence.
    fn validate(&self, clock: &Clock) -> Result<(Reading, bool)> {
        require!(
            !self.security.is_paused(pause::EXECUTE) && self.market.status != Market::PAUSED,
            QuantDeskError::Paused
        );
        let order = &self.order;
        require!(!order.is_expired(clock.unix_timestamp), QuantDeskError::OrderExpired);
        require!(order.role != role::ASLEEP, QuantDeskError::LegAsleep);
        let (reading, previous_at) = oracle::read_spanned(&self.oracle, &self.market)?;
        require!(
            reading.publish_time > order.placed_at && clock.slot > order.placed_slot,
            QuantDeskError::PriceNotNewer
        );
        Ok((reading, is_late(reading.publish_time, previous_at, order.placed_at)))
    }

    fn is_awake(&self, reading: &Reading) -> Result<bool> {
        match self.order.trigger() {
            None => Ok(true),
            Some(trigger) => trigger.is_reached(self.order.buys(), reading.price_e6).fits(),
        }
    }

    /// A trailing stop that sleeps follows the price; any other sleeper is refused.
    fn follow(&mut self, reading: &Reading, now: i64) -> Result<()> {
        let order = &mut self.order;
        require!(order.kind == kind::TRAILING_STOP, QuantDeskError::TriggerNotReached);
        let moved = moved_watermark_e6(order.watermark_e6, order.buys(), reading.price_e6);
        require!(moved != order.watermark_e6, QuantDeskError::TriggerNotReached);
        order.watermark_e6 = moved;
        emit!(WatermarkMoved {
            sequence: self.user_account.next_sequence(),
            at: now,
            order: order.key(),
            user_account: order.user_account,
            client_order_id: order.client_order_id,
            watermark_e6: moved,
        });
        Ok(())
    }

    fn trade_e9(&self) -> i64 {
        if self.order.reduce_only {
            return reducing_part_e9(self.position.size_e9, self.order.size_e9);
        }
        self.order.size_e9
    }

    fn admit(&self, reading: &Reading, grows: bool, now: i64) -> Result<Grade> {
        if !grows {
            return oracle::admit(&self.market, reading, Action::Reduce, now);
        }
        require!(
            !self.security.is_paused(pause::GROW) && self.market.status == Market::ACTIVE,
            QuantDeskError::Paused
        );
        oracle::admit(&self.market, reading, Action::Grow, now)
    }

    /// A reduction asks for nothing but its own market.
    fn others(
        &self,
        passed: &'info [AccountInfo<'info>],
        grows: bool,
        now: i64,
    ) -> Result<Standing> {
        if !grows {
            return Ok(Standing::default());
        }
        let market = self.market.index;
        Ok(elsewhere(passed, &self.user_account, market, Action::Grow, now)?.standing)
    }

    #[inline(never)]
    fn plan(
        &mut self,
        trade_e9: i64,
        (reading, is_late): (&Reading, bool),
        others: &Standing,
        now: i64,
    ) -> Result<std::result::Result<Box<Filled>, Refusal>> {
        let request = Request { is_late, ..self.request(trade_e9, now)? };
        let terms = self.market.terms();
        let sums = self.market.accrued(reading, now)?;
        let insurance = &self.insurance;
        let records = Records {
            user: &mut self.user_account,
            position: &mut self.position,
            market: &mut self.market,
            pool: &mut self.pool,
        };
        let mut books = records.books(Some(insurance));
        books.sums = sums;
        let outcome = fill(&terms, &books, &request, reading, others).fits()?;
        Ok(outcome.map(Box::new))
    }

    fn request(&self, trade_e9: i64, now: i64) -> Result<Request> {
        let (order, market) = (&self.order, &self.market);
        let is_market = order.kind == kind::MARKET;
        let is_limit = order.kind == kind::LIMIT;
        let fixed = self.pool.keeper_reward_e6;
        let keeper_reward_e6 = match (&self.keeper_account, is_market) {
            (None, _) => 0,
            (Some(_), true) => faded_reward_e6(fixed, now - order.placed_at).fits()?,
            (Some(_), false) => fixed,
        };
        Ok(Request {
            trade_e9,
            bound_e6: order.limit_price_e6,
            fee_rate_e6: if is_limit { market.limit_fee_e6 } else { market.taker_fee_e6 },
            keeper_reward_e6,
            leverage: self.user_account.max_leverage,
            has_room: self.user_account.has_room_for(market.index),
            checks_pool: true,
            is_late: false,
        })
    }

    #[inline(never)]
    fn settle(
        &mut self,
        filled: &Filled,
        trade_e9: i64,
        (reading, grade): (&Reading, Grade),
        clock: &Clock,
    ) -> Result<()> {
        let now = clock.unix_timestamp;
        let index_before = self.market.funding_index;
        let funding_price_e6 = self.market.funding_price_e6(reading, now);
        let was_alone = self.user_account.holds_only(self.market.index);
        let mut records = Records {
            user: &mut self.user_account,
            position: &mut self.position,
            market: &mut self.market,
            pool: &mut self.pool,
        };
        records.write(&filled.books, Some(&mut self.insurance))?;
        if grade == Grade::Valid {
            self.market.remember(reading, grade);
        }
        if was_alone || !is_reducing_fill(filled, trade_e9) {
            self.position.health_e6 = filled.standing.health_e6().fits()?;
        }
        self.position.updated_slot = clock.slot;
        self.reward(filled.fee.keeper_e6)?;
        if self.market.funding_index != index_before {
            emit!(self.market.funding_accrued(funding_price_e6, now)?);
        }
        self.user_account.open_orders -= 1;
        let claims_e6 = filled.books.claims_made_e6;
        self.tell(filled, trade_e9, (reading, claims_e6), now);
        self.order.close(self.owner.to_account_info())
    }

    fn reward(&mut self, keeper_e6: u64) -> Result<()> {
        let Some(keeper) = &mut self.keeper_account else {
            return Ok(());
        };
        let reward = keeper.credit_usdc(keeper_e6)?;
        let total = self.pool.total_user_usdc_e6.checked_add(reward).fits()?;
        self.pool.total_user_usdc_e6 = total;
        Ok(())
    }

    #[inline(never)]
    fn tell(
        &mut self,
        filled: &Filled,
        size_e9: i64,
        (reading, claims_e6): (&Reading, u64),
        now: i64,
    ) {
        let books = &filled.books;
        let keeper_account = self.keeper_account.as_ref().map(|account| account.key());
        emit!(OrderExecuted {
            sequence: self.user_account.next_sequence(),
            at: now,
            order: self.order.key(),
            user_account: self.user_account.key(),
            market_index: self.market.index,
            client_order_id: self.order.client_order_id,
            kind: self.order.kind,
            size_e9,
            cost_e6: filled.cost_e6,
            fee_e6: filled.fee.fee_e6,
            keeper_reward_e6: filled.fee.keeper_e6,
            insurance_fee_e6: filled.fee.insurance_e6,
            oracle_price_e6: reading.price_e6,
            oracle_conf_e6: reading.conf_e6,
            publish_time: reading.publish_time,
            realized_pnl_e6: filled.realized_e6,
            funding_e6: filled.funding_e6,
            size_after_e9: books.position.size_e9,
            entry_after_e6: books.position.entry_e6,
            balance_after_e6: books.usdc_e6,
            pool_cash_after_e6: books.pool.cash_e6,
            insurance_after_e6: books.insurance_e6,
            long_after_e9: books.sums.long_e9,
            short_after_e9: books.sums.short_e9,
            claims_e6,
            keeper: self.keeper.key(),
            keeper_account: keeper_account.unwrap_or_default(),
        });
    }

    fn cancel(&mut self, reason: u8, now: i64) -> Result<End> {
        self.user_account.open_orders -= 1;
        let sequence = self.user_account.next_sequence();
        let by = self.keeper.key();
        emit!(self.order.cancelled(self.order.key(), sequence, now, (reason, by)));
        self.order.close(self.owner.to_account_info())?;
        Ok(End::Closed)
    }
}

/// After a reducing fill the position lies between the trade's opposite and flat.
fn is_reducing_fill(filled: &Filled, trade_e9: i64) -> bool {
    filled
        .books
        .position
        .size_e9
        .checked_sub(trade_e9)
        .is_some_and(|before| is_reducing(before, trade_e9))
}

fn reason_of(refusal: Refusal) -> u8 {
    match refusal {
        Refusal::Bound => reason::SLIPPAGE,
        Refusal::Margin => reason::MARGIN,
        Refusal::OpenInterest => reason::OPEN_INTEREST,
        Refusal::PoolReserve => reason::POOL_RESERVE,
    }
}
