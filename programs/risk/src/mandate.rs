//! Mandate: caps on what one key may do for an account that it does not own.
//!
//! The caps on exposure and on the day's loss are measured on the whole account, so neither a
//! second key nor another way of losing goes around them.

use crate::books::Books;
use crate::margin::Standing;
use crate::math::{mul_div_up, E9};

/// Seconds of a day.
pub const DAY_S: i64 = 86_400;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Largest notional of one order.
    pub order_cap_e6: u64,
    /// Largest notional of the account's position in one market.
    pub notional_cap_e6: u64,
    /// Notional of all positions over equity that counts no profit.
    pub max_leverage: u16,
    /// What trading may lose in a day.
    pub daily_loss_e6: u64,
    /// A bit for each market allowed.
    pub markets: u64,
    /// Unix seconds; 0 never expires.
    pub expires_at: i64,
}

/// Which cap does not hold, in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    Expired,
    Market,
    Order,
    Position,
    Leverage,
    DailyLoss,
}

/// Where the account's trading result stood when its day began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayStart {
    /// Days since 1970, UTC.
    pub day: i64,
    pub result_e6: i64,
}

impl DayStart {
    /// The start that counts at `now`; a new day starts from `result_e6`.
    pub fn at(&self, now: i64, result_e6: i64) -> Self {
        let day = now.div_euclid(DAY_S);
        if self.day == day {
            return *self;
        }
        Self { day, result_e6 }
    }

    pub fn loss_e6(&self, result_e6: i64) -> i128 {
        i128::from(self.result_e6) - i128::from(result_e6)
    }
}

/// What a trade makes of an account.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    pub size_after_e9: i64,
    pub price_e6: u64,
    pub standing: Standing,
    /// False while nothing is traded yet: the fill is judged again.
    pub checks_leverage: bool,
    /// The account's result before and after, open positions included.
    pub before_e6: i64,
    pub after_e6: i64,
}

impl Caps {
    /// What forbids an order of `size_e9` at `price_e6`, by itself; `None` does not fit.
    pub fn breach_of_order(
        &self,
        market_index: u16,
        size_e9: i64,
        price_e6: u64,
        now: i64,
    ) -> Option<Result<(), Breach>> {
        if self.expires_at != 0 && now >= self.expires_at {
            return Some(Err(Breach::Expired));
        }
        if !self.allows(market_index) {
            return Some(Err(Breach::Market));
        }
        if notional_e6(size_e9, price_e6)? > i128::from(self.order_cap_e6) {
            return Some(Err(Breach::Order));
        }
        Some(Ok(()))
    }

    /// What forbids a trade for what it makes of the account; else the day's start that counts.
    pub fn breach_of_trial(
        &self,
        start: &DayStart,
        trial: &Trial,
        now: i64,
    ) -> Option<Result<DayStart, Breach>> {
        if notional_e6(trial.size_after_e9, trial.price_e6)? > i128::from(self.notional_cap_e6) {
            return Some(Err(Breach::Position));
        }
        if trial.checks_leverage && self.is_above_leverage(&trial.standing)? {
            return Some(Err(Breach::Leverage));
        }
        let start = start.at(now, trial.before_e6);
        if start.loss_e6(trial.after_e6) > i128::from(self.daily_loss_e6) {
            return Some(Err(Breach::DailyLoss));
        }
        Some(Ok(start))
    }

    fn is_above_leverage(&self, standing: &Standing) -> Option<bool> {
        let most = standing.initial_equity_e6.checked_mul(i128::from(self.max_leverage))?;
        Some(standing.notional_e6 > most)
    }

    fn allows(&self, market_index: u16) -> bool {
        market_index < 64 && self.markets >> market_index & 1 == 1
    }
}

