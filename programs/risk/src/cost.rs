//! Cost: one potential of the market's skew, with one rounding.

use crate::market::Terms;
use crate::math::{div_up, mul_div_down, narrow, narrow_unsigned, wide_mul_div_up, E6, E9};
use crate::oracle::Reading;

/// USD e6 paid (negative: received) for signed `trade_e9` at the skew before it.
///
/// `⌈ d·P·(1 + impact·(k + d/2)/skew_scale) + |d|·(P·spread + C·conf_weight) ⌉`. The inner ceiling
/// of the impact does not move the outer one.
pub fn trade_cost_e6(
    terms: &Terms,
    trade_e9: i64,
    skew_e9: i128,
    price_e6: u64,
    conf_e6: u64,
) -> Option<i64> {
    let (trade, price) = (i128::from(trade_e9), i128::from(price_e6));
    let base = trade.checked_mul(price)?;
    let impact = impact_e21(terms, trade_e9, skew_e9, price_e6)?;
    let edge_per_base = price
        .checked_mul(i128::from(terms.spread_e6))?
        .checked_add(i128::from(conf_e6).checked_mul(i128::from(terms.conf_weight_e6))?)?;
    let exact = base
        .checked_mul(E6)?
        .checked_add(trade.abs().checked_mul(edge_per_base)?)?
        .checked_add(impact)?;
    narrow(div_up(exact, E6 * E9)?)
}

/// The confidence that the cost of a trade counts, USD e6 per base: a late price's counts twice.
///
/// A trade that does not grow its position counts at most the widest one with which the market
/// opens at this price, `⌊P·conf_gate⌋`: the margin of an opening covers no more doubt than that.
pub fn counted_conf_e6(
    terms: &Terms,
    reading: &Reading,
    is_late: bool,
    grows: bool,
) -> Option<u64> {
    let counted = reading.conf_e6.checked_mul(if is_late { 2 } else { 1 })?;
    if grows {
        return Some(counted);
    }
    let gate = i128::from(terms.conf_gate_e6);
    let widest = narrow_unsigned(mul_div_down(i128::from(reading.price_e6), gate, E6)?)?;
    Some(counted.min(widest))
}

/// USD e6 of the impact alone, rounded up; a trade towards balance owes none.
///
/// What a liquidation, which trades at the oracle price, would have paid the pool by itself.
pub fn adverse_impact_e6(
    terms: &Terms,
    trade_e9: i64,
    skew_e9: i128,
    price_e6: u64,
) -> Option<i64> {
    let impact = impact_e21(terms, trade_e9, skew_e9, price_e6)?;
    narrow(div_up(impact.max(0), E6 * E9)?)
}

/// `⌈ d·P·impact·(k + d/2)/skew_scale ⌉`: USD e6, times the e6 of a fraction and the e9 of a size.
fn impact_e21(terms: &Terms, trade_e9: i64, skew_e9: i128, price_e6: u64) -> Option<i128> {
    let trade = i128::from(trade_e9);
    wide_mul_div_up(
        trade.checked_mul(i128::from(price_e6))?,
        i128::from(terms.impact_e6).checked_mul(skew_e9.checked_mul(2)?.checked_add(trade)?)?,
        terms.skew_scale_e9.checked_mul(2)?,
    )
}

/// Cost of a liquidation's trade: the oracle price, no spread and no impact.
pub fn closing_cost_e6(trade_e9: i64, price_e6: u64) -> Option<i64> {
    narrow(div_up(i128::from(trade_e9).checked_mul(i128::from(price_e6))?, E9)?)
}

