//! Ends a mandate. Its key is taken off the account too: without caps it would be free.

use anchor_lang::prelude::*;

use crate::errors::QuantDeskError;
use crate::events::{DelegateChanged, MandateClosed};
use crate::state::{Delegate, Mandate, UserAccount};

#[derive(Accounts)]
#[instruction(delegate: Pubkey)]
pub struct CloseMandate<'info> {
    #[account(mut)]
    pub authority: Signer<'info>,
    #[account(mut, constraint = user_account.owner == authority.key()
        @ QuantDeskError::Unauthorized)]
    pub user_account: Box<Account<'info, UserAccount>>,
    #[account(mut, close = authority,
        seeds = [Mandate::SEED, user_account.key().as_ref(), delegate.as_ref()],
        bump = mandate.bump)]
    pub mandate: Box<Account<'info, Mandate>>,
}

impl CloseMandate<'_> {
    pub fn close_mandate(ctx: Context<Self>, delegate: Pubkey) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let user = &mut ctx.accounts.user_account;
        user.mandates -= 1;
        let listed =
            user.delegates.iter_mut().find(|each| each.permissions != 0 && each.key == delegate);
        if let Some(place) = listed {
            *place = Delegate::FREE;
            emit!(DelegateChanged {
                sequence: user.next_sequence(),
                at: now,
                user_account: user.key(),
                delegate,
                permissions: 0,
                expires_at: 0,
            });
        }
        emit!(MandateClosed {
            sequence: user.next_sequence(),
            at: now,
            user_account: user.key(),
            delegate,
        });
        Ok(())
    }
}
