//! The file of a store on a simulated disk.

use crate::faults::Weather;
use kube_store::conformance::disk::Disk;
use kube_store::storage::redb::StorageBackend;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A file as one life of a store has it open: the weather may be against it, and after that life it is of no use.
#[derive(Clone, Debug)]
pub(super) struct SimFile {
    pub(super) disk: Disk,
    pub(super) alive: Arc<AtomicBool>,
    pub(super) weather: Arc<Weather>,
}

impl SimFile {
    fn check(&self) -> io::Result<()> {
        if self.alive.load(Ordering::Relaxed) { Ok(()) } else { Err(ErrorKind::BrokenPipe.into()) }
    }

    /// Whether the disk takes a write; of a file that becomes longer, as far as there is room.
    fn takes(&self, end: usize) -> io::Result<()> {
        self.check()?;
        if self.weather.disk_fails() {
            return Err(io::Error::other("the disk failed"));
        }
        if end > self.disk.len() && self.weather.disk_is_full() {
            return Err(ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

fn narrow(number: u64) -> io::Result<usize> {
    usize::try_from(number).map_err(io::Error::other)
}

impl StorageBackend for SimFile {
    fn len(&self) -> io::Result<u64> {
        self.check()?;
        Ok(self.disk.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.check()?;
        self.disk.read(narrow(offset)?, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let len = narrow(len)?;
        self.takes(len)?;
        self.disk.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.takes(0)?;
        self.disk.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let offset = narrow(offset)?;
        self.takes(offset + data.len())?;
        self.disk.write(offset, data)
    }
}
