//! Reads a price update: parsed field by field, never cast, and only from the pinned account.
//!
//! Layout of PriceUpdateV2: discriminator 8, write authority 32, verification level (1 byte when
//! full, 2 when partial), then the price message.

use anchor_lang::prelude::*;
use risk::oracle::{reading_of, Action, Grade, Reading};

use crate::errors::QuantDeskError;
use crate::state::Market;

const DISCRIMINATOR: [u8; 8] = [34, 241, 35, 99, 157, 126, 244, 205];
const LEVEL_AT: usize = 40;
/// After a full level: feed 32, price 8, confidence 8, exponent 4, publish time 8.
const PREVIOUS_AT: usize = LEVEL_AT + 1 + 32 + 8 + 8 + 4 + 8;
const PARTIAL: u8 = 0;
const FULL: u8 = 1;

/// The price in `account`, which must be the market's own oracle.
pub fn read(account: &AccountInfo, market: &Market) -> Result<Reading> {
    read_pinned(account, &market.oracle, &market.oracle_owner, &market.feed_id)
}

/// The same, with when the feed had published before.
pub fn read_spanned(account: &AccountInfo, market: &Market) -> Result<(Reading, i64)> {
    let reading = read(account, market)?;
    let data = account.try_borrow_data()?;
    let mut cursor = Cursor { data: &data, at: PREVIOUS_AT };
    Ok((reading, i64::from_le_bytes(cursor.take()?)))
}

/// The price in `account`, which must be `oracle`, owned by `owner`, of feed `feed_id`.
pub fn read_pinned(
    account: &AccountInfo,
    oracle: &Pubkey,
    owner: &Pubkey,
    feed_id: &[u8; 32],
) -> Result<Reading> {
    require_keys_eq!(account.key(), *oracle, QuantDeskError::WrongFeed);
    require_keys_eq!(*account.owner, *owner, QuantDeskError::WrongFeed);
    let data = account.try_borrow_data()?;
    let mut cursor = Cursor { data: &data, at: 0 };
    require!(cursor.take::<8>()? == DISCRIMINATOR, QuantDeskError::MalformedPrice);
    cursor.at = LEVEL_AT;
    match cursor.take::<1>()?[0] {
        FULL => {}
        PARTIAL => return err!(QuantDeskError::NotFullyVerified),
        _ => return err!(QuantDeskError::MalformedPrice),
    }
    require!(cursor.take::<32>()? == *feed_id, QuantDeskError::WrongFeed);
    let price = i64::from_le_bytes(cursor.take()?);
    let conf = u64::from_le_bytes(cursor.take()?);
    let exponent = i32::from_le_bytes(cursor.take()?);
    let publish_time = i64::from_le_bytes(cursor.take()?);
    reading_of(price, conf, exponent, publish_time)
        .ok_or_else(|| error!(QuantDeskError::MalformedPrice))
}

/// Refuses a reading that `action` may not use; tells its grade otherwise.
pub fn admit(market: &Market, reading: &Reading, action: Action, now: i64) -> Result<Grade> {
    let grade = reading.grade(&market.terms(), &market.memory(), action, now);
    if grade <= action.worst_accepted() {
        return Ok(grade);
    }
    Err(refusal_of(grade))
}

/// The same for a position in another market; whether it counts although nobody posts its price.
pub fn admit_elsewhere(
    market: &Market,
    reading: &Reading,
    action: Action,
    now: i64,
) -> Result<bool> {
    let grade = reading.grade(&market.terms(), &market.memory(), action, now);
    let has_lapsed = reading.has_lapsed(grade, action, now);
    if has_lapsed || grade <= action.worst_accepted() {
        return Ok(has_lapsed);
    }
    Err(refusal_of(grade))
}

/// The error that names a grade.
pub fn refusal_of(grade: Grade) -> Error {
    match grade {
        Grade::Valid | Grade::Wide => error!(QuantDeskError::WidePrice),
        Grade::Stale => error!(QuantDeskError::StalePrice),
        Grade::Jumped => error!(QuantDeskError::PriceJumped),
        Grade::NonPositive => error!(QuantDeskError::NegativePrice),
        Grade::Future => error!(QuantDeskError::FuturePrice),
    }
}

struct Cursor<'a> {
    data: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let end = self.at.saturating_add(N);
        let bytes =
            self.data.get(self.at..end).ok_or_else(|| error!(QuantDeskError::MalformedPrice))?;
        self.at = end;
        bytes.try_into().map_err(|_| error!(QuantDeskError::MalformedPrice))
    }
}
