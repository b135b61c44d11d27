//! Numbers and byte strings as sled lays them out.

use crate::storage::StorageResult;
use crate::storage::mvcc::record::{Reader, corrupt};

/// The next number: one byte up to 240, and a byte that tells how many more there are above.
pub(super) fn number(from: &mut Reader<'_>) -> StorageResult<u64> {
    let first = from.byte()?;
    Ok(match first {
        0..=240 => first.into(),
        241..=248 => 240 + 256 * u64::from(first - 241) + u64::from(from.byte()?),
        249 => 2288 + 256 * u64::from(from.byte()?) + u64::from(from.byte()?),
        _ => {
            let low = from.take(usize::from(first) - 247)?;
            let mut bytes = [0; 8];
            bytes[..low.len()].copy_from_slice(low);
            u64::from_le_bytes(bytes)
        }
    })
}

/// The next number, as a count of things that take at least a byte each.
pub(super) fn count(from: &mut Reader<'_>) -> StorageResult<usize> {
    let n = number(from)?;
    usize::try_from(n)
        .ok()
        .filter(|n| *n <= from.rest().len())
        .ok_or_else(|| corrupt(format!("sled: a count of {n} where {} bytes are left", from.rest().len())))
}

/// The next byte string.
pub(super) fn bytes<'a>(from: &mut Reader<'a>) -> StorageResult<&'a [u8]> {
    let len = count(from)?;
    from.take(len)
}

/// The next eight bytes as a place in the log.
pub(super) fn lsn(from: &mut Reader<'_>) -> StorageResult<i64> {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(from.take(8)?);
    Ok(i64::from_le_bytes(bytes))
}
