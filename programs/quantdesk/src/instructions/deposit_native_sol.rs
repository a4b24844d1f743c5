//! Moves lamports from the owner's wallet into the program's own keeping, as SOL collateral.

use anchor_lang::prelude::*;
use anchor_lang::system_program::{transfer, Transfer};
use anchor_spl::token::spl_token::native_mint;

use crate::errors::QuantDeskError;
use crate::events::Deposited;
use crate::ledger::Fits;
use crate::state::{pause, ProtocolSolVault, Security, TokenVault, UserAccount, VERSION};

#[derive(Accounts)]
pub struct DepositNativeSol<'info> {
    #[account(mut)]
    pub authority: Signer<'info>,
    #[account(mut, constraint = user_account.owner == authority.key() @ QuantDeskError::Unauthorized)]
    pub user_account: Box<Account<'info, UserAccount>>,
    #[account(seeds = [Security::SEED], bump = security.bump)]
    pub security: Box<Account<'info, Security>>,
    #[account(mut, constraint = vault.mint == native_mint::ID @ QuantDeskError::WrongAccount)]
    pub vault: Box<Account<'info, TokenVault>>,
    #[account(
        init_if_needed, payer = authority, space = 8 + ProtocolSolVault::INIT_SPACE,
        seeds = [ProtocolSolVault::SEED], bump
    )]
    pub sol_vault: Box<Account<'info, ProtocolSolVault>>,
    pub system_program: Program<'info, System>,
}

impl DepositNativeSol<'_> {
    fn validate(&self, amount: u64) -> Result<()> {
        require!(amount > 0, QuantDeskError::ZeroAmount);
        require!(!self.security.is_paused(pause::DEPOSIT), QuantDeskError::Paused);
        Ok(())
    }

    #[access_control(ctx.accounts.validate(amount))]
    pub fn deposit_native_sol(ctx: Context<Self>, amount: u64) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let bump = ctx.bumps.sol_vault;
        let accounts = ctx.accounts;
        let signed = i64::try_from(amount).ok().fits()?;
        accounts.user_account.require_room_for_kind(accounts.vault.index)?;
        accounts.vault.take_in(amount, now)?;
        let place = usize::from(accounts.vault.index);
        let user = &mut accounts.user_account;
        user.balances[place] = user.balances[place].checked_add(signed).fits()?;
        let held = &mut accounts.sol_vault;
        held.version = VERSION;
        held.bump = bump;
        held.vault = accounts.vault.key();
        held.lamports = held.lamports.checked_add(amount).fits()?;
        let moved = Transfer {
            from: accounts.authority.to_account_info(),
            to: accounts.sol_vault.to_account_info(),
        };
        transfer(CpiContext::new(accounts.system_program.key(), moved), amount)?;
        let user = &mut accounts.user_account;
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
