//! Creates the three singletons. Nobody can get in first: the signer is the upgrade authority.

use anchor_lang::prelude::*;

use crate::admin::refuse_durable_nonce;
use crate::errors::QuantDeskError;
use crate::program::Quantdesk;
use crate::state::{InsuranceFund, Pool, Security, VERSION};

#[derive(Accounts)]
pub struct Initialize<'info> {
    #[account(mut)]
    pub admin: Signer<'info>,
    #[account(init, payer = admin, space = 8 + Security::INIT_SPACE, seeds = [Security::SEED], bump)]
    pub security: Box<Account<'info, Security>>,
    #[account(init, payer = admin, space = 8 + Pool::INIT_SPACE, seeds = [Pool::SEED], bump)]
    pub pool: Box<Account<'info, Pool>>,
    #[account(
        init, payer = admin, space = 8 + InsuranceFund::INIT_SPACE,
        seeds = [InsuranceFund::SEED], bump
    )]
    pub insurance: Box<Account<'info, InsuranceFund>>,
    #[account(constraint = program.programdata_address()? == Some(program_data.key())
        @ QuantDeskError::Unauthorized)]
    pub program: Program<'info, Quantdesk>,
    #[account(constraint = program_data.upgrade_authority_address == Some(admin.key())
        @ QuantDeskError::Unauthorized)]
    pub program_data: Box<Account<'info, ProgramData>>,
    pub system_program: Program<'info, System>,
    /// CHECK: the instructions of this transaction, by the address of the sysvar.
    #[account(address = solana_instructions_sysvar::ID)]
    pub instructions: UncheckedAccount<'info>,
}

impl Initialize<'_> {
    /// Share of the pool's cash that bad debt may take in one day.
    const DAILY_LOSS_SHARE_E6: u32 = 100_000;

    pub fn initialize(
        ctx: Context<Self>,
        guardian: Pubkey,
        keeper: Pubkey,
        keeper_reward_e6: u64,
        timelock_s: i64,
    ) -> Result<()> {
        refuse_durable_nonce(&ctx.accounts.instructions)?;
        require!(Security::is_timelock(timelock_s), QuantDeskError::InvalidParameter);

        let bumps = &ctx.bumps;
        let security = &mut ctx.accounts.security;
        security.version = VERSION;
        security.bump = bumps.security;
        security.admin = ctx.accounts.admin.key();
        security.guardian = guardian;
        security.keeper = keeper;
        security.timelock_s = timelock_s;

        let pool = &mut ctx.accounts.pool;
        pool.version = VERSION;
        pool.bump = bumps.pool;
        pool.keeper_reward_e6 = keeper_reward_e6;
        pool.daily_loss_share_e6 = Self::DAILY_LOSS_SHARE_E6;

        ctx.accounts.insurance.version = VERSION;
        ctx.accounts.insurance.bump = bumps.insurance;
        Ok(())
    }
}
