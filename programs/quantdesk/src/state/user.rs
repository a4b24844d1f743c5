//! One trading account: balances, open markets, delegates.

use anchor_lang::prelude::*;

use crate::errors::QuantDeskError;
use crate::ledger::Fits;
use crate::state::TokenVault;

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, InitSpace)]
pub struct Delegate {
    pub key: Pubkey,
    /// Bits of `permission`; 0 means the place is free.
    pub permissions: u32,
    /// Unix seconds; 0 never expires.
    pub expires_at: i64,
}

impl Delegate {
    pub const FREE: Self =
        Self { key: Pubkey::new_from_array([0; 32]), permissions: 0, expires_at: 0 };

    pub fn is_free(&self, now: i64) -> bool {
        self.permissions == 0 || (self.expires_at != 0 && now >= self.expires_at)
    }
}

/// What a delegate may be allowed to do; withdrawing is not among it.
pub mod permission {
    pub const PLACE: u32 = 1;
    pub const CANCEL: u32 = 1 << 1;
    pub const ALL: u32 = PLACE | CANCEL;
}

#[account]
#[derive(InitSpace)]
pub struct UserAccount {
    pub version: u8,
    pub bump: u8,
    pub owner: Pubkey,
    pub sub_account_id: u16,
    pub name: [u8; 32],
    pub max_leverage: u16,
    /// Native units by vault index; place 0 is USDC and may be negative.
    pub balances: [i64; 8],
    /// Profit that the pool still owes.
    pub claims_e6: u64,
    pub claims_index_e12: u128,
    /// Market indices with a position; 65535 is a free place.
    pub open_markets: [u16; 8],
    pub open_orders: u16,
    pub created_at: i64,
    pub sequence: u64,
    pub delegates: [Delegate; 4],
    /// Paid by the pool for this account, not fetched yet.
    pub claims_due_e6: u64,
    /// What trading has brought since the account was opened: fills, funding, penalties and
    /// claims, not what the owner moved in or out.
    pub result_e6: i64,
    /// Keys that a mandate binds.
    pub mandates: u16,
    pub reserved: [u8; 238],
}

impl UserAccount {
    pub const SEED: &'static [u8] = b"user";
    pub const NO_MARKET: u16 = u16::MAX;
    pub const START_LEVERAGE: u16 = 20;
    pub const MAX_ORDERS: u16 = 32;
    pub const LEVERAGE_MAX: u16 = 100;
    /// Accounts of a risk set: market, oracle, position; and vault, oracle.
    pub const PER_MARKET: usize = 3;
    pub const PER_KIND: usize = 2;
    /// More would not fit into the one transaction that liquidates an account.
    pub const RISK_SET_MAX: usize = 24;

    /// True when `key` is the owner or a delegate with `wanted` that has not expired.
    pub fn permits(&self, key: &Pubkey, wanted: u32, now: i64) -> bool {
        *key == self.owner
            || self.delegates.iter().any(|delegate| {
                delegate.key == *key
                    && delegate.permissions & wanted == wanted
                    && delegate.permissions != 0
                    && (delegate.expires_at == 0 || now < delegate.expires_at)
            })
    }

    pub fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }
}

impl UserAccount {
    pub fn usdc_e6(&self) -> i64 {
        self.balances[usize::from(TokenVault::USDC)]
    }

    pub fn set_usdc_e6(&mut self, balance_e6: i64) {
        self.balances[usize::from(TokenVault::USDC)] = balance_e6;
    }

    /// Adds USDC that another account paid.
    pub fn credit_usdc(&mut self, paid_e6: u64) -> Result<i64> {
        let paid = i64::try_from(paid_e6).ok().fits()?;
        let balance = self.usdc_e6().checked_add(paid).fits()?;
        self.set_usdc_e6(balance);
        Ok(paid)
    }

    pub fn is_open_in(&self, market_index: u16) -> bool {
        self.open_markets.contains(&market_index)
    }

    pub fn has_room_for(&self, market_index: u16) -> bool {
        let has_place = self.is_open_in(Self::NO_MARKET);
        let fits = self.risk_set_len() + Self::PER_MARKET <= Self::RISK_SET_MAX;
        self.is_open_in(market_index) || (has_place && fits)
    }

    /// A token that the account does not hold yet may only come while the risk set stays small.
    pub fn require_room_for_kind(&self, vault_index: u8) -> Result<()> {
        let is_new =
            vault_index != TokenVault::USDC && self.balances[usize::from(vault_index)] == 0;
        let fits = self.risk_set_len() + Self::PER_KIND <= Self::RISK_SET_MAX;
        require!(!is_new || fits, QuantDeskError::TooManyMarkets);
        Ok(())
    }

    /// How many accounts tell of everything held besides USDC.
    pub fn risk_set_len(&self) -> usize {
        let is_open = |index: &&u16| **index != Self::NO_MARKET;
        let markets = self.open_markets.iter().filter(is_open).count();
        Self::PER_MARKET * markets + Self::PER_KIND * self.other_vaults().count()
    }

    /// Puts the market into the first free place, unless it is listed.
    pub fn list(&mut self, market_index: u16) -> Result<()> {
        if self.is_open_in(market_index) {
            return Ok(());
        }
        let free = self.open_markets.iter_mut().find(|place| **place == Self::NO_MARKET);
        *free.ok_or_else(|| error!(QuantDeskError::TooManyMarkets))? = market_index;
        Ok(())
    }

    /// Frees the market's place; other places do not move.
    pub fn delist(&mut self, market_index: u16) {
        for place in self.open_markets.iter_mut().filter(|place| **place == market_index) {
            *place = Self::NO_MARKET;
        }
    }

    /// Where `key` is listed, else the first free place.
    pub fn place_of_delegate(&mut self, key: &Pubkey, now: i64) -> Result<&mut Delegate> {
        let listed =
            self.delegates.iter().position(|each| each.permissions != 0 && each.key == *key);
        let free = self.delegates.iter().position(|each| each.is_free(now));
        let place = listed.or(free).ok_or_else(|| error!(QuantDeskError::TooManyDelegates))?;
        Ok(&mut self.delegates[place])
    }

    /// Indices of the vaults besides USDC that hold something.
    pub fn other_vaults(&self) -> impl Iterator<Item = usize> + '_ {
        (1..self.balances.len()).filter(|index| self.balances[*index] != 0)
    }

    /// Whether nothing but USDC and `except` is open or held.
    pub fn holds_only(&self, except: u16) -> bool {
        let no_other_market =
            self.open_markets.iter().all(|index| *index == Self::NO_MARKET || *index == except);
        no_other_market && self.other_vaults().next().is_none()
    }
}
