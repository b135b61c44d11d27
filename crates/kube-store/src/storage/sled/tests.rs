//! What is read without sled is what sled reads.

use super::SledStorage;
use super::survey::Survey;
use crate::storage::durable::DurableOptions;
use crate::storage::mvcc::{Drive, History};
use crate::storage::{Op, Storage, Txn};
use futures::FutureExt;
use kube_core::env::Rng;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("kube-store-sled-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        drop(fs::remove_dir_all(&path));
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Copies what sled keeps; its folders are one deep.
fn copy(from: &Path, to: &Path) {
    drop(fs::remove_dir_all(to));
    fs::create_dir_all(to.join("blobs")).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

fn surveyed(path: &Path) -> Rows {
    let survey = Survey::of(path).unwrap();
    survey.rows.iter().map(|row| (row.key.clone(), survey.value(row).unwrap())).collect()
}

fn shown(path: &Path) -> Rows {
    let db = ::sled::Config::new().path(path).temporary(true).flush_every_ms(None).open().unwrap();
    db.iter().map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec())).unwrap()).collect()
}

/// Chunks of all sizes come and go, segments are written over, pages split and are merged, sled is opened again.
#[test]
fn what_is_surveyed_is_what_sled_shows() {
    for seed in 0..3 {
        let (directory, other) = (Folder::new(), Folder::new());
        let mut rng = Rng::forked(seed, "survey");
        let history = History { revisions: 20, ..History::ALL };
        let open = || {
            let options = DurableOptions { history, drive: Drive::Callers, ..DurableOptions::default() };
            SledStorage::open_with(&directory.0, options).unwrap()
        };
        let mut storage = open();
        let mut most = 0;
        for step in 0..240 {
            let fill = u8::try_from(rng.below(256)).unwrap();
            let len = [10, 700, 5_000, 90_000][rng.below(4)];
            let put = |key: usize| Op::Put {
                key: format!("/{key}").into(),
                value: vec![fill; len].into(),
                ttl: None,
            };
            let ops = (0..=rng.below(3)).map(|n| put(n * 8 + rng.below(8))).collect();
            storage.txn(Txn::of(ops)).now_or_never().unwrap().unwrap();
            if step % 30 == 29 {
                // As it lies there while it is open.
                copy(&directory.0.join("sled"), &other.0);
                let rows = surveyed(&other.0);
                assert!(rows == shown(&other.0), "seed {seed}, step {step}: {} rows", rows.len());
                most = most.max(rows.len());
            }
            if step % 80 == 79 {
                drop(storage);
                storage = open();
            }
        }
        assert!(most > 100, "{most} rows");
    }
}
