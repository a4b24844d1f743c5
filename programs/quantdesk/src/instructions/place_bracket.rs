//! Places a take profit and a stop of which one closes the other.
//!
//! Under a parent order they sleep until it is filled, and close what it opened. Without one they
//! protect the position that is open, whatever its size becomes.

use anchor_lang::prelude::*;
use risk::oracle::Action;

use crate::errors::QuantDeskError;
use crate::events::BracketPlaced;
use crate::ledger::Fits;
use crate::mandates;
use crate::oracle;
use crate::state::{
    kind, pause, permission, role, BracketParams, LegParams, Mandate, Market, Order, Position,
    Security, UserAccount, VERSION,
};

#[derive(Accounts)]
#[instruction(params: BracketParams)]
pub struct PlaceBracket<'info> {
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
        has_one = user_account @ QuantDeskError::WrongAccount,
        constraint = position.market_index == market.index @ QuantDeskError::WrongAccount)]
    pub position: Box<Account<'info, Position>>,
    /// The order whose fill wakes the legs.
    #[account(mut)]
    pub parent: Option<Box<Account<'info, Order>>>,
    #[account(
        init, payer = authority, space = 8 + Order::INIT_SPACE,
        seeds = [
            Order::SEED,
            user_account.key().as_ref(),
            &params.take_profit.client_order_id.to_le_bytes(),
        ],
        bump
    )]
    pub take_profit: Box<Account<'info, Order>>,
    #[account(
        init, payer = authority, space = 8 + Order::INIT_SPACE,
        seeds = [
            Order::SEED,
            user_account.key().as_ref(),
            &params.stop.client_order_id.to_le_bytes(),
        ],
        bump
    )]
    pub stop: Box<Account<'info, Order>>,
    pub system_program: Program<'info, System>,
    /// CHECK: the mandate of the authority, at its derived address; empty when there is none.
    #[account(mut)]
    pub mandate: Option<UncheckedAccount<'info>>,
}

/// What the legs have in common.
struct Legs {
    size_e9: i64,
    parent_id: u64,
    is_asleep: bool,
    is_mandated: bool,
    expires_at: i64,
}

