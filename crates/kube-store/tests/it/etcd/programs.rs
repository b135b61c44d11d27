//! Random programs on etcd and on the model, which memory, redb and sled are held to as well.

use super::server::{Server, program, runtime};
use crate::backend::Backend;
use crate::model::explore;
use crate::scale;
use kube_core::env::Env;
use kube_store::storage::{Storage, StorageResult};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::Runtime;

/// A prefix of a server.
#[derive(Debug)]
struct Remote {
    server: Arc<Server>,
    runtime: Arc<Runtime>,
    /// The newest revision when it was opened.
    began: AtomicU64,
}

impl Backend for Remote {
    fn open(&self, _: &Env) -> StorageResult<Arc<dyn Storage>> {
        let storage = self.runtime.block_on(self.server.store())?;
        self.began.store(storage.status().head.get(), Ordering::SeqCst);
        Ok(Arc::new(storage))
    }

    fn is_durable(&self) -> bool {
        false
    }

    fn is_remote(&self) -> bool {
        true
    }

    /// A store writes a note to its watches where they do not hear of a revision for half a second: on a machine that
    /// has too much to do, of one of its own.
    fn is_disturbed(&self) -> bool {
        let began = self.began.load(Ordering::SeqCst);
        self.runtime.block_on(self.server.last_note()) > began
    }
}

/// How many programs share a server: the model keeps every revision there was.
const PART: u32 = 200;

#[test]
fn etcd_is_its_model() {
    let Some(program) = program() else { return };
    let runtime = runtime();
    let _inside = runtime.enter();
    let (mut seed, mut left) = (scale::seed(), scale::number("ETCD_PROGRAMS", 60));
    let (mut programs, mut steps) = (0, 0);
    while left > 0 {
        let server = Arc::new(Server::start(&program, runtime.handle()));
        let new = || Remote { server: server.clone(), runtime: runtime.clone(), began: AtomicU64::new(0) };
        let part = left.min(PART);
        let count = explore(seed, part, new).unwrap_or_else(|found| panic!("etcd: seed {seed}: {found:#?}"));
        (programs, steps, left, seed) =
            (programs + count.programs, steps + count.steps, left - part, seed + 1);
        scale::say(&format!(
            "model etcd: {programs} programs, {steps} steps, 0 differences, next seed {seed}"
        ));
    }
    assert!(steps > programs, "{steps} steps");
}
