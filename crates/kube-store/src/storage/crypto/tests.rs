//! What is sealed, and what does not open.

use super::{Encryption, EncryptionKey};
use crate::storage::{Key, StorageError};
use kube_core::env::Env;

fn encryption(seed: u64, keys: &[(&str, u8)]) -> Encryption {
    let keys = keys.iter().map(|(id, fill)| EncryptionKey::new(*id, [*fill; 32]));
    Encryption::new(&Env::manual(seed).0, keys).unwrap()
}

fn secret() -> Key {
    "/registry/core/secrets/default/token".into()
}

#[test]
fn secrets_are_sealed_and_nothing_else() {
    let encryption = encryption(1, &[("a", 1)]);
    let sealed = encryption.seal(&secret(), b"hunter2").unwrap();
    assert!(!sealed.windows(7).any(|part| part == b"hunter2"), "the value shows");
    assert_eq!(Encryption::open(Some(&encryption), &secret(), &sealed).unwrap(), "hunter2");
    assert_eq!(encryption.seal(&"/registry/core/configmaps/default/map".into(), b"hunter2"), None);
    let all = encryption.choosing(["/"]);
    assert!(all.seal(&"/registry/core/configmaps/default/map".into(), b"hunter2").is_some());
}

#[test]
fn equal_values_are_sealed_differently() {
    let encryption = encryption(1, &[("a", 1)]);
    assert_ne!(encryption.seal(&secret(), b"same"), encryption.seal(&secret(), b"same"));
}

#[test]
fn what_another_key_sealed_says_so() {
    let sealed = encryption(1, &[("old", 1)]).seal(&secret(), b"hunter2").unwrap();
    let both = encryption(2, &[("new", 2), ("old", 1)]);
    assert_eq!(Encryption::open(Some(&both), &secret(), &sealed).unwrap(), "hunter2");
    for (given, word) in [
        (None, "not given"),
        (Some(encryption(2, &[("new", 2)])), "not given"),
        (Some(encryption(2, &[("old", 2)])), "another key"),
    ] {
        let error = Encryption::open(given.as_ref(), &secret(), &sealed).unwrap_err();
        assert!(matches!(&error, StorageError::Sealed { id, .. } if id == "old"), "{error:?}");
        assert!(error.to_string().contains(word) && error.to_string().contains("old"), "{error}");
    }
}

#[test]
fn a_changed_or_moved_value_does_not_open() {
    let encryption = encryption(1, &[("a", 1)]);
    let sealed = encryption.seal(&secret(), b"hunter2").unwrap();
    let other = "/registry/core/secrets/default/other".into();
    assert!(Encryption::open(Some(&encryption), &other, &sealed).is_err());
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(Encryption::open(Some(&encryption), &secret(), &changed).is_err(), "byte {at}");
        assert!(Encryption::open(Some(&encryption), &secret(), &sealed[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn a_rotated_key_makes_values_outdated() {
    let old = encryption(1, &[("old", 1)]);
    let new = encryption(2, &[("new", 2), ("old", 1)]);
    let sealed = old.seal(&secret(), b"1").unwrap();
    let outdated = |given: Option<&Encryption>, sealed| Encryption::is_outdated(given, &secret(), sealed);
    assert!(!outdated(Some(&old), Some(&sealed)));
    assert!(
        outdated(Some(&new), Some(&sealed)) && outdated(Some(&new), None) && outdated(None, Some(&sealed))
    );
    assert!(!outdated(None, None));
}

#[test]
fn ids_must_be_unique() {
    let (env, _) = Env::manual(1);
    let key = |id: &str| EncryptionKey::new(id, [0; 32]);
    for keys in [vec![], vec![key("")], vec![key("a"), key("a")]] {
        assert!(matches!(Encryption::new(&env, keys), Err(StorageError::Invalid { .. })));
    }
}
