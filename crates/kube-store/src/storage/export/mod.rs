//! A store as one file: for a backup, and to move from one engine to another.
//!
//! ```
//! use kube_store::storage::{MemoryStorage, Storage, Txn, export, import};
//!
//! # async fn example() -> Result<(), kube_store::storage::StorageError> {
//! let (old, new) = (MemoryStorage::new(), MemoryStorage::new());
//! old.txn(Txn::put("/greeting", "hello")).await?;
//!
//! let mut file = Vec::new();
//! export(&old, &mut file, None).await?;
//! let revision = import(&file[..], &new, None).await?;
//! assert!(revision > old.current().await?); // nobody mistakes one history for the other
//! # Ok(()) }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example()).unwrap();
//! ```
//!
//! # Format
//! The line `kube-store export 1`, then frames (see [`record`](super::mvcc::record)), whose payloads begin with a
//! byte that says what they hold:
//!
//! | byte | then |
//! | --- | --- |
//! | 0 | once, first: the revision shown, the incarnation it belongs to |
//! | 1 | entries: the times to live in use, then the values in key order; values of chosen keys are encrypted |
//! | 2 | once, last: how many values there are |
//!
//! An import is read to its end and checked before anything is changed.

mod read;
#[cfg(test)]
mod tests;
mod transfer;
mod write;

pub use read::import;
pub use transfer::import_into;
pub use write::{Exported, export};

const MAGIC: &[u8] = b"kube-store export 1\n";

const BEGIN: u8 = 0;
const ENTRIES: u8 = 1;
const END: u8 = 2;
