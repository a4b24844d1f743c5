//! Opens a trading account of the signer.

use anchor_lang::prelude::*;

use crate::events::UserAccountCreated;
use crate::state::{Delegate, UserAccount, VERSION};

#[derive(Accounts)]
#[instruction(sub_account_id: u16)]
pub struct CreateUserAccount<'info> {
    #[account(mut)]
    pub authority: Signer<'info>,
    #[account(
        init, payer = authority, space = 8 + UserAccount::INIT_SPACE,
        seeds = [UserAccount::SEED, authority.key().as_ref(), &sub_account_id.to_le_bytes()], bump
    )]
    pub user_account: Box<Account<'info, UserAccount>>,
    pub system_program: Program<'info, System>,
}

impl CreateUserAccount<'_> {
    pub fn create_user_account(
        ctx: Context<Self>,
        sub_account_id: u16,
        name: [u8; 32],
    ) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let owner = ctx.accounts.authority.key();
        ctx.accounts.user_account.set_inner(UserAccount {
            version: VERSION,
            bump: ctx.bumps.user_account,
            owner,
            sub_account_id,
            name,
            max_leverage: UserAccount::START_LEVERAGE,
            balances: [0; 8],
            claims_e6: 0,
            claims_index_e12: 0,
            open_markets: [UserAccount::NO_MARKET; 8],
            open_orders: 0,
            created_at: now,
            sequence: 1,
            delegates: [Delegate::FREE; 4],
            claims_due_e6: 0,
            result_e6: 0,
            mandates: 0,
            reserved: [0; 238],
        });
        emit!(UserAccountCreated {
            sequence: 1,
            at: now,
            user_account: ctx.accounts.user_account.key(),
            owner,
            sub_account_id,
        });
        Ok(())
    }
}
