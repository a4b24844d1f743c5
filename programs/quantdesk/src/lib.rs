//! QuantDesk: perpetual futures at oracle prices against one pool.
//!
//! The arithmetic lives in `risk`; here are the accounts, who may touch them, and the events.

use anchor_lang::prelude::*;

pub mod admin;
pub mod errors;
pub mod events;
pub mod health;
pub mod instructions;
pub mod ledger;
pub mod links;
pub mod mandates;
pub mod oracle;
pub mod records;
pub mod state;
pub mod tokens;
pub mod valuation;

use instructions::*;
use state::{
    BracketParams, Change, Delegate, MandateParams, MarketParams, OrderParams, VaultParams,
};

declare_id!("HsSzXVuSwiqGQvocT2zMX8zc86KQ9TYfZFZcfmmejzso");

#[program]
pub mod quantdesk {
    use super::*;

    /// Creates security, pool and insurance; only the program's upgrade authority can.
    pub fn initialize(
        ctx: Context<Initialize>,
        guardian: Pubkey,
        keeper: Pubkey,
        keeper_reward_e6: u64,
        timelock_s: i64,
    ) -> Result<()> {
        Initialize::initialize(ctx, guardian, keeper, keeper_reward_e6, timelock_s)
    }

    /// Adds a collateral; the first one is USDC.
    pub fn initialize_token_vault(
        ctx: Context<InitializeTokenVault>,
        params: VaultParams,
    ) -> Result<()> {
        InitializeTokenVault::initialize_token_vault(ctx, params)
    }

    /// Adds a market at the next free index.
    pub fn initialize_market(
        ctx: Context<InitializeMarket>,
        index: u16,
        params: MarketParams,
    ) -> Result<()> {
        InitializeMarket::initialize_market(ctx, index, params)
    }

    /// Opens a trading account of the signer.
    pub fn create_user_account(
        ctx: Context<CreateUserAccount>,
        sub_account_id: u16,
        name: [u8; 32],
    ) -> Result<()> {
        CreateUserAccount::create_user_account(ctx, sub_account_id, name)
    }

    /// Moves tokens from the owner's wallet into the vault.
    pub fn deposit_tokens(ctx: Context<DepositTokens>, amount: u64) -> Result<()> {
        DepositTokens::deposit_tokens(ctx, amount)
    }

