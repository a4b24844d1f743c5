//! Position: signed size and signed entry, changed by fills.
//!
//! A reduction releases its share of the entry rounded up and realises the rest; a flat position
//! holds nothing at all.

use crate::math::{div_up, mul_div_down, mul_div_up, narrow, E9};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    pub size_e9: i64,
    pub entry_e6: i64,
    pub funding_index: i128,
    pub max_leverage: u16,
    pub realized_pnl_e6: i64,
    pub funding_paid_e6: i64,
    pub fees_paid_e6: i64,
}

/// A position after a trade, and the profit that the trade realised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    pub position: Position,
    pub realized_e6: i64,
}

/// Whether a trade brings a position nearer to flat without passing it.
pub fn is_reducing(size_e9: i64, trade_e9: i64) -> bool {
    (size_e9 > 0) != (trade_e9 > 0)
        && size_e9 != 0
        && trade_e9 != 0
        && trade_e9.unsigned_abs() <= size_e9.unsigned_abs()
}

/// What a reduce-only order may trade: nothing, or at most the position.
pub fn reducing_part_e9(size_e9: i64, trade_e9: i64) -> i64 {
    if size_e9 == 0 || (size_e9 > 0) == (trade_e9 > 0) {
        return 0;
    }
    if trade_e9.unsigned_abs() <= size_e9.unsigned_abs() {
        return trade_e9;
    }
    size_e9.saturating_neg()
}

/// Profit of holding `size_e9` at `price_e6`, rounded down.
pub fn unrealized_pnl_e6(size_e9: i64, entry_e6: i64, price_e6: i128) -> Option<i128> {
    mul_div_down(i128::from(size_e9), price_e6, E9)?.checked_sub(i128::from(entry_e6))
}

impl Position {
    /// The position after `trade_e9` at `cost_e6`; `index` is settled already, `leverage` becomes
    /// the cap of a position that this trade opens.
    pub fn filled(&self, trade_e9: i64, cost_e6: i64, index: i128, leverage: u16) -> Option<Fill> {
        let extends = self.size_e9 == 0 || trade_e9 == 0 || (self.size_e9 > 0) == (trade_e9 > 0);
        if extends {
            return Some(Fill {
                position: self.grown(trade_e9, cost_e6, index, leverage)?,
                realized_e6: 0,
            });
        }
        if is_reducing(self.size_e9, trade_e9) {
            return self.reduced(trade_e9, cost_e6, index);
        }
        self.flipped(trade_e9, cost_e6, index, leverage)
    }

    fn flipped(&self, trade_e9: i64, cost_e6: i64, index: i128, leverage: u16) -> Option<Fill> {
        let closing = div_up(
            i128::from(cost_e6).checked_mul(i128::from(self.size_e9).abs())?,
            i128::from(trade_e9).abs(),
        )?;
        let closing_cost = narrow(closing)?;
        let closed = self.reduced(self.size_e9.checked_neg()?, closing_cost, index)?;
        let rest = trade_e9.checked_add(self.size_e9)?;
        let opening_cost = cost_e6.checked_sub(closing_cost)?;
        Some(Fill {
            position: closed.position.grown(rest, opening_cost, index, leverage)?,
            realized_e6: closed.realized_e6,
        })
    }

    fn grown(&self, trade_e9: i64, cost_e6: i64, index: i128, leverage: u16) -> Option<Self> {
        let opens = self.size_e9 == 0;
        Some(Self {
            size_e9: self.size_e9.checked_add(trade_e9)?,
            entry_e6: self.entry_e6.checked_add(cost_e6)?,
            funding_index: index,
            max_leverage: if opens { leverage } else { self.max_leverage },
            ..*self
        })
    }

    fn reduced(&self, trade_e9: i64, cost_e6: i64, index: i128) -> Option<Fill> {
        let released = narrow(mul_div_up(
            i128::from(self.entry_e6),
            i128::from(trade_e9).abs(),
            i128::from(self.size_e9).abs(),
        )?)?;
        let realized = cost_e6.checked_neg()?.checked_sub(released)?;
        let size = self.size_e9.checked_add(trade_e9)?;
        let is_open = size != 0;
        Some(Fill {
            position: Self {
                size_e9: size,
                entry_e6: self.entry_e6.checked_sub(released)?,
                funding_index: if is_open { index } else { 0 },
                max_leverage: if is_open { self.max_leverage } else { 0 },
                realized_pnl_e6: self.realized_pnl_e6.checked_add(realized)?,
                ..*self
            },
            realized_e6: realized,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long_100() -> Position {
        Position {
            size_e9: 100_000_000_000,
            entry_e6: 15_008_022_500,
            max_leverage: 20,
            ..Position::default()
        }
    }

    #[test]
    fn a_reduction_releases_its_share_and_realises_the_rest() {
        let fill = long_100().filled(-40_000_000_000, -6_236_766_976, 7, 20).unwrap();

        assert_eq!(fill.realized_e6, 233_557_976);
        assert_eq!(fill.position.entry_e6, 9_004_813_500);
        assert_eq!(fill.position.funding_index, 7);
    }

    #[test]
    fn a_flat_position_holds_nothing() {
        let fill = long_100().filled(-100_000_000_000, -15_000_000_001, 7, 20).unwrap();
        let flat = fill.position;

        assert_eq!((flat.size_e9, flat.entry_e6), (0, 0));
        assert_eq!((flat.funding_index, flat.max_leverage), (0, 0));
    }

    #[test]
    fn a_flip_is_a_close_and_an_open() {
        let fill = long_100().filled(-150_000_000_000, -22_500_000_001, 7, 50).unwrap();

        assert_eq!(fill.position.size_e9, -50_000_000_000);
        assert_eq!(fill.realized_e6, 15_000_000_000 - 15_008_022_500);
        assert_eq!(fill.position.entry_e6, -7_500_000_001);
        assert_eq!(fill.position.max_leverage, 50);
    }

    #[test]
    fn reduce_only_takes_the_position_at_most() {
        assert_eq!(reducing_part_e9(5, -9), -5);
        assert_eq!(reducing_part_e9(-5, 3), 3);
        assert_eq!(reducing_part_e9(5, 3), 0);
        assert_eq!(reducing_part_e9(0, 3), 0);
        assert!(is_reducing(5, -5));
        assert!(!is_reducing(5, -6));
    }
}
