//! Schedules that parse, and what is said of those that do not.

use super::{Fields, Schedule, time_zone};
use std::time::Duration;

fn fields(text: &str) -> Fields {
    match text.parse().unwrap() {
        Schedule::Fields(fields) => fields,
        Schedule::Every(every) => panic!("{text} is every {every:?}"),
    }
}

#[test]
fn fields_become_bits() {
    let odd = fields("1-59/2 0,12 ? jan-MAR 1");
    assert_eq!(odd.minutes.count_ones(), 30);
    assert_eq!(odd.hours, 1 | 1 << 12);
    assert_eq!(odd.months, 0b1110);
    assert_eq!((odd.any_day_of_month, odd.any_day_of_week), (true, false));
    assert_eq!(fields("50/5 * * * *").minutes, 1 << 50 | 1 << 55);
    assert_eq!(fields("@weekly"), fields("0 0 * * 0"));
    let steps = fields("* * */1 * */2");
    assert!(steps.any_day_of_month && !steps.any_day_of_week, "a step above 1 restricts");
}

#[test]
fn durations_are_whole_seconds_of_at_least_one() {
    for (text, seconds) in [("1h30m", 5_400), ("1.9s", 1), ("3ms", 1), ("-5m", 1), ("0", 1), ("1.5m", 90)] {
        let parsed: Schedule = format!("@every {text}").parse().unwrap();
        assert_eq!(parsed, Schedule::Every(Duration::from_secs(seconds)), "{text}");
    }
}

#[test]
fn refusals_are_those_of_the_parser() {
    let check = |text: &str, expected: &str| {
        assert_eq!(text.parse::<Schedule>().unwrap_err().to_string(), expected, "{text:?}");
    };
    check("", "empty spec string");
    check(" ", "expected exactly 5 fields, found 0: []");
    check("* * * * * *", "expected exactly 5 fields, found 6: [* * * * * *]");
    check("* * 0 * *", "beginning of range (0) below minimum (1): 0");
    check("* * * * SAT-SUN", "beginning of range (6) beyond end of range (0): SAT-SUN");
    check("-1 * * * *", "failed to parse int from : strconv.Atoi: parsing \"\": invalid syntax");
    check("1-2-3 * * * *", "too many hyphens: 1-2-3");
    check("1/2/3 * * * *", "too many slashes: 1/2/3");
    check("*/0 * * * *", "step of range should be a positive number: */0");
    check("*/-2 * * * *", "negative number (-2) not allowed: -2");
    check("@every 5", "failed to parse duration @every 5: time: missing unit in duration \"5\"");
    check("@every 5x", "failed to parse duration @every 5x: time: unknown unit \"x\" in duration \"5x\"");
    check("TZ=", "invalid schedule format: runtime error: slice bounds out of range [:-1]");
    check("TZ=Nowhere 0 0 * * *", "provided bad location Nowhere: unknown time zone Nowhere");
}

#[test]
fn zones_are_known_by_their_exact_name() {
    for name in ["", "UTC", "Europe/Berlin", "US/Pacific", "Asia/Kolkata"] {
        assert!(time_zone(name).is_ok(), "{name}");
    }
    assert_eq!(time_zone("europe/berlin").unwrap_err().to_string(), "unknown time zone europe/berlin");
}
