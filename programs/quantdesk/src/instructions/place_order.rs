//! Records an order; it executes at a price published later.

use anchor_lang::prelude::*;
use risk::books::Books;
use risk::execution::{fill, standing_of, Filled, Refusal, Request};
use risk::mandate::{result_e6, Trial};
use risk::margin::Standing;
use risk::oracle::{Action, Reading};
use risk::position::{is_reducing, reducing_part_e9};
use risk::trigger::TRAILING_BPS_MAX;

use crate::errors::QuantDeskError;
use crate::health::elsewhere;
use crate::ledger::Fits;
use crate::mandates;
use crate::oracle;
use crate::records;
use crate::state::{
    kind, pause, permission, role, Mandate, Market, Order, OrderParams, Position, Security,
    UserAccount, VERSION,
};

#[derive(Accounts)]
#[instruction(params: OrderParams)]
pub struct PlaceOrder<'info> {
    #[account(mut)]
    pub authority: Signer<'info>,
    #[account(mut)]
    pub user_account: Box<Account<'info, UserAccount>>,
    #[account(seeds = [Security::SEED], bump = security.bump)]
    pub security: Box<Account<'info, Security>>,
    pub market: Box<Account<'info, Market>>,
    /// CHECK: parsed and compared with the oracle pinned in the market.
    pub oracle: UncheckedAccount<'info>,
    #[account(
        init_if_needed, payer = authority, space = 8 + Position::INIT_SPACE,
        seeds = [Position::SEED, user_account.key().as_ref(), &market.index.to_le_bytes()], bump
    )]
    pub position: Box<Account<'info, Position>>,
    #[account(
        init, payer = authority, space = 8 + Order::INIT_SPACE,
        seeds = [Order::SEED, user_account.key().as_ref(), &params.client_order_id.to_le_bytes()],
        bump
    )]
    pub order: Box<Account<'info, Order>>,
    pub system_program: Program<'info, System>,
    /// CHECK: the mandate of the authority, at its derived address; empty when there is none.
    #[account(mut)]
    pub mandate: Option<UncheckedAccount<'info>>,
}

/// A pool that can pay: the preview at placing does not depend on the pool.
const AMPLE_E6: i64 = i64::MAX / 4;

impl<'info> PlaceOrder<'info> {
    pub fn place_order(ctx: Context<'info, Self>, params: OrderParams) -> Result<()> {
        let clock = Clock::get()?;
        let passed = ctx.remaining_accounts;
        let bumps = (ctx.bumps.position, ctx.bumps.order);
        let accounts = ctx.accounts;
        accounts.open_position_account(bumps.0);
        accounts.validate(&params, clock.unix_timestamp)?;
        let mut mandate = accounts.binding_mandate()?;
        let grows = accounts.grows(&params);
        if let Some(mandate) = &mandate {
            accounts.require_allowed(mandate, &params, grows, clock.unix_timestamp)?;
        }
        if grows {
            let preview = accounts.preview(passed, &params, clock.unix_timestamp)?;
            accounts.count(mandate.as_deref_mut(), &preview, clock.unix_timestamp)?;
        }
        accounts.record(&params, bumps.1, &clock);
        accounts.order.is_mandated = mandate.is_some();
        if params.kind == kind::TRAILING_STOP {
            accounts.start_trailing(clock.unix_timestamp)?;
        }
        let (user, order) = (&mut accounts.user_account, &accounts.order);
        user.open_orders += 1;
        let now = clock.unix_timestamp;
        emit!(order.placed(order.key(), user.next_sequence(), now));
        Ok(())
    }

    fn validate(&self, params: &OrderParams, now: i64) -> Result<()> {
        let is_paused = self.security.is_paused(pause::PLACE);
        require!(!is_paused && self.market.status != Market::PAUSED, QuantDeskError::Paused);
        require!(
            self.market.status == Market::ACTIVE || params.reduce_only,
            QuantDeskError::Paused
        );
        let authority = self.authority.key();
        require!(
            self.user_account.permits(&authority, permission::PLACE, now),
            QuantDeskError::Unauthorized
        );
        require!(has_its_own_fields(params), QuantDeskError::InvalidOrder);
        require!(params.expires_at == 0 || params.expires_at > now, QuantDeskError::InvalidExpiry);
        require!(
            self.user_account.open_orders < UserAccount::MAX_ORDERS,
            QuantDeskError::TooManyOrders
        );
        self.validate_grid(params)
    }

