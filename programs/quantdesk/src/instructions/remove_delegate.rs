//! Takes a delegate off an account: the owner at will, the delegate itself too.

use anchor_lang::prelude::*;

use crate::errors::QuantDeskError;
use crate::events::DelegateChanged;
use crate::state::{Delegate, UserAccount};

#[derive(Accounts)]
pub struct RemoveDelegate<'info> {
    pub authority: Signer<'info>,
    #[account(mut)]
    pub user_account: Box<Account<'info, UserAccount>>,
}

impl RemoveDelegate<'_> {
    pub fn remove_delegate(ctx: Context<Self>, key: Pubkey) -> Result<()> {
        let authority = ctx.accounts.authority.key();
        let user = &mut ctx.accounts.user_account;
        require!(authority == user.owner || authority == key, QuantDeskError::Unauthorized);
        let place = user
            .delegates
            .iter_mut()
            .find(|delegate| delegate.permissions != 0 && delegate.key == key);
        *place.ok_or_else(|| error!(QuantDeskError::UnknownDelegate))? = Delegate::FREE;
        emit!(DelegateChanged {
            sequence: user.next_sequence(),
            at: Clock::get()?.unix_timestamp,
            user_account: user.key(),
            delegate: key,
            permissions: 0,
            expires_at: 0,
        });
        Ok(())
    }
}
