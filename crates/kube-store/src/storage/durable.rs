//! What the durable engines can be told.

use super::Limits;
use super::chunks::ChunkOptions;
use super::crypto::Encryption;
use super::mvcc::{Drive, History, MvccOptions};
use crate::rt;
use kube_core::env::Env;
use std::sync::Arc;

/// How a durable store behaves.
#[derive(Clone, Debug)]
pub struct DurableOptions {
    /// How large a request may be.
    pub limits: Limits,
    /// How many requests may wait for the committer, at least 1; more are
    /// [`StorageError::Busy`](super::StorageError::Busy).
    pub queue: usize,
    /// Where the clock and the task of times to live come from; without it there are none, and history has no age.
    pub env: Option<Env>,
    /// How much history is kept.
    pub history: History,
    /// Who runs the committer: a thread, unless set otherwise.
    pub drive: Drive,
    /// Bytes that the store may hold, history and what is still to be cleaned up included; the files of an engine
    /// may be twice as long. Without it there is no limit but the disk's.
    pub max_bytes: Option<u64>,
    /// How values are encrypted.
    pub encryption: Option<Arc<Encryption>>,
}

impl Default for DurableOptions {
    fn default() -> Self {
        let MvccOptions { limits, queue, env, history, .. } = MvccOptions::default();
        Self { limits, queue, env, history, drive: Drive::Thread, max_bytes: None, encryption: None }
    }
}

impl DurableOptions {
    /// What the journal is to know, and what the store.
    pub(super) fn split(self, new: bool) -> (ChunkOptions, MvccOptions) {
        let Self { limits, queue, env, history, drive, max_bytes, encryption } = self;
        let incarnation = match &env {
            Some(env) => env.rng("store/incarnation").next_u64(),
            None => rt::entropy(),
        };
        // Half of the numbers, so that a history can be followed by others for long.
        let chunks = ChunkOptions { max_bytes, encryption, incarnation: incarnation >> 1, new };
        (chunks, MvccOptions { limits, queue, env, history, drive })
    }
}
