//! Quantities against plain arithmetic in billionths.

use kube_core::quantity::{Format, Quantity};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// A text, and what it says in billionths.
#[derive(Clone, Debug)]
struct Written {
    text: String,
    nanos: i128,
}

/// Suffixes with their worth in billionths.
fn suffix() -> impl Strategy<Value = (&'static str, i128)> {
    prop_oneof![
        Just(("n", 1)),
        Just(("u", 1_000)),
        Just(("m", 1_000_000)),
        Just(("", 1_000_000_000)),
        Just(("e0", 1_000_000_000)),
        Just(("k", 1_000_000_000_000)),
        Just(("e3", 1_000_000_000_000)),
        Just(("E-3", 1_000_000)),
        Just(("M", 1_000_000_000_000_000)),
        Just(("e+6", 1_000_000_000_000_000)),
        Just(("Ki", 1_024_000_000_000)),
        Just(("Mi", 1_048_576_000_000_000)),
        Just(("Gi", 1_073_741_824_000_000_000)),
    ]
}

fn written() -> impl Strategy<Value = Written> {
    let number = prop_oneof![0..10_000_i128, 0..10_000_000_000_i128, 0..9_000_000_000_000_000_000_i128];
    (any::<bool>(), number, 0..12_u32, suffix()).prop_map(|(negative, number, places, (suffix, worth))| {
        let power = 10_i128.pow(places);
        let digits = format!("{:0width$}", number % power, width = places as usize);
        let point = if places == 0 { String::new() } else { format!(".{digits}") };
        let sign = if negative { "-" } else { "" };
        let exact = number * worth;
        let nanos = exact / power + i128::from(exact % power != 0);
        let most = i128::from(i64::MAX) * 1_000_000_000;
        let nanos = if suffix.ends_with('i') { nanos.min(most) } else { nanos };
        Written {
            text: format!("{sign}{}{point}{suffix}", number / power),
            nanos: if negative { -nanos } else { nanos },
        }
    })
}

#[expect(clippy::expect_used, reason = "the strategy writes quantities only")]
fn parse(written: &Written) -> Quantity {
    written.text.parse().expect("a quantity")
}

/// A quantity from billionths, by another way than a suffix.
#[expect(clippy::expect_used, reason = "an integer with an exponent is a quantity")]
fn from_nanos(nanos: i128) -> Quantity {
    format!("{nanos}e-9").parse().expect("a quantity")
}

fn hash(quantity: Quantity) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(quantity)
}

proptest! {
    #[test]
    fn parsing_keeps_billionths(written in written()) {
        let (quantity, same) = (parse(&written), from_nanos(written.nanos));
        prop_assert_eq!(quantity, same);
        prop_assert_eq!(hash(quantity), hash(same));
        prop_assert_eq!(i128::from(quantity.sign()), written.nanos.signum());
    }

    #[test]
    fn printing_and_parsing_gives_the_same(written in written()) {
        let quantity = parse(&written);
        let shown = quantity.to_string();
        let again: Quantity = shown.parse().expect("the canonical form");
        prop_assert_eq!(quantity, again);
        prop_assert_eq!(&shown, &again.to_string());
        let json = serde_json::to_string(&quantity).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<Quantity>(&json).expect("JSON"), quantity);
    }

    #[test]
    fn order_is_that_of_the_values(a in written(), b in written()) {
        prop_assert_eq!(parse(&a).cmp(&parse(&b)), a.nanos.cmp(&b.nanos));
        prop_assert_eq!(parse(&a).cmp(&parse(&a)), std::cmp::Ordering::Equal);
    }

    #[test]
    fn sums_and_differences_are_exact(a in written(), b in written()) {
        let (x, y) = (parse(&a), parse(&b));
        prop_assert_eq!(x + y, from_nanos(a.nanos + b.nanos));
        prop_assert_eq!(x - y, from_nanos(a.nanos - b.nanos));
        prop_assert_eq!((x + y) - y, x);
        prop_assert_eq!(x.checked_add(y), Some(x + y));
        prop_assert_eq!(-(-x), x);
        prop_assert!((x - x).is_zero());
        let format = if x.is_zero() { y.format() } else { x.format() };
        prop_assert_eq!((x + y).format(), format);
    }

    #[test]
    fn products_are_exact(a in written(), factor in -10_000..10_000_i64) {
        prop_assert_eq!(parse(&a) * factor, from_nanos(a.nanos * i128::from(factor)));
    }

    #[test]
    fn rounding_goes_away_from_zero(a in written()) {
        let quantity = parse(&a);
        for ((rounded, exact), unit) in
            [(quantity.round_up_milli(), 1_000_000), (quantity.round_up_unit(), 1_000_000_000)]
        {
            let whole = a.nanos / unit + if a.nanos % unit == 0 { 0 } else { a.nanos.signum() };
            prop_assert_eq!(rounded, from_nanos(whole * unit));
            prop_assert_eq!(exact, a.nanos % unit == 0);
            let read = if unit == 1_000_000 { quantity.milli_value() } else { quantity.value() };
            if a.nanos >= 0 {
                prop_assert_eq!(read, i64::try_from(whole).unwrap_or(i64::MAX));
            }
        }
    }

    #[test]
    fn units_and_thousandths_are_read_back(value in any::<i64>()) {
        let units = Quantity::from_units(value, Format::BinarySI);
        prop_assert_eq!((units.value(), units.as_i64()), (value, Some(value)));
        let milli = Quantity::from_milli(value, Format::DecimalSI);
        prop_assert_eq!(milli.milli_value(), value);
        prop_assert_eq!(units.to_string().parse(), Ok(units));
        prop_assert_eq!(milli.to_string().parse(), Ok(milli));
    }

    #[test]
    fn any_text_is_answered(text in "[+-]?[0-9.]{0,70}[eEinumkKMGTP]{0,3}[+-]?[0-9]{0,12}") {
        if let Ok(quantity) = text.parse::<Quantity>() {
            let doubled = quantity + quantity;
            prop_assert_eq!(doubled.sign(), quantity.sign());
            prop_assert_eq!(doubled, quantity * 2);
            prop_assert!(!quantity.to_f64().is_nan());
            prop_assert!(!quantity.to_string().is_empty());
            let _ = (quantity.value(), quantity.milli_value(), quantity.round_up_milli());
        }
    }
}
