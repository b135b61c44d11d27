//! Encryption at rest: values of chosen keys are sealed where bytes leave the process.
//!
//! AES-256-GCM, one fresh nonce a value. A sealed value begins with the id of the key that sealed it, and its full
//! key is associated data, so that a value that was moved to another key does not open. Nothing above the codec of
//! the journal and of the export sees the sealed form: comparing, watching and decoding work on plain values.
//!
//! ```
//! use kube_core::env::Env;
//! use kube_store::storage::crypto::{Encryption, EncryptionKey};
//!
//! # let (env, _) = Env::manual(1);
//! // The first key seals; the others only open what was sealed before them.
//! let keys = [EncryptionKey::new("2026-07", [7; 32]), EncryptionKey::new("2026-01", [1; 32])];
//! let encryption = Encryption::new(&env, keys)?; // Secrets; `choosing` changes what
//! # Ok::<(), kube_store::storage::StorageError>(())
//! ```

#[cfg(test)]
mod tests;

use super::mvcc::record::{Reader, put_bytes};
use super::{Key, StorageError, StorageResult};
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use bytes::Bytes;
use kube_core::env::{Env, Rng};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// A secret of 32 bytes and its name.
#[derive(Clone)]
pub struct EncryptionKey {
    id: String,
    secret: [u8; 32],
}

impl EncryptionKey {
    /// The key `id`. The id is written in clear beside what the key seals: never give one id to two secrets.
    pub fn new(id: impl Into<String>, secret: [u8; 32]) -> Self {
        Self { id: id.into(), secret }
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Which keys are sealed, and with what.
pub struct Encryption {
    /// The newest first.
    ciphers: Vec<(String, Aes256Gcm)>,
    prefixes: Vec<String>,
    nonces: Mutex<Rng>,
}

/// Where Secrets stand under the usual prefix.
const SECRETS: &str = "/registry/core/secrets/";
const NONCE_LEN: usize = 12;

impl Encryption {
    /// Seals Secrets with the first of `keys`, and opens what any of them sealed. Nonces come from `env`: two
    /// environments of one seed must not seal different values with one key.
    ///
    /// # Errors
    /// [`StorageError::Invalid`] without a key, and for an id that is empty or given twice.
    pub fn new(env: &Env, keys: impl IntoIterator<Item = EncryptionKey>) -> StorageResult<Self> {
        let mut ciphers: Vec<(String, Aes256Gcm)> = Vec::new();
        for EncryptionKey { id, secret } in keys {
            if id.is_empty() || ciphers.iter().any(|(other, _)| *other == id) {
                return Err(StorageError::Invalid { reason: format!("encryption key {id:?} is not unique") });
            }
            ciphers.push((id, Aes256Gcm::new(&secret.into())));
        }
        if ciphers.is_empty() {
            return Err(StorageError::Invalid { reason: "encryption needs a key".into() });
        }
        let nonces = Mutex::new(env.rng("store/encryption"));
        Ok(Self { ciphers, prefixes: vec![SECRETS.to_owned()], nonces })
    }

    /// The same for the keys that begin with one of `prefixes`, and for no others.
    #[must_use]
    pub fn choosing(mut self, prefixes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.prefixes = prefixes.into_iter().map(Into::into).collect();
        self
    }

    /// The value of `key` sealed with the newest key; `None` where `key` is not chosen.
    pub(super) fn seal(&self, key: &Key, value: &[u8]) -> Option<Vec<u8>> {
        if !self.chooses(key) {
            return None;
        }
        let (id, cipher) = self.ciphers.first()?;
        let nonce = self.nonce();
        let payload = Payload { msg: value, aad: key.as_str().as_bytes() };
        // Fails for values of 64 GiB only.
        let sealed = cipher.encrypt(&Nonce::from(nonce), payload).ok()?;
        let mut out = Vec::with_capacity(id.len() + 1 + NONCE_LEN + sealed.len());
        put_bytes(&mut out, id.as_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Some(out)
    }

    /// The value of `key` that was sealed.
    ///
    /// # Errors
    /// [`StorageError::Sealed`] when its encryption key is not among those given, is another under the same id, or
    /// the bytes were changed.
    pub(super) fn open(encryption: Option<&Self>, key: &Key, sealed: &[u8]) -> StorageResult<Bytes> {
        let mut from = Reader::new(sealed);
        let id = from.text()?;
        let nonce = Nonce::try_from(from.take(NONCE_LEN)?)
            .map_err(|_| StorageError::Corrupt { what: format!("the nonce of {key}") })?;
        let sealed = |reason| StorageError::Sealed { key: key.clone(), id: id.to_owned(), reason };
        let cipher = encryption
            .and_then(|encryption| encryption.ciphers.iter().find(|(known, _)| known == id))
            .ok_or_else(|| sealed("that encryption key is not given"))?;
        let payload = Payload { msg: from.rest(), aad: key.as_str().as_bytes() };
        let opened = cipher.1.decrypt(&nonce, payload);
        opened.map(Bytes::from).map_err(|_| sealed("it is another key of that id, or the bytes were changed"))
    }

    /// Whether the value of `key` lies other than it would be written now, to judge by its `sealed` form.
    pub(super) fn is_outdated(encryption: Option<&Self>, key: &Key, sealed: Option<&[u8]>) -> bool {
        let wanted = encryption.filter(|encryption| encryption.chooses(key));
        match (wanted.and_then(|encryption| encryption.ciphers.first()), sealed) {
            (None, None) => false,
            (Some((newest, _)), Some(sealed)) => Reader::new(sealed).text().ok() != Some(newest),
            _ => true,
        }
    }

    fn chooses(&self, key: &Key) -> bool {
        self.prefixes.iter().any(|prefix| key.as_str().starts_with(prefix))
    }

    fn nonce(&self) -> [u8; NONCE_LEN] {
        // Every section is two draws.
        let mut rng = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        let mut nonce = [0; NONCE_LEN];
        nonce[..8].copy_from_slice(&rng.next_u64().to_le_bytes());
        nonce[8..].copy_from_slice(&rng.next_u64().to_le_bytes()[..4]);
        nonce
    }
}

impl fmt::Debug for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&String> = self.ciphers.iter().map(|(id, _)| id).collect();
        f.debug_struct("Encryption")
            .field("keys", &ids)
            .field("prefixes", &self.prefixes)
            .finish_non_exhaustive()
    }
}
