//! The directory of a durable store: what it holds, in which format, and who has it open.
//!
//! `FORMAT` names the engine and the version of the format. It is written last when a store is made, and locked as
//! long as the store is open. `SYNCED` tells up to where everything was made durable. Whatever else lies in the
//! directory belongs to the engine.

use super::chunks::synced::Synced;
use super::{StorageError, StorageResult};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// The directory of an open store. Nobody else can open it until this is dropped.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    kind: &'static Kind,
    /// Held for its lock, which moves along when the file is renamed.
    _format: File,
    new: bool,
    /// What is durable is told here once it was vouched for, or made.
    synced: Option<Synced>,
}

/// What a directory of one engine looks like.
#[derive(Debug)]
pub(super) struct Kind {
    /// The engine.
    pub(super) engine: &'static str,
    /// The version of the format that is written.
    pub(super) version: u32,
    /// What the engine keeps in the directory: a file or a folder.
    pub(super) holds: &'static str,
}

const FORMAT: &str = "FORMAT";
/// The name until the store is made: what lies beside it then never held anything that anybody was told of.
const UNFINISHED: &str = "FORMAT.new";
const MAGIC: &str = "kube-store";

/// What earlier builds kept instead of `SYNCED`; it would be wrong after a write.
const CLOSED: &str = "CLOSED";

/// What is left free on the medium.
const RESERVE: u64 = 16 << 20;

impl Directory {
    /// Opens `path`, or prepares it where there is nothing yet. What is there already is read and not touched.
    pub(super) fn open(path: &Path, kind: &'static Kind) -> StorageResult<Self> {
        let names = match fs::read_dir(path) {
            Ok(entries) => entries
                .map(|entry| entry.map(|entry| entry.file_name()))
                .collect::<Result<Vec<OsString>, _>>()
                .map_err(|error| medium(path, "read", &error))?,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                return Err(foreign(path, "it is not a directory"));
            }
            Err(error) => return Err(medium(path, "read", &error)),
        };
        if names.iter().any(|name| name == FORMAT) {
            return Self::existing(path, kind);
        }
        if let Some(other) = names.iter().find(|name| *name != UNFINISHED && **name != kind.holds) {
            return Err(foreign(path, format!("it holds {} and no {FORMAT}", other.display())));
        }
        if !names.is_empty() && !names.iter().any(|name| name == UNFINISHED) {
            return Err(foreign(path, format!("it holds {} and no {FORMAT}", kind.holds)));
        }
        Self::unfinished(path, kind)
    }

    fn existing(path: &Path, kind: &'static Kind) -> StorageResult<Self> {
        let file = path.join(FORMAT);
        let mut format = File::open(&file).map_err(|error| medium(&file, "open", &error))?;
        lock(&format, path)?;
        let mut text = String::new();
        format.read_to_string(&mut text).map_err(|error| match error.kind() {
            ErrorKind::InvalidData => foreign(path, format!("{FORMAT} is not a text")),
            _ => medium(&file, "read", &error),
        })?;
        kind.check(path, &text)?;
        if !path.join(kind.holds).exists() {
            return Err(StorageError::Corrupt {
                what: format!("{}: {} is gone", path.display(), kind.holds),
            });
        }
        Ok(Self { path: path.to_owned(), kind, _format: format, new: false, synced: None })
    }

    fn unfinished(path: &Path, kind: &'static Kind) -> StorageResult<Self> {
        fs::create_dir_all(path).map_err(|error| medium(path, "create", &error))?;
        let file = path.join(UNFINISHED);
        let mut format = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&file)
            .map_err(|error| medium(&file, "create", &error))?;
        lock(&format, path)?;
        if path.join(FORMAT).exists() {
            // Somebody else has made it in the meantime.
            return Self::existing(path, kind);
        }
        let holds = path.join(kind.holds);
        let removed = if holds.is_dir() { fs::remove_dir_all(&holds) } else { fs::remove_file(&holds) };
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(medium(&holds, "remove", &error));
            }
            _ => {}
        }
        let line = format!("{MAGIC} {} {}\n", kind.engine, kind.version);
        format
            .set_len(0)
            .and_then(|()| format.write_all(line.as_bytes()))
            .and_then(|()| format.sync_all())
            .map_err(|error| medium(&file, "write", &error))?;
        Ok(Self { path: path.to_owned(), kind, _format: format, new: true, synced: None })
    }

    /// Whether nothing was there before.
    pub(super) fn is_new(&self) -> bool {
        self.new
    }

    /// Where the engine keeps what it keeps.
    pub(super) fn holds(&self) -> PathBuf {
        self.path.join(self.kind.holds)
    }

    /// The directory itself.
    #[cfg(feature = "sled")]
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Holds `newest`, the newest chunk that was found, to be at least what is known to have been made durable.
    pub(super) fn vouch(&self, newest: u64) -> StorageResult<()> {
        let synced = Synced::read(&self.path)?;
        if newest >= synced {
            return Ok(());
        }
        let what = format!("chunk {newest} is the newest that is left, and chunk {synced} was on the disk");
        Err(StorageError::Corrupt { what })
    }

    /// Everything up to the chunk `newest` is durable. With the first chunk the store is made: from now on it is to be
    /// opened, and its loss would be damage.
    pub(super) fn keep(&mut self, newest: u64) -> StorageResult<()> {
        if let Some(synced) = &mut self.synced {
            return synced.note(newest).map_err(|error| medium(&self.path, "write in", &error));
        }
        if self.new {
            fs::rename(self.path.join(UNFINISHED), self.path.join(FORMAT))
                .map_err(|error| medium(&self.path, "rename", &error))?;
            sync(&self.path)?;
            if let Some(parent) = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                sync(parent)?;
            }
            self.new = false;
        }
        self.synced = Some(Synced::open(&self.path, newest)?);
        drop(fs::remove_file(self.path.join(CLOSED)));
        Ok(())
    }

    /// Bytes that may be written where the directory lies: what is free, less a reserve with which deletes and
    /// cleaning go on; `u64::MAX` where the system does not tell.
    pub(super) fn room(&self) -> u64 {
        fs4::available_space(&self.path).map_or(u64::MAX, |free| free.saturating_sub(RESERVE))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Without it less is known after a power cut.
        drop(self.synced.as_ref().map(Synced::sync));
    }
}