    /// A reduce-only order for the whole position may be off the lot: liquidations leave positions
    /// that no lot divides, and they must be closable.
    fn validate_grid(&self, params: &OrderParams) -> Result<()> {
        let held = self.position.size_e9;
        let size = params.size_e9.unsigned_abs();
        require!(size != 0 && size <= i64::MAX as u64, QuantDeskError::BelowMinimum);
        let closes_all = params.reduce_only && held != 0 && params.size_e9 == -held;
        if !closes_all {
            require!(size >= self.market.min_size_e9, QuantDeskError::BelowMinimum);
            require!(size.is_multiple_of(self.market.lot_e9), QuantDeskError::OffLot);
        }
        let price = params.limit_price_e6;
        require!(price != 0 && price.is_multiple_of(self.market.tick_e6), QuantDeskError::OffTick);
        let trigger = params.trigger_price_e6;
        require!(trigger.is_multiple_of(self.market.tick_e6), QuantDeskError::OffTick);
        let has_part = reducing_part_e9(held, params.size_e9) != 0;
        require!(
            has_part || !params.reduce_only || params.kind != kind::MARKET,
            QuantDeskError::ReduceOnlyWouldGrow
        );
        Ok(())
    }

    fn grows(&self, params: &OrderParams) -> bool {
        !params.reduce_only && !is_reducing(self.position.size_e9, params.size_e9)
    }

    fn binding_mandate(&self) -> Result<Option<Box<Mandate>>> {
        let (passed, placer) = (self.mandate.as_ref(), self.authority.key());
        mandates::require_shown(passed, &self.user_account, &placer)?;
        mandates::of(passed, &self.user_account.key(), &placer)
    }

    /// A mandate judges every order by itself, a reduction too, and by its whole size: what it can
    /// reduce may grow while it waits.
    fn require_allowed(
        &self,
        mandate: &Mandate,
        params: &OrderParams,
        grows: bool,
        now: i64,
    ) -> Result<()> {
        let reading = oracle::read(&self.oracle, &self.market)?;
        let action = if grows { Action::Grow } else { Action::Reduce };
        oracle::admit(&self.market, &reading, action, now)?;
        let (index, price_e6) = (self.market.index, reading.price_e6);
        let judged = mandate.caps().breach_of_order(index, params.size_e9, price_e6, now);
        judged.fits()?.map_err(mandates::refusal_of)
    }

    /// The trade on the account counts against the mandate's day.
    fn count(&self, mandate: Option<&mut Mandate>, preview: &Trial, now: i64) -> Result<()> {
        let Some(mandate) = mandate else {
            return Ok(());
        };
        let judged = mandate.caps().breach_of_trial(&mandate.day_start(), preview, now).fits()?;
        mandate.set_day_start(&judged.map_err(mandates::refusal_of)?);
        match &self.mandate {
            Some(info) => records::write(info, mandate),
            None => err!(QuantDeskError::MandateMissing),
        }
    }

