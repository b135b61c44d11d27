//! Chains, log, committer, watches: what the public contract cannot see.

mod committer;
mod history;
mod watches;

use super::{Journal, MvccStorage};
use crate::storage::{KeyValue, Revision, Storage, Txn};
use futures::FutureExt;
use std::sync::Arc;

fn kv(revision: u64) -> Arc<KeyValue> {
    let at = Revision::new(revision);
    Arc::new(KeyValue {
        key: "/k".into(),
        value: revision.to_string().into(),
        create_revision: at,
        mod_revision: at,
        version: 1,
        ttl: None,
    })
}

fn revision(kv: Option<&Arc<KeyValue>>) -> Option<u64> {
    kv.map(|kv| kv.mod_revision.get())
}

fn put<J: Journal>(storage: &MvccStorage<J>, key: &str, value: &'static str) {
    storage.txn(Txn::put(key, value)).now_or_never().expect("nobody else commits").unwrap();
}
