//! Limits of what a quantity holds, JSON, and conversions.

use super::wide::Wide;
use super::{Format, ParseQuantityError, Quantity};
use crate::kinds::ApiQuantity;

fn q(text: &str) -> Quantity {
    text.parse().expect("a quantity")
}

#[test]
fn is_small() {
    assert!(size_of::<Quantity>() <= 32, "{}", size_of::<Quantity>());
}

#[test]
fn wide_numbers_divide_and_print_as_they_were_built() {
    let wide = (0..54).fold(Wide::small(1), |n, _| n.checked_mul(10).expect("it fits"));
    let wide = wide.checked_add(Wide::small(1_234_567)).expect("it fits");
    assert_eq!(wide.to_string(), format!("1{:054}", 1_234_567));
    assert_eq!(wide.digits(), 55);
    assert_eq!(wide.div_rem(10), (wide.div_pow10_up(1).0.minus(Wide::small(1)), 7));
    assert_eq!(wide.div_pow10_up(54), (Wide::small(2), false));
    assert_eq!(wide.div_pow10_up(1_000_000), (Wide::small(1), false));
    assert_eq!(Wide::small(7).checked_mul_pow10(56).map(Wide::without_tens), Some((Wide::small(7), 56)));
    assert_eq!(Wide::small(7).checked_mul_pow10(58), None);
    assert_eq!(Wide::default().checked_mul_pow10(u64::MAX), Some(Wide::default()));
    let kibis = (0..15).fold(Wide::small(3), |n, _| n.checked_mul(1024).expect("it fits"));
    assert_eq!(kibis.without_kibis(), (Wide::small(3), 15));
}

#[test]
fn what_does_not_fit_is_refused_or_rounded_up() {
    let long = format!("1{}1", "0".repeat(60));
    assert_eq!(long.parse::<Quantity>(), Err(ParseQuantityError::Numeric));
    assert_eq!(q(&format!("1{}e0", "0".repeat(60))), q("1e60"));
    assert_eq!(q("1e60").checked_add(q("1n")), None);
    let sum = q("1e60") + q("1n");
    assert!(sum > q("1e60") && sum < q("1.000001e60"));
    assert!(q("1e60") - q("1n") <= q("1e60"));
    let product = Quantity::parse(&"9".repeat(57)).expect("57 digits") * i64::MAX;
    assert!(product > q("9.22e75") && product < q("9.23e75"));
}

#[test]
fn exponents_are_bounded() {
    assert_eq!("1e1000000001".parse::<Quantity>(), Err(ParseQuantityError::Suffix));
    let (tiny, vast) = (q("1e-1000000000"), q("1e1000000000"));
    assert_eq!(tiny, q("1n"));
    assert!(vast > q("1e999999999") && -vast < tiny);
    assert_eq!((vast.value(), (-vast).milli_value()), (i64::MAX, i64::MIN));
    assert_eq!(vast.to_string(), "10e999999999");
    assert!(vast + tiny >= vast);
    assert!(vast.to_f64().is_infinite());
    assert_eq!(q("0e1000000000"), Quantity::ZERO);
}

#[test]
fn numbers_and_null_are_read_from_json() {
    for (json, text) in
        [("5", "5"), ("-5", "-5"), ("0.5", "500m"), ("1e3", "1k"), ("null", "0"), ("\" 1Ki \"", "1Ki")]
    {
        let quantity: Quantity = serde_json::from_str(json).expect(json);
        assert_eq!(quantity.to_string(), text, "{json}");
    }
    for json in ["true", "[]", "\"\"", "\"1 Ki\""] {
        assert!(serde_json::from_str::<Quantity>(json).is_err(), "{json}");
    }
}

#[test]
fn converts_to_and_from_the_api() {
    let api = ApiQuantity::from(q("1.5Gi"));
    assert_eq!(api.0, "1536Mi");
    assert_eq!(Quantity::try_from(&api), Ok(q("1.5Gi")));
    assert!(Quantity::try_from(&ApiQuantity("x".to_owned())).is_err());
}

#[test]
fn format_of_a_sum_is_that_of_the_first_that_is_not_zero() {
    assert_eq!((q("0Ki") + q("1e3")).format(), Format::DecimalExponent);
    assert_eq!((q("1Ki") + q("1e3")).to_string(), "2024");
    assert_eq!([q("1Ki"), q("1Ki")].into_iter().sum::<Quantity>().to_string(), "2Ki");
    let mut total = q("3");
    total += q("500m");
    total -= q("1");
    assert_eq!(total.to_string(), "2500m");
}
