//! Numbers with a range, and texts that stand for numbers.

use super::text::{EMPTY, inclusive_range, regex};

/// Complaints about `value` as a number of `min..=max`.
///
/// Source: `IsInRange` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_in_range(value: i64, min: i64, max: i64) -> Vec<String> {
    if (min..=max).contains(&value) { Vec::new() } else { vec![inclusive_range(min, max)] }
}

/// Complaints about `port` as a port that is not 0.
///
/// Source: `IsValidPortNum` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_valid_port_num(port: i64) -> Vec<String> {
    is_in_range(port, 1, 65535)
}

/// Complaints about `uid` as a Unix user id.
///
/// Source: `IsValidUserID` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_valid_user_id(uid: i64) -> Vec<String> {
    is_in_range(uid, 0, i64::from(i32::MAX))
}

/// Complaints about `gid` as a Unix group id.
///
/// Source: `IsValidGroupID` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_valid_group_id(gid: i64) -> Vec<String> {
    is_in_range(gid, 0, i64::from(i32::MAX))
}

/// Complaints about `percent` as a percentage (`93%`). It may be more than 100.
///
/// Source: `IsValidPercent` of `k8s.io/apimachinery/pkg/util/validation`.
pub fn is_valid_percent(percent: &str) -> Vec<String> {
    let digits = percent.strip_suffix('%').unwrap_or_default();
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Vec::new();
    }
    vec![regex(
        "a valid percent string must be a numeric string followed by an ending '%'",
        "[0-9]+%",
        &["1%", "93%"],
    )]
}

/// Complaints about `value` as a decimal number as people write it: no plus sign, no leading zero, no `-0`.
///
/// Source: `IsDecimalInteger` of `k8s.io/apimachinery/pkg/api/validate/content`.
pub fn is_decimal_integer(value: &str) -> Vec<String> {
    if value.is_empty() {
        return vec![EMPTY.to_owned()];
    }
    let digits = value.strip_prefix('-').unwrap_or(value).as_bytes();
    let canonical = match digits {
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => value == "0",
    };
    if canonical { Vec::new() } else { vec!["must be a valid decimal integer in canonical form".to_owned()] }
}
