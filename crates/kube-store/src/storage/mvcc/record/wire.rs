//! Numbers and byte strings, as they are laid out: LEB128 numbers, byte strings after their length.

use crate::storage::{StorageError, StorageResult};

/// Appends `n` in as few bytes as it takes.
pub(in crate::storage) fn put_number(out: &mut Vec<u8>, mut n: u64) {
    loop {
        let [low, ..] = n.to_le_bytes();
        n >>= 7;
        if n == 0 {
            return out.push(low);
        }
        // Seven bits, and a sign that more follow.
        out.push(low | 0x80);
    }
}

/// Appends the length of `bytes` and `bytes`.
pub(in crate::storage) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Reads what was laid out. Every step fails with [`StorageError::Corrupt`] where the bytes do not fit.
#[derive(Clone, Copy, Debug)]
pub(in crate::storage) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads `bytes` from the beginning.
    pub(in crate::storage) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether everything was read.
    pub(in crate::storage) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub(in crate::storage) fn byte(&mut self) -> StorageResult<u8> {
        self.take(1).map(|byte| byte[0])
    }

    /// The next number.
    pub(in crate::storage) fn number(&mut self) -> StorageResult<u64> {
        let mut n = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            n |= bits << shift;
            if byte & 0x80 == 0 {
                // One number has one form, so that what is decoded and encoded again is the same.
                return if byte == 0 && shift > 0 {
                    Err(corrupt("a number padded with zeros"))
                } else {
                    Ok(n)
                };
            }
        }
        Err(corrupt("a number beyond 64 bits"))
    }

    /// The next number, as a length or count of things that take at least a byte each.
    pub(in crate::storage) fn count(&mut self) -> StorageResult<usize> {
        let n = self.number()?;
        let left = self.0.len();
        usize::try_from(n)
            .ok()
            .filter(|n| *n <= left)
            .ok_or_else(|| corrupt(format!("a length of {n} where {left} bytes are left")))
    }

    /// The next byte string.
    pub(in crate::storage) fn bytes(&mut self) -> StorageResult<&'a [u8]> {
        let len = self.count()?;
        self.take(len)
    }

    /// The next byte string as text.
    pub(in crate::storage) fn text(&mut self) -> StorageResult<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| corrupt("a text that is not UTF-8"))
    }

    /// The next `len` bytes.
    pub(in crate::storage) fn take(&mut self, len: usize) -> StorageResult<&'a [u8]> {
        let (taken, rest) = self
            .0
            .split_at_checked(len)
            .ok_or_else(|| corrupt(format!("{} bytes where {len} were to follow", self.0.len())))?;
        self.0 = rest;
        Ok(taken)
    }

    /// Everything that was not read yet.
    pub(in crate::storage) fn rest(&self) -> &'a [u8] {
        self.0
    }
}

/// Bytes that cannot be read.
pub(in crate::storage) fn corrupt(what: impl Into<String>) -> StorageError {
    StorageError::Corrupt { what: what.into() }
}
