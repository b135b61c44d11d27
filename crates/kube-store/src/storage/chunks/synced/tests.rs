//! What is said to be on the disk is believed as far as it can be read.

use super::{HALF, NAME, Synced};
use crate::storage::StorageError;
use std::fs;

#[test]
fn a_torn_half_leaves_the_other() {
    let path = std::env::temp_dir().join(format!("kube-store-synced-{}", std::process::id()));
    drop(fs::remove_dir_all(&path));
    fs::create_dir_all(&path).unwrap();
    let file = path.join(NAME);
    assert_eq!(Synced::read(&path).unwrap(), 0, "there is none");
    fs::write(&file, []).unwrap();
    assert_eq!(Synced::read(&path).unwrap(), 0, "it was made, and nothing of it is on the disk");
    fs::write(&file, [0; 2 * HALF]).unwrap();
    assert_eq!(Synced::read(&path).unwrap(), 0, "its length is");
    let mut synced = Synced::open(&path, 300).unwrap();
    assert_eq!(Synced::read(&path).unwrap(), 300);
    synced.note(301).unwrap();
    assert_eq!(Synced::read(&path).unwrap(), 301);
    synced.note(302).unwrap();
    assert_eq!(Synced::read(&path).unwrap(), 302);
    let mut bytes = fs::read(&file).unwrap();
    bytes[HALF + 3] ^= 1;
    fs::write(&file, &bytes).unwrap();
    assert_eq!(Synced::read(&path).unwrap(), 301, "the older half");
    bytes[3] ^= 1;
    fs::write(&file, &bytes).unwrap();
    assert!(matches!(Synced::read(&path), Err(StorageError::Corrupt { .. })), "neither");
    fs::remove_dir_all(&path).unwrap();
}