    /// A market order is tried at the present price; for any other the account must stand as it
    /// is. Returns what the trade would make of the account.
    #[inline(never)]
    fn preview(
        &self,
        passed: &'info [AccountInfo<'info>],
        params: &OrderParams,
        now: i64,
    ) -> Result<Box<Trial>> {
        let market = &self.market;
        let reading = oracle::read(&self.oracle, market)?;
        oracle::admit(market, &reading, Action::Grow, now)?;
        let user = &self.user_account;
        let rest = elsewhere(passed, user, market.index, Action::Grow, now)?;
        let before = self.books(&reading, now)?;
        let mut books = Box::new(before);
        books.settle_funding().fits()?;
        let standing = standing_of(&market.terms(), &books, &reading, &rest.standing).fits()?;
        let result_e6 = self.result_e6(&books, &standing)?;
        let mut trial = Box::new(Trial {
            size_after_e9: books.position.size_e9.checked_add(params.size_e9).fits()?,
            price_e6: reading.price_e6,
            standing,
            checks_leverage: params.kind == kind::MARKET,
            before_e6: result_e6,
            after_e6: result_e6,
        });
        if params.kind != kind::MARKET {
            require!(standing.covers_initial(), QuantDeskError::InsufficientCollateral);
            return Ok(trial);
        }
        let filled = self.try_fill(params, &before, &reading, &rest.standing)?;
        trial.after_e6 = self.result_e6(&filled.books, &filled.standing)?;
        trial.standing = filled.standing;
        Ok(trial)
    }

    fn result_e6(&self, books: &Books, standing: &Standing) -> Result<i64> {
        let user = &self.user_account;
        result_e6(user.result_e6, user.usdc_e6(), books, standing).fits()
    }

    fn books(&self, reading: &Reading, now: i64) -> Result<Books> {
        let mut books = Books {
            usdc_e6: self.user_account.usdc_e6(),
            position: self.position.holding(),
            sums: self.market.accrued(reading, now)?,
            ..Books::default()
        };
        books.pool.cash_e6 = AMPLE_E6;
        books.pool.reserve_e6 = self.market.reserve_e6;
        Ok(books)
    }

    #[inline(never)]
    fn try_fill(
        &self,
        params: &OrderParams,
        books: &Books,
        reading: &Reading,
        others: &Standing,
    ) -> Result<Box<Filled>> {
        let request = Request {
            trade_e9: params.size_e9,
            bound_e6: params.limit_price_e6,
            fee_rate_e6: self.market.taker_fee_e6,
            keeper_reward_e6: 0,
            leverage: self.user_account.max_leverage,
            has_room: self.user_account.has_room_for(self.market.index),
            checks_pool: false,
            is_late: false,
        };
        match fill(&self.market.terms(), books, &request, reading, others).fits()? {
            Ok(filled) => Ok(Box::new(filled)),
            Err(Refusal::Bound) => err!(QuantDeskError::SlippageExceeded),
            Err(_) if !request.has_room => err!(QuantDeskError::TooManyMarkets),
            Err(_) => err!(QuantDeskError::InsufficientCollateral),
        }
    }

    /// A trailing stop follows from the present price on.
    fn start_trailing(&mut self, now: i64) -> Result<()> {
        let reading = oracle::read(&self.oracle, &self.market)?;
        oracle::admit(&self.market, &reading, Action::Grow, now)?;
        self.order.watermark_e6 = reading.price_e6;
        Ok(())
    }

    fn open_position_account(&mut self, bump: u8) {
        if self.position.version == 0 {
            self.position.version = VERSION;
            self.position.bump = bump;
            self.position.user_account = self.user_account.key();
            self.position.market_index = self.market.index;
        }
    }

    fn record(&mut self, params: &OrderParams, bump: u8, clock: &Clock) {
        let now = clock.unix_timestamp;
        let latest = now + Order::MARKET_LIFE_S;
        let expires_at = match (params.kind, params.expires_at) {
            (kind::MARKET, 0) => latest,
            (kind::MARKET, wanted) => wanted.min(latest),
            (_, wanted) => wanted,
        };
        self.order.set_inner(Order {
            version: VERSION,
            bump,
            user_account: self.user_account.key(),
            owner: self.user_account.owner,
            market_index: self.market.index,
            client_order_id: params.client_order_id,
            kind: params.kind,
            size_e9: params.size_e9,
            limit_price_e6: params.limit_price_e6,
            trigger_price_e6: params.trigger_price_e6,
            trailing_bps: params.trailing_bps,
            watermark_e6: 0,
            reduce_only: params.reduce_only,
            placed_at: self.market.waits_from(now),
            placed_slot: clock.slot,
            expires_at,
            placed_by: self.authority.key(),
            role: role::PLAIN,
            link_ids: [0; 2],
            opening: 0,
            is_mandated: false,
            reserved: [0; 74],
        });
    }
}

/// Each kind has its fields and no others.
fn has_its_own_fields(params: &OrderParams) -> bool {
    let has_trigger = params.trigger_price_e6 != 0;
    let trails = (1..=TRAILING_BPS_MAX).contains(&params.trailing_bps);
    match params.kind {
        kind::MARKET | kind::LIMIT => !has_trigger && params.trailing_bps == 0,
        kind::STOP_MARKET | kind::STOP_LIMIT | kind::TAKE_PROFIT => {
            has_trigger && params.trailing_bps == 0
        }
        kind::TRAILING_STOP => !has_trigger && trails,
        _ => false,
    }
}
