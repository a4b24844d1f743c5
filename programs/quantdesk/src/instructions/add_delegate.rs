//! Lets another key trade for an account, or changes what it may do; withdrawing is never among it.

use anchor_lang::prelude::*;

use crate::errors::QuantDeskError;
use crate::events::DelegateChanged;
use crate::state::{permission, Delegate, UserAccount};

#[derive(Accounts)]
pub struct AddDelegate<'info> {
    pub authority: Signer<'info>,
    #[account(mut, constraint = user_account.owner == authority.key()
        @ QuantDeskError::Unauthorized)]
    pub user_account: Box<Account<'info, UserAccount>>,
}

impl AddDelegate<'_> {
    fn validate(&self, delegate: &Delegate, now: i64) -> Result<()> {
        let is_known = delegate.permissions != 0 && delegate.permissions & !permission::ALL == 0;
        require!(is_known, QuantDeskError::InvalidParameter);
        require!(
            delegate.key != Pubkey::default() && delegate.key != self.user_account.owner,
            QuantDeskError::InvalidParameter
        );
        require!(
            delegate.expires_at == 0 || delegate.expires_at > now,
            QuantDeskError::InvalidExpiry
        );
        Ok(())
    }

    pub fn add_delegate(ctx: Context<Self>, delegate: Delegate) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        ctx.accounts.validate(&delegate, now)?;
        let user = &mut ctx.accounts.user_account;
        *user.place_of_delegate(&delegate.key, now)? = delegate;
        emit!(DelegateChanged {
            sequence: user.next_sequence(),
            at: now,
            user_account: user.key(),
            delegate: delegate.key,
            permissions: delegate.permissions,
            expires_at: delegate.expires_at,
        });
        Ok(())
    }
}
