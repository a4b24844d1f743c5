//! Renames an account or changes the leverage cap of positions that it opens from now on.

use anchor_lang::prelude::*;

use crate::errors::QuantDeskError;
use crate::events::UserAccountUpdated;
use crate::state::UserAccount;

#[derive(Accounts)]
pub struct UpdateUserAccount<'info> {
    pub authority: Signer<'info>,
    #[account(mut, constraint = user_account.owner == authority.key()
        @ QuantDeskError::Unauthorized)]
    pub user_account: Box<Account<'info, UserAccount>>,
}

impl UpdateUserAccount<'_> {
    pub fn update_user_account(
        ctx: Context<Self>,
        name: [u8; 32],
        max_leverage: u16,
    ) -> Result<()> {
        require!(
            (1..=UserAccount::LEVERAGE_MAX).contains(&max_leverage),
            QuantDeskError::LeverageTooHigh
        );
        let user = &mut ctx.accounts.user_account;
        user.name = name;
        user.max_leverage = max_leverage;
        emit!(UserAccountUpdated {
            sequence: user.next_sequence(),
            at: Clock::get()?.unix_timestamp,
            user_account: user.key(),
            name,
            max_leverage,
        });
        Ok(())
    }
}