    /// Moves free collateral back to the owner's wallet.
    pub fn withdraw_tokens<'info>(
        ctx: Context<'info, WithdrawTokens<'info>>,
        amount: u64,
    ) -> Result<()> {
        WithdrawTokens::withdraw_tokens(ctx, amount)
    }

    /// Gives USDC to the pool.
    pub fn seed_pool(ctx: Context<SeedPool>, amount: u64) -> Result<()> {
        SeedPool::seed_pool(ctx, amount)
    }

    /// Gives USDC to the insurance fund.
    pub fn seed_insurance(ctx: Context<SeedInsurance>, amount: u64) -> Result<()> {
        SeedInsurance::seed_insurance(ctx, amount)
    }

    /// Records an order; it executes at a price published later.
    pub fn place_order<'info>(
        ctx: Context<'info, PlaceOrder<'info>>,
        params: OrderParams,
    ) -> Result<()> {
        PlaceOrder::place_order(ctx, params)
    }

    /// Withdraws an order; once it has expired, anyone may.
    pub fn cancel_order(ctx: Context<CancelOrder>) -> Result<()> {
        CancelOrder::cancel_order(ctx)
    }

    /// Fills an order at the oracle price, or closes a market order that cannot fill.
    pub fn execute_order<'info>(ctx: Context<'info, ExecuteOrder<'info>>) -> Result<()> {
        ExecuteOrder::execute_order(ctx)
    }

    /// Lets the market look at its oracle: confirms jumps and refreshes the pool's value.
    pub fn update_oracle_price(ctx: Context<UpdateOraclePrice>) -> Result<()> {
        UpdateOraclePrice::update_oracle_price(ctx)
    }

    /// Moves the market's funding index, and settles one position when one is named.
    pub fn settle_funding(ctx: Context<SettleFunding>) -> Result<()> {
        SettleFunding::settle_funding(ctx)
    }

    /// Closes as much of a position as brings an account back above its requirement.
    pub fn liquidate<'info>(ctx: Context<'info, Liquidate<'info>>, max_size_e9: u64) -> Result<()> {
        Liquidate::liquidate(ctx, max_size_e9)
    }

    /// Renames an account or changes the leverage cap of positions it opens from now on.
    pub fn update_user_account(
        ctx: Context<UpdateUserAccount>,
        name: [u8; 32],
        max_leverage: u16,
    ) -> Result<()> {
        UpdateUserAccount::update_user_account(ctx, name, max_leverage)
    }

    /// Lets another key place and cancel orders; it can never withdraw.
    pub fn add_delegate(ctx: Context<AddDelegate>, delegate: Delegate) -> Result<()> {
        AddDelegate::add_delegate(ctx, delegate)
    }

    /// Takes a delegate off an account.
    pub fn remove_delegate(ctx: Context<RemoveDelegate>, key: Pubkey) -> Result<()> {
        RemoveDelegate::remove_delegate(ctx, key)
    }

    /// Moves USDC between two accounts of one owner.
    pub fn transfer_between<'info>(
        ctx: Context<'info, TransferBetween<'info>>,
        amount: u64,
    ) -> Result<()> {
        TransferBetween::transfer_between(ctx, amount)
    }

    /// Stops actions at once.
    pub fn pause(ctx: Context<Pause>, pause_bits: u32) -> Result<()> {
        Pause::pause(ctx, pause_bits)
    }

    /// Closes a market further at once.
    pub fn tighten_market(ctx: Context<TightenMarket>, status: u8) -> Result<()> {
        TightenMarket::tighten_market(ctx, status)
    }

    /// Announces a loosening.
    pub fn propose_change(ctx: Context<ProposeChange>, id: u64, change: Change) -> Result<()> {
        ProposeChange::propose_change(ctx, id, change)
    }

    /// Makes a proposed change true after its timelock.
    pub fn execute_change(ctx: Context<ExecuteChange>) -> Result<()> {
        ExecuteChange::execute_change(ctx)
    }

    /// Withdraws a proposed change.
    pub fn cancel_change(ctx: Context<CancelChange>) -> Result<()> {
        CancelChange::cancel_change(ctx)
    }

    /// Pays the debt of an account that holds nothing any more.
    pub fn resolve_bankruptcy(ctx: Context<ResolveBankruptcy>) -> Result<()> {
        ResolveBankruptcy::resolve_bankruptcy(ctx)
    }
    /// Pays an account's claims on the pool, pro rata.
    pub fn pay_claims(ctx: Context<PayClaims>) -> Result<()> {
        PayClaims::pay_claims(ctx)
    }

    /// Turns an open profit into USDC.
    pub fn settle_pnl(ctx: Context<SettlePnl>) -> Result<()> {
        SettlePnl::settle_pnl(ctx)
    }

    /// Closes the most profitable position while the pool is under its floor.
    pub fn deleverage<'info>(
        ctx: Context<'info, Deleverage<'info>>,
        max_size_e9: u64,
    ) -> Result<()> {
        Deleverage::deleverage(ctx, max_size_e9)
    }

    /// Buys shares of the pool.
    pub fn pool_deposit<'info>(
        ctx: Context<'info, PoolDeposit<'info>>,
        amount: u64,
        min_shares: u64,
    ) -> Result<()> {
        PoolDeposit::pool_deposit(ctx, amount, min_shares)
    }

    /// Starts the wait before shares may be withdrawn.
    pub fn request_pool_withdrawal(ctx: Context<RequestPoolWithdrawal>, shares: u64) -> Result<()> {
        RequestPoolWithdrawal::request_pool_withdrawal(ctx, shares)
    }

    /// Sells shares that have waited.
    pub fn pool_withdraw<'info>(
        ctx: Context<'info, PoolWithdraw<'info>>,
        min_amount: u64,
    ) -> Result<()> {
        PoolWithdraw::pool_withdraw(ctx, min_amount)
    }

    /// Moves lamports from the owner's wallet into the account, as SOL collateral.
    pub fn deposit_native_sol(ctx: Context<DepositNativeSol>, amount: u64) -> Result<()> {
        DepositNativeSol::deposit_native_sol(ctx, amount)
    }

    /// Moves free SOL collateral back to the owner's wallet as lamports.
    pub fn withdraw_native_sol<'info>(
        ctx: Context<'info, WithdrawNativeSol<'info>>,
        amount: u64,
    ) -> Result<()> {
        WithdrawNativeSol::withdraw_native_sol(ctx, amount)
    }

    /// Sells an account's collateral to another account for USDC.
    pub fn convert_collateral<'info>(
        ctx: Context<'info, ConvertCollateral<'info>>,
        amount: u64,
        min_usdc_e6: u64,
        max_usdc_e6: u64,
    ) -> Result<()> {
        ConvertCollateral::convert_collateral(ctx, amount, min_usdc_e6, max_usdc_e6)
    }

    /// Takes less of a collateral at once.
    pub fn tighten_vault(
        ctx: Context<TightenVault>,
        weight_init_e6: u32,
        deposit_cap: u64,
        outflow_floor: u64,
        outflow_share_e6: u32,
    ) -> Result<()> {
        TightenVault::tighten_vault(
            ctx,
            weight_init_e6,
            deposit_cap,
            outflow_floor,
            outflow_share_e6,
        )
    }

    /// Places a market order that opens, extends or flips a position.
    pub fn open_position<'info>(
        ctx: Context<'info, PlaceOrder<'info>>,
        params: OrderParams,
    ) -> Result<()> {
        PlaceOrder::open_position(ctx, params)
    }

    /// Places a market order that only reduces; a size of zero closes the whole position.
    pub fn close_position<'info>(
        ctx: Context<'info, PlaceOrder<'info>>,
        params: OrderParams,
    ) -> Result<()> {
        PlaceOrder::close_position(ctx, params)
    }

    /// Places a take profit and a stop of which one closes the other.
    pub fn place_bracket(ctx: Context<PlaceBracket>, params: BracketParams) -> Result<()> {
        PlaceBracket::place_bracket(ctx, params)
    }

    /// Caps what a key may do for the account.
    pub fn set_mandate(
        ctx: Context<SetMandate>,
        delegate: Pubkey,
        params: MandateParams,
    ) -> Result<()> {
        SetMandate::set_mandate(ctx, delegate, params)
    }

    /// Ends a mandate, and with it what its key may do.
    pub fn close_mandate(ctx: Context<CloseMandate>, delegate: Pubkey) -> Result<()> {
        CloseMandate::close_mandate(ctx, delegate)
    }
}