/// What trading has brought, open positions included: `banked_e6` of closed books, then what
/// `books` moved beside `usdc_e6` before them, then the open profit of `standing`.
pub fn result_e6(banked_e6: i64, usdc_e6: i64, books: &Books, standing: &Standing) -> Option<i64> {
    let moved = i128::from(books.usdc_e6) - i128::from(usdc_e6) + i128::from(books.claims_made_e6);
    let result = i128::from(banked_e6).checked_add(moved)?.checked_add(standing.open_pnl_e6)?;
    i64::try_from(result).ok()
}

fn notional_e6(size_e9: i64, price_e6: u64) -> Option<i128> {
    mul_div_up(i128::from(size_e9).abs(), i128::from(price_e6), E9)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPS: Caps = Caps {
        order_cap_e6: 1_500_000_000,
        notional_cap_e6: 3_000_000_000,
        max_leverage: 5,
        daily_loss_e6: 100_000_000,
        markets: 0b101,
        expires_at: 1_000,
    };

    #[test]
    fn an_order_fits_to_the_unit_and_the_second() {
        let ten = 10_000_000_000;

        assert_eq!(CAPS.breach_of_order(0, ten, 150_000_000, 999), Some(Ok(())));
        assert_eq!(CAPS.breach_of_order(2, -ten, 150_000_000, 999), Some(Ok(())));
        assert_eq!(CAPS.breach_of_order(0, ten, 150_000_000, 1_000), Some(Err(Breach::Expired)));
        assert_eq!(CAPS.breach_of_order(1, ten, 150_000_000, 999), Some(Err(Breach::Market)));
        assert_eq!(CAPS.breach_of_order(64, ten, 150_000_000, 999), Some(Err(Breach::Market)));
        assert_eq!(CAPS.breach_of_order(0, ten + 1, 150_000_000, 9), Some(Err(Breach::Order)));
    }

    const TRIAL: Trial = Trial {
        size_after_e9: 20_000_000_000,
        price_e6: 150_000_000,
        standing: Standing {
            initial_equity_e6: 600_000_000,
            initial_e6: 0,
            maintenance_equity_e6: 0,
            maintenance_e6: 0,
            notional_e6: 3_000_000_000,
            open_pnl_e6: 0,
        },
        checks_leverage: true,
        before_e6: 40,
        after_e6: 40 - 100_000_000,
    };

    fn judged(trial: Trial) -> Result<DayStart, Breach> {
        CAPS.breach_of_trial(&DayStart::default(), &trial, DAY_S).unwrap()
    }

    #[test]
    fn a_trial_fits_to_the_unit() {
        let short = Trial { size_after_e9: -20_000_000_001, ..TRIAL };
        let standing = Standing { notional_e6: 3_000_000_001, ..TRIAL.standing };
        let lent = Trial { standing, ..TRIAL };
        let unfilled = Trial { checks_leverage: false, ..lent };
        let lost = Trial { after_e6: 39 - 100_000_000, ..TRIAL };

        assert_eq!(judged(TRIAL), Ok(DayStart { day: 1, result_e6: 40 }));
        assert_eq!(judged(short), Err(Breach::Position));
        assert_eq!(judged(lent), Err(Breach::Leverage));
        assert!(judged(unfilled).is_ok());
        assert_eq!(judged(lost), Err(Breach::DailyLoss));
    }

    #[test]
    fn a_day_s_loss_counts_from_the_day_s_first_result() {
        let start = DayStart::default().at(DAY_S, 40);

        assert_eq!(start, DayStart { day: 1, result_e6: 40 });
        assert_eq!(start.at(2 * DAY_S - 1, 7), start);
        assert_eq!(start.at(2 * DAY_S, 7), DayStart { day: 2, result_e6: 7 });
    }

    #[test]
    fn claims_and_open_profit_are_part_of_the_result() {
        let books = Books { usdc_e6: 90, claims_made_e6: 4, ..Books::default() };
        let standing = Standing { open_pnl_e6: -3, ..Standing::default() };

        assert_eq!(result_e6(1_000, 100, &books, &standing), Some(991));
    }
}
