//! Indexes of a job as text: `0,2-5,9`.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/batch/validation` (`validateIndexesFormat`, `parseIndexInterval`,
//! `validateFailedIndexesNotOverlapCompleted`).

use crate::error::quoted;

/// How many indexes `text` names of a job of `count` completions, or what is wrong with it.
///
/// Source: `validateIndexesFormat`.
pub(super) fn count_indexes(text: &str, count: i32) -> Result<i64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let (mut last, mut total): (Option<i64>, _) = (None, 0);
    for part in text.split(',') {
        let (first, end) = interval(part, count)?;
        if let Some(last) = last.filter(|last| *last >= first) {
            return Err(format!("non-increasing order, previous: {last}, current: {first}"));
        }
        last = Some(end);
        total += end - first + 1;
    }
    Ok(total)
}

/// The first index that stands in both texts; what does not parse is left out.
pub(super) fn overlap(done: &str, failed: &str, count: i32) -> Option<i64> {
    let read = |text: &str| -> Vec<(i64, i64)> {
        text.split(',').filter_map(|part| interval(part, count).ok()).collect()
    };
    let (done, failed) = (read(done), read(failed));
    let (mut at, mut other) = (done.iter().peekable(), failed.iter().peekable());
    while let (Some((first, end)), Some((low, high))) = (at.peek(), other.peek()) {
        if first <= high && low <= end {
            return Some(*first.max(low));
        }
        if first <= low {
            at.next()
        } else {
            other.next()
        };
    }
    None
}

fn interval(part: &str, count: i32) -> Result<(i64, i64), String> {
    let limits: Vec<&str> = part.split('-').collect();
    if limits.len() > 2 {
        let part = quoted(part);
        return Err(format!(
            "the fragment {part} violates the requirement that an index interval can have at most two parts separated by '-'"
        ));
    }
    let index = |text: &str| {
        let index: i64 = text
            .parse()
            .map_err(|_| format!("cannot convert string to integer for index: {}", quoted(text)))?;
        if index >= i64::from(count) {
            return Err(format!("too large index: {}", quoted(text)));
        }
        Ok(index)
    };
    let first = index(limits[0])?;
    let Some(end) = limits.get(1) else { return Ok((first, first)) };
    let end = index(end)?;
    if first >= end {
        return Err(format!("non-increasing order, previous: {first}, current: {end}"));
    }
    Ok((first, end))
}
