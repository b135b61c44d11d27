//! Frames: what is checked as a whole.

use super::wire::{Reader, corrupt, put_number};
use crate::storage::StorageResult;

/// Version of the layout of frames and entries.
const VERSION: u8 = 1;
const CRC_LEN: usize = 4;

/// `payload` with what is needed to know it again.
pub fn frame(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 16);
    out.push(VERSION);
    out.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
    put_number(&mut out, payload.len() as u64);
    out.extend_from_slice(payload);
    out
}

/// The payload of the frame that `bytes` begin with, and what follows the frame.
///
/// # Errors
/// [`StorageError::Corrupt`](crate::storage::StorageError::Corrupt) for a frame of a newer version, one that is cut
/// short, and one that was changed.
pub fn unframe(bytes: &[u8]) -> StorageResult<(&[u8], &[u8])> {
    let mut reader = Reader::new(bytes);
    let version = reader.byte()?;
    if version != VERSION {
        return Err(corrupt(format!("a frame of version {version}, this build reads {VERSION}")));
    }
    let wanted = reader.take(CRC_LEN)?;
    let payload = reader.bytes()?;
    if crc32fast::hash(payload).to_le_bytes() != wanted {
        return Err(corrupt(format!("a frame of {} bytes fails its checksum", payload.len())));
    }
    Ok((payload, reader.rest()))
}
