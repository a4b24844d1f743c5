//! Division with a named rounding, and products wider than 128 bits.

/// Fractions and US dollars.
pub const E6: i128 = 1_000_000;
/// Sizes.
pub const E9: i128 = 1_000_000_000;
/// Funding index (USD e12 per base) times size (e9), over USD e6.
pub const INDEX_TO_USD: i128 = 1_000_000_000_000_000;

/// `⌊numerator / divisor⌋`, towards minus infinity; `divisor` positive.
pub fn div_down(numerator: i128, divisor: i128) -> Option<i128> {
    if divisor <= 0 {
        return None;
    }
    let quotient = numerator / divisor;
    if numerator < 0 && quotient * divisor != numerator {
        return quotient.checked_sub(1);
    }
    Some(quotient)
}

/// `⌈numerator / divisor⌉`, towards plus infinity; `divisor` positive.
pub fn div_up(numerator: i128, divisor: i128) -> Option<i128> {
    if divisor <= 0 {
        return None;
    }
    let quotient = numerator / divisor;
    if numerator > 0 && quotient * divisor != numerator {
        return quotient.checked_add(1);
    }
    Some(quotient)
}

/// `⌊a·b / divisor⌋`.
pub fn mul_div_down(a: i128, b: i128, divisor: i128) -> Option<i128> {
    div_down(a.checked_mul(b)?, divisor)
}

/// `⌈a·b / divisor⌉`.
pub fn mul_div_up(a: i128, b: i128, divisor: i128) -> Option<i128> {
    div_up(a.checked_mul(b)?, divisor)
}

/// `⌈a·b / divisor⌉` where the product may take 256 bits; only the quotient must fit.
pub fn wide_mul_div_up(a: i128, b: i128, divisor: u64) -> Option<i128> {
    let (quotient, has_rest) = wide_mul_div(a.unsigned_abs(), b.unsigned_abs(), divisor)?;
    let magnitude = i128::try_from(quotient).ok()?;
    if (a < 0) != (b < 0) {
        return magnitude.checked_neg();
    }
    magnitude.checked_add(i128::from(has_rest))
}

/// Quotient of a 256-bit product and whether there is a remainder.
fn wide_mul_div(a: u128, b: u128, divisor: u64) -> Option<(u128, bool)> {
    if divisor == 0 {
        return None;
    }
    let product = wide_mul(a, b);
    let mut quotient = [0u64; 4];
    let mut rest = 0u128;
    for place in (0..4).rev() {
        let current = (rest << 64) | u128::from(product[place]);
        quotient[place] = u64::try_from(current / u128::from(divisor)).ok()?;
        rest = current % u128::from(divisor);
    }
    if quotient[3] != 0 || quotient[2] != 0 {
        return None;
    }
    Some(((u128::from(quotient[1]) << 64) | u128::from(quotient[0]), rest != 0))
}

/// Four 64-bit places, least first.
fn wide_mul(a: u128, b: u128) -> [u64; 4] {
    let low = |value: u128| value & u128::from(u64::MAX);
    let parts = [low(a), a >> 64];
    let others = [low(b), b >> 64];
    let mut product = [0u64; 4];
    for (i, part) in parts.iter().enumerate() {
        let mut carry = 0u128;
        for (j, other) in others.iter().enumerate() {
            // At most (2^64-1)^2 + 2·(2^64-1), which is 2^128-1.
            let sum = part * other + u128::from(product[i + j]) + carry;
            product[i + j] = low(sum) as u64;
            carry = sum >> 64;
        }
        product[i + 2] = low(carry) as u64;
    }
    product
}

/// Narrows to 64 signed bits.
pub fn narrow(value: i128) -> Option<i64> {
    i64::try_from(value).ok()
}

/// Narrows to 64 unsigned bits.
pub fn narrow_unsigned(value: i128) -> Option<u64> {
    u64::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_towards_the_infinities_and_never_towards_zero() {
        assert_eq!(div_down(-7, 2), Some(-4));
        assert_eq!(div_up(-7, 2), Some(-3));
        assert_eq!(div_down(7, 2), Some(3));
        assert_eq!(div_up(7, 2), Some(4));
        assert_eq!(div_up(-8, 2), Some(-4));
        assert_eq!(div_down(8, 2), Some(4));
    }

    #[test]
    fn division_by_zero_or_a_negative_number_is_refused() {
        assert_eq!(div_down(1, 0), None);
        assert_eq!(div_up(1, -1), None);
        assert_eq!(wide_mul_div_up(1, 1, 0), None);
    }

    #[test]
    fn the_wide_product_agrees_with_the_narrow_one_where_both_fit() {
        let mut seed = 88_172_645_463_325_252u64;
        let mut next = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed as i64
        };
        for _ in 0..20_000 {
            let (a, b) = (i128::from(next()), i128::from(next() >> 3));
            let divisor = next().unsigned_abs().max(1) >> (next() & 31);
            let divisor = divisor.max(1);
            assert_eq!(wide_mul_div_up(a, b, divisor), mul_div_up(a, b, i128::from(divisor)));
        }
    }

    #[test]
    fn a_product_beyond_128_bits_is_exact() {
        let big = i128::from(u64::MAX) * 1_000_003;

        assert_eq!(wide_mul_div_up(big, i128::from(u64::MAX), u64::MAX), Some(big));
        assert_eq!(wide_mul_div_up(-big, i128::from(u64::MAX), u64::MAX), Some(-big));
        assert_eq!(wide_mul_div_up(i128::MAX, i128::MAX, 2), None);
    }
}