impl PlaceBracket<'_> {
    pub fn place_bracket(ctx: Context<Self>, params: BracketParams) -> Result<()> {
        let clock = Clock::get()?;
        let bumps = (ctx.bumps.take_profit, ctx.bumps.stop);
        let accounts = ctx.accounts;
        accounts.validate_authority(clock.unix_timestamp)?;
        let mut size_e9 = accounts.leg_size_e9()?;
        accounts.validate(&params, size_e9, clock.unix_timestamp)?;
        let mandate = accounts.mandate()?;
        if let Some(mandate) = &mandate {
            if accounts.parent.is_none() {
                // What the position becomes later may be more than the mandate allows.
                size_e9 = accounts.position.size_e9.checked_neg().fits()?;
            }
            accounts.require_allowed(mandate, size_e9, clock.unix_timestamp)?;
        }
        let (take_profit, stop) = (&params.take_profit, &params.stop);
        let legs = Legs {
            size_e9,
            parent_id: accounts.parent.as_ref().map_or(0, |parent| parent.client_order_id),
            is_asleep: accounts.parent.is_some(),
            is_mandated: mandate.is_some(),
            expires_at: params.expires_at,
        };
        let other = stop.client_order_id;
        let leg = accounts.leg(take_profit, kind::TAKE_PROFIT, (&legs, other), &clock);
        accounts.take_profit.set_inner(Order { bump: bumps.0, ..leg });
        let other = take_profit.client_order_id;
        let leg = accounts.leg(stop, kind::STOP_MARKET, (&legs, other), &clock);
        accounts.stop.set_inner(Order { bump: bumps.1, ..leg });
        accounts.tie(take_profit.client_order_id, stop.client_order_id);
        accounts.tell(&legs, clock.unix_timestamp);
        Ok(())
    }

    fn validate_authority(&self, now: i64) -> Result<()> {
        let is_paused = self.security.is_paused(pause::PLACE);
        require!(!is_paused && self.market.status != Market::PAUSED, QuantDeskError::Paused);
        let authority = self.authority.key();
        require!(
            self.user_account.permits(&authority, permission::PLACE, now),
            QuantDeskError::Unauthorized
        );
        Ok(())
    }

    /// Opposite to what the legs protect: the parent's trade, or the whole position.
    fn leg_size_e9(&self) -> Result<i64> {
        let Some(parent) = &self.parent else {
            require!(self.position.size_e9 != 0, QuantDeskError::NoPosition);
            return Ok(-self.position.size_e9.signum() * Order::WHOLE_E9);
        };
        require!(
            parent.user_account == self.user_account.key()
                && parent.market_index == self.market.index,
            QuantDeskError::WrongAccount
        );
        let authority = self.authority.key();
        require!(
            authority == self.user_account.owner || authority == parent.placed_by,
            QuantDeskError::Unauthorized
        );
        require!(parent.role == role::PLAIN && !parent.reduce_only, QuantDeskError::InvalidOrder);
        parent.size_e9.checked_neg().fits()
    }

    fn validate(&self, params: &BracketParams, size_e9: i64, now: i64) -> Result<()> {
        let (gain, loss) = (params.take_profit.trigger_price_e6, params.stop.trigger_price_e6);
        let is_ordered = if size_e9 < 0 { loss < gain } else { gain < loss };
        require!(is_ordered && gain != 0 && loss != 0, QuantDeskError::InvalidOrder);
        require!(params.expires_at == 0 || params.expires_at > now, QuantDeskError::InvalidExpiry);
        require!(
            self.user_account.open_orders + 2 <= UserAccount::MAX_ORDERS,
            QuantDeskError::TooManyOrders
        );
        for leg in [&params.take_profit, &params.stop] {
            let (limit, trigger) = (leg.limit_price_e6, leg.trigger_price_e6);
            let is_on_tick = |price: u64| price.is_multiple_of(self.market.tick_e6);
            require!(limit != 0 && is_on_tick(limit), QuantDeskError::OffTick);
            require!(is_on_tick(trigger), QuantDeskError::OffTick);
        }
        Ok(())
    }

    fn mandate(&self) -> Result<Option<Box<Mandate>>> {
        let (passed, placer) = (self.mandate.as_ref(), self.authority.key());
        mandates::require_shown(passed, &self.user_account, &placer)?;
        mandates::of(passed, &self.user_account.key(), &placer)
    }

    fn require_allowed(&self, mandate: &Mandate, size_e9: i64, now: i64) -> Result<()> {
        let reading = oracle::read(&self.oracle, &self.market)?;
        oracle::admit(&self.market, &reading, Action::Reduce, now)?;
        let index = self.market.index;
        let judged = mandate.caps().breach_of_order(index, size_e9, reading.price_e6, now);
        judged.fits()?.map_err(mandates::refusal_of)
    }

    fn leg(
        &self,
        params: &LegParams,
        kind: u8,
        (legs, sibling_id): (&Legs, u64),
        clock: &Clock,
    ) -> Order {
        Order {
            version: VERSION,
            bump: 0,
            user_account: self.user_account.key(),
            owner: self.user_account.owner,
            market_index: self.market.index,
            client_order_id: params.client_order_id,
            kind,
            size_e9: legs.size_e9,
            limit_price_e6: params.limit_price_e6,
            trigger_price_e6: params.trigger_price_e6,
            trailing_bps: 0,
            watermark_e6: 0,
            reduce_only: true,
            placed_at: self.market.waits_from(clock.unix_timestamp),
            placed_slot: clock.slot,
            expires_at: legs.expires_at,
            placed_by: self.authority.key(),
            role: if legs.is_asleep { role::ASLEEP } else { role::AWAKE },
            link_ids: [sibling_id, legs.parent_id],
            opening: if legs.is_asleep { 0 } else { self.position.openings },
            is_mandated: legs.is_mandated,
            reserved: [0; 74],
        }
    }

    fn tie(&mut self, take_profit_id: u64, stop_id: u64) {
        self.user_account.open_orders += 2;
        if let Some(parent) = &mut self.parent {
            parent.role = role::PARENT;
            parent.link_ids = [take_profit_id, stop_id];
        }
    }

    fn tell(&mut self, legs: &Legs, now: i64) {
        let user = &mut self.user_account;
        emit!(self.take_profit.placed(self.take_profit.key(), user.next_sequence(), now));
        emit!(self.stop.placed(self.stop.key(), user.next_sequence(), now));
        emit!(BracketPlaced {
            sequence: user.next_sequence(),
            at: now,
            user_account: user.key(),
            market_index: self.market.index,
            parent_id: legs.parent_id,
            take_profit_id: self.take_profit.client_order_id,
            stop_id: self.stop.client_order_id,
            is_asleep: legs.is_asleep,
        });
    }
}
