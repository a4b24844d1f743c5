//! Withdraws an order; once it has expired, anyone may.

use anchor_lang::prelude::*;

use crate::errors::QuantDeskError;
use crate::state::{permission, reason, Order, UserAccount};

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
}

impl CancelOrder<'_> {
    fn validate(&self, now: i64) -> Result<u8> {
        if self.order.is_expired(now) {
            return Ok(reason::EXPIRED);
        }
        let authority = self.authority.key();
        require!(
            self.user_account.permits(&authority, permission::CANCEL, now),
            QuantDeskError::Unauthorized
        );
        Ok(reason::USER)
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
