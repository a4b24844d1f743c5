//! The figures of the rules about other collateral, in numbers of their own.

use risk::collateral::{ramped_e6, Sale, AGREED_DISCOUNT_E6, FORCED_DISCOUNT_E6};

const SALE: Sale =
    Sale { decimals: 9, price_e6: 100_000_000, conf_e6: 0, discount_e6: FORCED_DISCOUNT_E6 };

#[test]
fn a_weight_takes_seven_days_and_not_a_second_less() {
    let after = |seconds: i64| ramped_e6(0, 604_800, 1, 1 + seconds);

    assert_eq!(after(1), Some(1));
    assert_eq!(after(604_799), Some(604_799));
    assert_eq!(after(604_800), Some(604_800));
}

#[test]
fn a_forced_sale_brings_98_and_an_agreed_one_99_and_a_half() {
    let agreed = Sale { discount_e6: AGREED_DISCOUNT_E6, ..SALE };

    assert_eq!(SALE.proceeds_e6(1_000_000_000), Some(98_000_000));
    assert_eq!(agreed.proceeds_e6(1_000_000_000), Some(99_500_000));
}

#[test]
fn a_band_wider_than_the_price_leaves_nothing_and_never_less() {
    let hopeless = Sale { conf_e6: 150_000_000, ..SALE };

    assert_eq!(hopeless.proceeds_e6(1_000_000_000), Some(0));
    assert_eq!(hopeless.needed(1), None);
}
