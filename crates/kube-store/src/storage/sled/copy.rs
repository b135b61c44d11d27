//! A copy of a database, to see whether it can be read.

use crate::storage::StorageResult;
use crate::storage::directory::medium;
use std::fs;
use std::path::{Path, PathBuf};

/// A copy that goes when it is dropped.
#[derive(Debug)]
pub(super) struct Copy(PathBuf);

impl Copy {
    /// Copies the folder `from` to beside it.
    pub(super) fn of(from: &Path) -> StorageResult<Self> {
        let to = from.with_extension("check");
        // A copy that a crash left behind.
        drop(fs::remove_dir_all(&to));
        let copy = Self(to);
        copy_all(from, &copy.0)?;
        Ok(copy)
    }

    /// Where the copy lies.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What is left behind is removed the next time.
        drop(fs::remove_dir_all(&self.0));
    }
}

fn copy_all(from: &Path, to: &Path) -> StorageResult<()> {
    fs::create_dir_all(to).map_err(|error| medium(to, "create", &error))?;
    for entry in fs::read_dir(from).map_err(|error| medium(from, "read", &error))? {
        let entry = entry.map_err(|error| medium(from, "read", &error))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(|error| medium(&source, "read", &error))?;
        if kind.is_dir() {
            copy_all(&source, &target)?;
        } else {
            fs::copy(&source, &target).map_err(|error| medium(&source, "copy", &error))?;
        }
    }
    Ok(())
}
