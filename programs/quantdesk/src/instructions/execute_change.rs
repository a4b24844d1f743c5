//! Makes a proposed change true, once its timelock has passed and within a week of it.

use anchor_lang::prelude::*;

use crate::admin::refuse_durable_nonce;
use crate::errors::QuantDeskError;
use crate::events::ChangeExecuted;
use crate::state::{
    change, Change, Market, MarketParams, Pool, Proposal, Security, TokenVault, VaultParams,
};

#[derive(Accounts)]
pub struct ExecuteChange<'info> {
    #[account(mut)]
    pub admin: Signer<'info>,
    #[account(mut, seeds = [Security::SEED], bump = security.bump,
        has_one = admin @ QuantDeskError::Unauthorized)]
    pub security: Box<Account<'info, Security>>,
    #[account(mut, close = admin)]
    pub proposal: Box<Account<'info, Proposal>>,
    #[account(mut, seeds = [Pool::SEED], bump = pool.bump)]
    pub pool: Box<Account<'info, Pool>>,
    #[account(mut)]
    pub market: Option<Box<Account<'info, Market>>>,
    #[account(mut)]
    pub vault: Option<Box<Account<'info, TokenVault>>>,
    /// CHECK: the instructions of this transaction, by the address of the sysvar.
    #[account(address = solana_instructions_sysvar::ID)]
    pub instructions: UncheckedAccount<'info>,
}

impl ExecuteChange<'_> {
    pub fn execute_change(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        refuse_durable_nonce(&accounts.instructions)?;
        require!(now >= accounts.proposal.executable_at, QuantDeskError::Timelocked);
        let stands = accounts.proposal.stands(&accounts.security, &accounts.pool, now);
        require!(stands, QuantDeskError::ChangeLapsed);
        let wanted = Box::new(accounts.proposal.change.clone());
        accounts.apply(&wanted, now)?;
        emit!(ChangeExecuted {
            sequence: accounts.security.next_sequence(),
            at: now,
            proposal: accounts.proposal.key(),
        });
        Ok(())
    }

    fn apply(&mut self, wanted: &Change, now: i64) -> Result<()> {
        match wanted.kind {
            change::UNPAUSE => {
                self.security.pause_bits &= !wanted.pause_bits;
                Ok(())
            }
            change::MARKET => self.change_market(wanted.index, wanted.status, &wanted.market),
            change::VAULT => self.change_vault(wanted.index, &wanted.vault, now),
            change::SECURITY => self.change_security(wanted),
            _ => err!(QuantDeskError::ProposalMismatch),
        }
    }

    fn change_security(&mut self, wanted: &Change) -> Result<()> {
        require!(
            Security::is_timelock(wanted.timelock_s) && wanted.daily_loss_share_e6 <= 1_000_000,
            QuantDeskError::InvalidParameter
        );
        self.security.admin = wanted.admin;
        self.security.guardian = wanted.guardian;
        self.security.keeper = wanted.keeper;
        self.security.timelock_s = wanted.timelock_s;
        self.pool.keeper_reward_e6 = wanted.keeper_reward_e6;
        self.pool.daily_loss_share_e6 = wanted.daily_loss_share_e6;
        Ok(())
    }

    /// A market keeps its positions and its prices; a new oracle starts without a remembered one.
    fn change_market(&mut self, index: u16, status: u8, params: &MarketParams) -> Result<()> {
        let market = self.market.as_mut();
        let market = market.ok_or_else(|| error!(QuantDeskError::ProposalMismatch))?;
        require!(market.index == index, QuantDeskError::ProposalMismatch);
        require!(status <= Market::PAUSED, QuantDeskError::InvalidParameter);
        params.validate()?;
        if market.oracle != params.oracle {
            market.forget_prices();
        }
        market.status = status;
        market.set_params(params);
        market.validate_terms()
    }

    fn change_vault(&mut self, index: u16, params: &VaultParams, now: i64) -> Result<()> {
        let vault = self.vault.as_mut();
        let vault = vault.ok_or_else(|| error!(QuantDeskError::ProposalMismatch))?;
        require!(u16::from(vault.index) == index, QuantDeskError::ProposalMismatch);
        params.validate(vault.index == TokenVault::USDC, vault.decimals)?;
        vault.change_params(params, now)
    }
}
