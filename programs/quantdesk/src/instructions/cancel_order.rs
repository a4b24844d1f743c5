//! Withdraws an order; once it has expired, or has lost what it was to protect, anyone may.

use anchor_lang::prelude::*;

use crate::errors::QuantDeskError;
use crate::links::linked;
use crate::state::{permission, reason, role, Order, Position, UserAccount};

#[derive(Accounts)]
pub struct CancelOrder<'info> {
    pub authority: Signer<'info>,
    #[account(mut)]
    pub user_account: Box<Account<'info, UserAccount>>,
    #[account(mut, close = owner,
        has_one = user_account @ QuantDeskError::WrongAccount,
        has_one = owner @ QuantDeskError::WrongAccount)]
    pub order: Box<Account<'info, Order>>,
    /// CHECK: receives the order's rent; equal to the owner recorded in the order.
    #[account(mut)]
    pub owner: UncheckedAccount<'info>,
    /// Shows that an awake leg has nothing to protect.
    #[account(
        has_one = user_account @ QuantDeskError::WrongAccount,
        constraint = position.market_index == order.market_index @ QuantDeskError::WrongAccount)]
    pub position: Option<Box<Account<'info, Position>>>,
    /// CHECK: where the parent of a sleeping leg lives, or lived.
    pub parent: Option<UncheckedAccount<'info>>,
}

impl CancelOrder<'_> {
    fn validate(&self, now: i64) -> Result<u8> {
        let is_orphan = self.is_orphan()?;
        if self.order.is_expired(now) {
            return Ok(reason::EXPIRED);
        }
        if self.is_permitted(now) {
            return Ok(reason::USER);
        }
        require!(is_orphan, QuantDeskError::Unauthorized);
        Ok(reason::ORPHAN)
    }

    /// A mandated key needs no right to cancel for what it placed itself.
    fn is_permitted(&self, now: i64) -> bool {
        let (user, authority) = (&self.user_account, self.authority.key());
        let is_its_own = self.order.is_mandated && self.order.placed_by == authority;
        user.permits(&authority, permission::CANCEL, now)
            || (is_its_own && user.permits(&authority, permission::PLACE, now))
    }

    fn is_orphan(&self) -> Result<bool> {
        let order = &self.order;
        let parent = match &self.parent {
            None => None,
            Some(_) if order.role != role::ASLEEP => return err!(QuantDeskError::WrongAccount),
            Some(passed) => Some(linked(Some(passed), order, order.link_ids[1])?),
        };
        Ok(match order.role {
            role::AWAKE => self.position.as_ref().is_some_and(|held| order.has_lost(held)),
            role::ASLEEP => parent.is_some_and(|living| living.is_none()),
            _ => false,
        })
    }

    pub fn cancel_order(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        let reason = accounts.validate(now)?;
        let by = accounts.authority.key();
        accounts.user_account.open_orders -= 1;
        let sequence = accounts.user_account.next_sequence();
        emit!(accounts.order.cancelled(accounts.order.key(), sequence, now, (reason, by)));
        Ok(())
    }
}
