//! Every refusal of the program, one cause each; the message says what to do.

use anchor_lang::prelude::*;

#[error_code]
pub enum QuantDeskError {
    #[msg("The oracle price is too old for this action; post a newer price and try again")]
    StalePrice,
    #[msg("The oracle's confidence band is too wide for this action; wait until it narrows")]
    WidePrice,
    #[msg("The price jumped or returned after a pause; a second publication must confirm it")]
    PriceJumped,
    #[msg("The oracle price is zero or negative")]
    NegativePrice,
    #[msg("The oracle price is dated in the future")]
    FuturePrice,
    #[msg("The oracle account is not the one pinned for this market, or carries another feed")]
    WrongFeed,
    #[msg("The oracle update is not fully verified")]
    NotFullyVerified,
    #[msg("The oracle account cannot be read as a price update")]
    MalformedPrice,
    #[msg("Collateral does not cover the initial requirement; deposit more or trade less")]
    InsufficientCollateral,
    #[msg("The balance does not cover this withdrawal")]
    InsufficientBalance,
    #[msg("The price went past the worst price the order accepts")]
    SlippageExceeded,
    #[msg("A reduce-only order would grow the position")]
    ReduceOnlyWouldGrow,
    #[msg("The open interest cap of the market or of one account is reached")]
    OpenInterestCap,
    #[msg("The pool's reserve limit is reached")]
    PoolReserve,
    #[msg("The order has expired; cancel it")]
    OrderExpired,
    #[msg("The order needs a price published after it was placed and a later slot")]
    PriceNotNewer,
    #[msg("The limit price is not reached")]
    LimitNotReached,
    #[msg("The account is above its maintenance requirement")]
    Healthy,
    #[msg("This action is paused")]
    Paused,
    #[msg("The price is not a multiple of the market's tick")]
    OffTick,
    #[msg("The size is not a multiple of the market's lot")]
    OffLot,
    #[msg("The size is below the market's minimum")]
    BelowMinimum,
    #[msg("The leverage is above what the market allows")]
    LeverageTooHigh,
    #[msg("The signer may not do this")]
    Unauthorized,
    #[msg("The deposit cap of this vault is reached")]
    DepositCap,
    #[msg("The outflow cap of this vault is reached; withdraw less or wait")]
    OutflowCap,
    #[msg("A number does not fit; nothing was changed")]
    MathOverflow,
    #[msg("The account has positions in as many markets as it may hold")]
    TooManyMarkets,
    #[msg("The account has as many open orders as it may hold")]
    TooManyOrders,
    #[msg("The order kind does not exist or lacks its fields")]
    InvalidOrder,
    #[msg("The expiry is in the past")]
    InvalidExpiry,
    #[msg("A parameter is outside its range")]
    InvalidParameter,
    #[msg("The amount must be greater than zero")]
    ZeroAmount,
    #[msg("The account list does not match the positions and balances held")]
    WrongRiskSet,
    #[msg("An account was passed that belongs to another user, market or vault")]
    WrongAccount,
    #[msg("Another market of this account has the larger requirement; liquidate that one first")]
    NotLargestRequirement,
    #[msg("The position is empty")]
    NoPosition,
    #[msg("The trigger price is not reached")]
    TriggerNotReached,
    #[msg("The account has as many delegates as it may hold")]
    TooManyDelegates,
    #[msg("The delegate is not listed")]
    UnknownDelegate,
    #[msg("The change waits for its timelock")]
    Timelocked,
    #[msg("The change does not apply to what it names")]
    ProposalMismatch,
    #[msg("Administrative instructions take no durable nonce; sign with a recent blockhash")]
    DurableNonce,
    #[msg("The account is not below zero with nothing left, or nothing can be paid today")]
    NotBankrupt,
    #[msg("Liquidation would be cheaper than closing; raise the liquidation fee")]
    LiquidationTooCheap,
    #[msg("There is nothing to pay, or the pool has no cash")]
    NothingToPay,
    #[msg("The pool is above its floor; nobody may be deleveraged")]
    PoolHealthy,
    #[msg("The position has no profit, or its close would not relieve the pool")]
    NotProfitable,
    #[msg("A candidate has the larger profit for its collateral and goes first")]
    NotHighestRank,
    #[msg("The pool is worth nothing, so a share has no price")]
    PoolInsolvent,
    #[msg("USDC trades below its peg; deposits wait until it is back")]
    Depegged,
    #[msg("The vault holds less in this form; take the other one, wrapped or native")]
    VaultShort,
    #[msg("The leg sleeps until its parent order is filled")]
    LegAsleep,
    #[msg("The account has mandates; the one of whoever placed the order must be passed")]
    MandateMissing,
    #[msg("The mandate has expired")]
    MandateExpired,
    #[msg("The mandate does not allow this market")]
    MandateMarket,
    #[msg("The order is larger than the mandate allows")]
    MandateOrderCap,
    #[msg("The position would be larger than the mandate allows")]
    MandatePositionCap,
    #[msg("The account would have more leverage than the mandate allows")]
    MandateLeverage,
    #[msg("The account has lost what the mandate allows for today; it may only reduce")]
    MandateDailyLoss,
    #[msg(
        "The change lapsed: a week passed, or a pause or tightening came after it; propose it anew"
    )]
    ChangeLapsed,
    #[msg("The notice has ended a day after its wait; ask for the withdrawal again")]
    NoticeLapsed,
}
