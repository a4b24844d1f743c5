//! Which mandate binds a key, and how the program says what it forbids.

use anchor_lang::prelude::*;
use risk::mandate::Breach;

use crate::errors::QuantDeskError;
use crate::records;
use crate::state::{Mandate, UserAccount};

/// The mandate of `placer` in the account passed, which must be at its address; none when nothing
/// is there.
pub fn of(
    passed: Option<&UncheckedAccount>,
    user: &Pubkey,
    placer: &Pubkey,
) -> Result<Option<Box<Mandate>>> {
    let Some(info) = passed else {
        return Ok(None);
    };
    let seeds = [Mandate::SEED, user.as_ref(), placer.as_ref()];
    let (address, _) = Pubkey::find_program_address(&seeds, &crate::ID);
    require_keys_eq!(info.key(), address, QuantDeskError::WrongAccount);
    Ok(records::read(info))
}

/// While an account has mandates, whoever else trades for it shows theirs, or the empty place
/// where it would be: leaving it out proves nothing.
pub fn require_shown(
    passed: Option<&UncheckedAccount>,
    user: &UserAccount,
    placer: &Pubkey,
) -> Result<()> {
    let is_needed = *placer != user.owner && user.mandates > 0;
    require!(passed.is_some() || !is_needed, QuantDeskError::MandateMissing);
    Ok(())
}

/// The error that names what a mandate forbids.
pub fn refusal_of(breach: Breach) -> Error {
    match breach {
        Breach::Expired => error!(QuantDeskError::MandateExpired),
        Breach::Market => error!(QuantDeskError::MandateMarket),
        Breach::Order => error!(QuantDeskError::MandateOrderCap),
        Breach::Position => error!(QuantDeskError::MandatePositionCap),
        Breach::Leverage => error!(QuantDeskError::MandateLeverage),
        Breach::DailyLoss => error!(QuantDeskError::MandateDailyLoss),
    }
}
