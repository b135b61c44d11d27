//! Where things lie: a hash index that keeps no keys.

use super::FxHasher;
use hashbrown::HashTable;
use std::hash::{Hash, Hasher};

/// The hash of a value, by [`FxHasher`].
pub fn fx_hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Finds things that lie in a list of the user's, by their hash: five bytes for each of them, where a map from keys
/// would keep every key a second time.
///
/// ```
/// use kube_core::map::{Places, fx_hash};
///
/// let names = ["a", "b"];
/// let mut places = Places::default();
/// for (place, name) in (0_u32..).zip(names) {
///     places.insert(fx_hash(name), place, |place| fx_hash(names[place as usize]));
/// }
/// assert_eq!(places.find(fx_hash("b"), |place| names[place as usize] == "b"), Some(1));
/// assert_eq!(places.find(fx_hash("c"), |place| names[place as usize] == "c"), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Places(HashTable<u32>);

impl Places {
    /// The place of that hash of which `is` says that it is the one.
    pub fn find(&self, hash: u64, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        self.0.find(hash, |place| is(*place)).copied()
    }

    /// Adds a place that is not among them. `hash_of` gives the hash of those that are.
    pub fn insert(&mut self, hash: u64, place: u32, hash_of: impl Fn(u32) -> u64) {
        self.0.insert_unique(hash, place, |place| hash_of(*place));
    }

    /// Takes a place of that hash out; whether it was among them.
    pub fn remove(&mut self, hash: u64, place: u32) -> bool {
        match self.0.find_entry(hash, |other| *other == place) {
            Ok(entry) => {
                entry.remove();
                true
            }
            Err(_) => false,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
