//! Percentages, numbers, and texts that are neither.

use super::{IntOrPercentError, scaled_value};
use crate::kinds::IntOrString;

fn text(value: &str) -> IntOrString {
    IntOrString::String(value.to_owned())
}

#[test]
fn percentages_round_as_asked() {
    for (value, total, up, down) in [
        ("90%", 100, 90, 90),
        ("90%", 95, 86, 85),
        ("90%", 9, 9, 8),
        ("0%", 9, 0, 0),
        ("150%", 3, 5, 4),
        ("-50%", 3, -1, -2),
        ("+10%", 10, 1, 1),
        ("2147483647%", i32::MAX, i32::MAX, i32::MAX),
        ("-2147483647%", i32::MAX, i32::MIN, i32::MIN),
    ] {
        assert_eq!(scaled_value(&text(value), total, true), Ok(up), "{value} of {total}, up");
        assert_eq!(scaled_value(&text(value), total, false), Ok(down), "{value} of {total}, down");
    }
}

#[test]
fn numbers_stay_as_they_are() {
    for number in [0, 7, -7, i32::MAX] {
        assert_eq!(scaled_value(&IntOrString::Int(number), 3, true), Ok(number));
    }
}

#[test]
fn other_texts_are_refused() {
    for value in ["", "5", "5 %%", "% 5", "ten"] {
        assert!(scaled_value(&text(value), 10, true).is_err(), "{value:?}");
    }
    assert_eq!(scaled_value(&text("5"), 10, true), Err(IntOrPercentError::NotAPercentage));
    for value in ["%", "a%", "1.5%", "5%%", " 5%", "99999999999999999999%"] {
        assert_eq!(
            scaled_value(&text(value), 10, true),
            Err(IntOrPercentError::NotANumber(value.to_owned()))
        );
    }
}