/// Whether a signed cost is worse than `bound_e6` per base; compared without a division.
pub fn exceeds_bound(cost_e6: i64, trade_e9: i64, bound_e6: u64) -> Option<bool> {
    let paid = i128::from(cost_e6).checked_mul(E9)?;
    Some(paid > i128::from(bound_e6).checked_mul(i128::from(trade_e9))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Terms;

    fn sol() -> Terms {
        Terms {
            spread_e6: 200,
            impact_e6: 3_000,
            skew_scale_e9: 100_000_000_000_000,
            conf_weight_e6: 1_000_000,
            ..Terms::default()
        }
    }

    #[test]
    fn the_story_buys_100_at_150_for_15_008_02() {
        let cost = trade_cost_e6(&sol(), 100_000_000_000, 0, 150_000_000, 50_000);

        assert_eq!(cost, Some(15_008_022_500));
    }

    #[test]
    fn the_story_sells_40_at_156_for_6_236_77() {
        let cost = trade_cost_e6(&sol(), -40_000_000_000, 100_000_000_000, 156_000_000, 50_000);

        assert_eq!(cost, Some(-6_236_766_976));
    }

    #[test]
    fn splitting_a_trade_never_gains_a_unit() {
        let (first, second) = (33_333_333_333, 66_666_666_667);
        let whole = trade_cost_e6(&sol(), 100_000_000_000, 0, 151_234_567, 43_210).unwrap();

        let parts = trade_cost_e6(&sol(), first, 0, 151_234_567, 43_210).unwrap()
            + trade_cost_e6(&sol(), second, i128::from(first), 151_234_567, 43_210).unwrap();

        assert!(parts >= whole);
    }

    #[test]
    fn only_a_trade_away_from_balance_has_an_adverse_impact() {
        let impact = |trade, skew| adverse_impact_e6(&sol(), trade, skew, 150_000_000);

        assert_eq!(impact(100_000_000_000, 0), Some(22_500));
        assert_eq!(impact(100_000_000_000, 900_000_000_000), Some(427_500));
        assert_eq!(impact(-100_000_000_000, 900_000_000_000), Some(0));
        assert_eq!(impact(-100_000_000_000, 100_000_000_000), Some(0));
        assert_eq!(impact(-1, -1), Some(1));
    }

    #[test]
    fn a_reduction_counts_no_more_doubt_than_the_market_opens_with() {
        let terms = Terms { conf_gate_e6: 5_000, ..sol() };
        let counted = |price_e6, conf_e6, is_late, grows| {
            let reading = Reading { price_e6, conf_e6, publish_time: 1 };
            counted_conf_e6(&terms, &reading, is_late, grows).unwrap()
        };

        assert_eq!(counted(150_000_000, 749_999, false, false), 749_999);
        assert_eq!(counted(150_000_000, 750_001, false, false), 750_000);
        assert_eq!(counted(150_000_000, 375_000, true, false), 750_000);
        assert_eq!(counted(150_000_000, 375_001, true, false), 750_000);
        assert_eq!(counted(150_000_000, 15_000_000, true, false), 750_000);
        assert_eq!(counted(150_000_199, 15_000_000, false, false), 750_000);
        assert_eq!(counted(150_000_200, 15_000_000, false, false), 750_001);
        assert_eq!(counted(150_000_000, 750_000, true, true), 1_500_000);
        assert_eq!(counted(150_000_000, 750_000, false, true), 750_000);
    }

    #[test]
    fn a_bound_is_met_exactly_and_missed_by_one_unit() {
        assert_eq!(exceeds_bound(150, 1_000, 150_000_000), Some(false));
        assert_eq!(exceeds_bound(151, 1_000, 150_000_000), Some(true));
        assert_eq!(exceeds_bound(-150, -1_000, 150_000_000), Some(false));
        assert_eq!(exceeds_bound(-149, -1_000, 150_000_000), Some(true));
    }

    #[test]
    fn the_largest_trade_still_fits() {
        assert!(trade_cost_e6(&sol(), 200_000_000_000_000, 0, 150_000_000, 50_000).is_some());
        assert!(trade_cost_e6(&sol(), i64::MAX, 0, u64::MAX, 0).is_none());
    }
}
