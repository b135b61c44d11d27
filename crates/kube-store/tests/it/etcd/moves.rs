//! From an embedded store to etcd, and back.

use super::server::{Server, program, runtime};
use crate::durable::moves::{plane, resumes};
use kube_store::storage::{MemoryStorage, Storage, StorageError, export, import, import_into};
use std::sync::Arc;

#[test]
fn a_plane_moves_to_etcd_and_back() {
    let Some(program) = program() else { return };
    let runtime = runtime();
    let server = Server::start(&program, runtime.handle());
    runtime.block_on(async {
        let memory = Arc::new(MemoryStorage::new());
        let here = plane(memory.clone()).await;
        let mut file = Vec::new();
        let exported = export(&*memory, &mut file, None).await.unwrap();
        let etcd = Arc::new(server.store().await.unwrap());
        let revision = import_into(&file[..], &*etcd, None).await.unwrap();
        assert!(revision > exported.revision);
        assert_eq!(etcd.status().compacted, revision);
        let there = plane(etcd.clone()).await;
        resumes(&here, &there).await;
        let refused = import_into(&file[..], &*etcd, None).await.unwrap_err();
        assert!(matches!(refused, StorageError::Invalid { .. }), "{refused:?}");
        file.clear();
        export(&*etcd, &mut file, None).await.unwrap();
        let back = Arc::new(MemoryStorage::new());
        import(&file[..], &back, None).await.unwrap();
        resumes(&there, &plane(back).await).await;
    });
}
