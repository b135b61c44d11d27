//! Random programs on etcd and on the model, which memory, redb and sled are held to as well.

use super::server::{Server, program, runtime};
use crate::backend::Backend;
use crate::model::explore;
use crate::scale;
use kube_core::env::Env;
use kube_store::storage::{Storage, StorageResult};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// A prefix of a server.
#[derive(Debug)]
struct Remote {
    server: Arc<Server>,
    runtime: Arc<Runtime>,
}

impl Backend for Remote {
    fn open(&self, _: &Env) -> StorageResult<Arc<dyn Storage>> {
        Ok(Arc::new(self.runtime.block_on(self.server.store())?))
    }

    fn is_durable(&self) -> bool {
        false
    }

    fn is_remote(&self) -> bool {
        true
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
        let new = || Remote { server: server.clone(), runtime: runtime.clone() };
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
