//! Moves tokens from the owner's wallet into the vault.

use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};

use crate::errors::QuantDeskError;
use crate::events::Deposited;
use crate::ledger::Fits;
use crate::state::{pause, Pool, Security, TokenVault, UserAccount};
use crate::tokens::Transfer;

#[derive(Accounts)]
pub struct DepositTokens<'info> {
    pub authority: Signer<'info>,
    #[account(mut, constraint = user_account.owner == authority.key() @ QuantDeskError::Unauthorized)]
    pub user_account: Box<Account<'info, UserAccount>>,
    #[account(seeds = [Security::SEED], bump = security.bump)]
    pub security: Box<Account<'info, Security>>,
    #[account(mut, seeds = [Pool::SEED], bump = pool.bump)]
    pub pool: Box<Account<'info, Pool>>,
    pub mint: Box<Account<'info, Mint>>,
    #[account(mut, seeds = [TokenVault::SEED, mint.key().as_ref()], bump = vault.bump, has_one = mint)]
    pub vault: Box<Account<'info, TokenVault>>,
    #[account(mut, address = vault.token_account)]
    pub vault_tokens: Box<Account<'info, TokenAccount>>,
    #[account(mut, token::mint = mint, token::authority = authority)]
    pub user_tokens: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
}

impl DepositTokens<'_> {
    fn validate(&self, amount: u64) -> Result<()> {
        require!(amount > 0, QuantDeskError::ZeroAmount);
        require!(!self.security.is_paused(pause::DEPOSIT), QuantDeskError::Paused);
        Ok(())
    }

    #[access_control(ctx.accounts.validate(amount))]
    pub fn deposit_tokens(ctx: Context<Self>, amount: u64) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.vault.require_peg(ctx.remaining_accounts, now)?;
        let signed = i64::try_from(amount).ok().fits()?;
        accounts.user_account.require_room_for_kind(accounts.vault.index)?;
        accounts.vault.take_in(amount, now)?;
        let place = usize::from(accounts.vault.index);
        let user = &mut accounts.user_account;
        user.balances[place] = user.balances[place].checked_add(signed).fits()?;
        if accounts.vault.index == TokenVault::USDC {
            let total = accounts.pool.total_user_usdc_e6.checked_add(signed).fits()?;
            accounts.pool.total_user_usdc_e6 = total;
        }
        Transfer {
            program: &accounts.token_program,
            mint: &accounts.mint,
            from: &accounts.user_tokens,
            to: &accounts.vault_tokens,
            authority: accounts.authority.to_account_info(),
        }
        .pull(amount)?;
        emit!(Deposited {
            sequence: user.next_sequence(),
            at: now,
            user_account: user.key(),
            owner: user.owner,
            mint: accounts.vault.mint,
            vault_index: accounts.vault.index,
            amount,
            balance_after: user.balances[place],
        });
        Ok(())
    }
}
