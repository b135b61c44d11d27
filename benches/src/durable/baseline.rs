//! What a competent reader would write first: a map under a lock, and a file to which every write is appended and
//! synced before it is acknowledged.
//!
//! It is a fair rival: it does less (no history, no watches, no transactions over keys, no checksums, and its file
//! grows for ever), and one `fdatasync` per write is what it takes to acknowledge a write alone.

use super::{Scratch, key, value};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::sync::Mutex;
use std::thread;

/// A map and its file.
#[derive(Debug)]
pub struct Synced {
    inner: Mutex<Inner>,
    _directory: Scratch,
}

#[derive(Debug)]
struct Inner {
    values: BTreeMap<String, (u64, Vec<u8>)>,
    version: u64,
    file: File,
}

impl Synced {
    /// An empty map in a directory of its own.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        let directory = Scratch::new("baseline");
        std::fs::create_dir_all(directory.path())?;
        let file = File::create(directory.path().join("log"))?;
        let inner = Mutex::new(Inner { values: BTreeMap::new(), version: 0, file });
        Ok(Self { inner, _directory: directory })
    }

    /// The version of what stands at `key`.
    pub fn version(&self, key: &str) -> Option<u64> {
        self.inner.lock().ok()?.values.get(key).map(|(version, _)| *version)
    }

    /// Replaces what stands at `key` if it still has `version`; `false` where it has not.
    ///
    /// # Errors
    /// What the system says.
    pub fn replace(&self, key: &str, version: Option<u64>, value: Vec<u8>) -> io::Result<bool> {
        let Ok(mut inner) = self.inner.lock() else { return Ok(false) };
        if inner.values.get(key).map(|(version, _)| *version) != version {
            return Ok(false);
        }
        let mut record = Vec::with_capacity(key.len() + value.len() + 16);
        record.extend_from_slice(&key.len().to_le_bytes());
        record.extend_from_slice(&value.len().to_le_bytes());
        record.extend_from_slice(key.as_bytes());
        record.extend_from_slice(&value);
        inner.file.write_all(&record)?;
        inner.file.sync_data()?;
        inner.version += 1;
        let version = inner.version;
        inner.values.insert(key.to_owned(), (version, value));
        Ok(true)
    }

    /// `writers` threads replace values `rounds` times each, as [`super::Store::overwrite`] does.
    pub fn overwrite(&self, keys: usize, writers: usize, rounds: usize) -> usize {
        let write = |writer: usize| {
            let mut done = 0;
            for round in 0..rounds {
                let n = (writer + round * writers) % keys;
                let key = key(n);
                let version = self.version(&key);
                done += usize::from(self.replace(&key, version, value(n ^ round)).unwrap_or(false));
            }
            done
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..writers).map(|writer| scope.spawn(move || write(writer))).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).sum()
        })
    }
}
