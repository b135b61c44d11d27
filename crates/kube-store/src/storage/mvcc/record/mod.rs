//! The binary form of what a journal keeps.
//!
//! A *frame* is what is checked as a whole: `version (1 byte) | CRC-32 of the payload (4 bytes, little endian) |
//! length of the payload | payload`. The payload of a journal's frame is a run of [`Entry`]s; other files (the
//! export) put something else before them. Numbers are LEB128, texts and values stand after their length.
//!
//! Values of chosen keys are sealed on the way out and opened on the way in (see [`crypto`](crate::storage::crypto)):
//! nothing above the codec sees the sealed form.

mod decoder;
mod entry;
mod frame;
#[cfg(test)]
mod tests;
mod wire;

pub(in crate::storage) use decoder::Decoder;
pub use entry::{Codec, Entry};
pub use frame::{frame, unframe};
pub(in crate::storage) use wire::{Reader, corrupt, put_bytes, put_number};
