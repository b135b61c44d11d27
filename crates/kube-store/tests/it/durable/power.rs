//! What a power cut leaves: the bytes as they were at the last sync, and nothing else.

use super::{copy, put, rows};
use crate::backend::unlocked;
use crate::scratch::Scratch;
use crate::stage::Stage;
use kube_store::storage::mvcc::History;
use kube_store::storage::{DurableOptions, SledStorage};
use std::path::Path;

/// sled with a disk whose bytes are those of the last `fdatasync` of the file.
fn observed(path: &Path, disk: &Path) -> SledStorage {
    let disk = disk.to_owned();
    let history = History { revisions: 50, ..History::ALL };
    let options = DurableOptions { history, ..DurableOptions::default() };
    SledStorage::open_observed(path, options, move |path| copy(path, &disk)).unwrap()
}

#[tokio::test]
async fn what_sled_acknowledged_was_synced() {
    let (directory, disk) = (Scratch::new(), Scratch::new());
    let storage = observed(directory.path(), disk.path());
    for n in 0..120 {
        put(&storage, &format!("/{}", n % 30), &"x".repeat(n * 40)).await;
        if n % 10 == 0 {
            let lost = unlocked(|| SledStorage::open(disk.path())).expect("what is on the disk opens");
            assert_eq!(rows(&lost), rows(&storage), "after {n}");
        }
    }
}

/// Why the file is synced by us. A process writes to sled, and a library that is loaded before it keeps what lay in
/// the file whenever the system was really asked to make it safe: that is all a power cut leaves.
#[cfg(target_os = "linux")]
mod flush {
    use super::{SledStorage, Stage, put, rows, unlocked};
    use crate::scratch::Scratch;
    use std::path::Path;
    use std::process::Command;

    /// Where the process finds its folder, and whether it is to use sled alone.
    const PLACE: &str = "STORE_SYNC_PLACE";
    const ALONE: &str = "STORE_SYNC_ALONE";

    /// The process. By itself, without a place, it has nothing to do. It ends without closing anything.
    #[test]
    fn writer() {
        let Some(place) = std::env::var_os(PLACE) else { return };
        let place = Path::new(&place);
        if std::env::var_os(ALONE).is_some() {
            let open = || sled::Config::new().path(place).flush_every_ms(None).open();
            let db = open().unwrap();
            db.insert("early", "1").unwrap();
            // Closing a database does sync its file. A thread of sled's may hold it a moment longer.
            drop(db);
            let db = loop {
                match open() {
                    Ok(db) => break db,
                    Err(sled::Error::Io(_)) => std::thread::yield_now(),
                    Err(error) => panic!("{error}"),
                }
            };
            db.insert("late", "1").unwrap();
            db.flush().unwrap();
            std::process::abort();
        } else {
            let storage = SledStorage::open(place).unwrap();
            Stage::new().run(async {
                put(&storage, "/early", "1").await;
                put(&storage, "/late", "1").await;
            });
            std::process::abort();
        }
    }

    /// Runs the process in `place`, and lets `left` be what a power cut leaves of its file.
    fn run(place: &Path, left: &Path, alone: bool) {
        let library = left.with_extension("so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/durable/synced.c");
        // Whoever links Rust programs has it.
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl");
        assert!(compiler.status().unwrap().success(), "the library is built");
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "durable::power::flush::writer", "--test-threads=1"]);
        command.env(PLACE, place).env("SYNCED_COPY", left).env("LD_PRELOAD", &library);
        if alone {
            command.env(ALONE, "1");
        }
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!text.contains("panicked"), "{text}");
    }

    #[test]
    fn a_flush_of_sled_alone_is_lost_with_the_power() {
        let (directory, disk) = (Scratch::new(), Scratch::new());
        std::fs::create_dir_all(disk.path()).unwrap();
        let left = disk.path().join("db");
        run(directory.path(), &left, true);
        let shown = |path: &Path| {
            let db = sled::open(path).unwrap();
            ["early", "late"].map(|key| db.get(key).unwrap().is_some())
        };
        assert_eq!(shown(directory.path()), [true, true], "it was flushed, and the system has it");
        assert_eq!(shown(disk.path()), [true, false], "the disk has what was there when sled was closed");
    }

    #[test]
    fn what_the_store_acknowledged_is_not() {
        let (directory, disk) = (Scratch::new(), Scratch::new());
        std::fs::create_dir_all(disk.path()).unwrap();
        let left = disk.path().join("db");
        run(directory.path(), &left, false);
        std::fs::copy(&left, directory.path().join("sled/db")).unwrap();
        let storage = unlocked(|| SledStorage::open(directory.path())).expect("what is on the disk opens");
        let keys: Vec<String> = rows(&storage).into_iter().map(|(key, ..)| key).collect();
        assert_eq!(keys, ["/early", "/late"]);
    }
}