impl Kind {
    fn check(&self, path: &Path, text: &str) -> StorageResult<()> {
        let Self { engine, version, .. } = self;
        let words: Vec<&str> = text.split_whitespace().collect();
        let [MAGIC, found, number] = words[..] else {
            return Err(foreign(path, format!("{FORMAT} says {text:?}")));
        };
        if found != *engine {
            return Err(foreign(path, format!("it is a store of the engine {found}, not {engine}")));
        }
        match number.parse::<u32>() {
            Ok(number) if number == *version => Ok(()),
            Ok(number) => {
                Err(foreign(path, format!("it has the format {number}, and this build knows {version}")))
            }
            Err(_) => Err(foreign(path, format!("{FORMAT} says {text:?}"))),
        }
    }
}

/// Makes the entries of a directory durable.
pub(super) fn sync(path: &Path) -> StorageResult<()> {
    // Elsewhere a directory cannot be opened, and need not be.
    if cfg!(unix) {
        let synced = File::open(path).and_then(|directory| directory.sync_all());
        synced.map_err(|error| medium(path, "sync", &error))?;
    }
    Ok(())
}

fn lock(file: &File, path: &Path) -> StorageResult<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(StorageError::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(medium(path, "lock", &error)),
    }
}

fn foreign(path: &Path, reason: impl Into<String>) -> StorageError {
    StorageError::Foreign { path: path.to_owned(), reason: reason.into() }
}

/// What the system refused to do.
pub(super) fn medium(path: &Path, action: &str, error: &std::io::Error) -> StorageError {
    if error.kind() == ErrorKind::StorageFull || error.kind() == ErrorKind::QuotaExceeded {
        return StorageError::NoSpace;
    }
    StorageError::Medium { what: format!("cannot {action} {}: {error}", path.display()) }
}
