//! Finding a free place in a range.

use super::taken::Taken;
use kube_core::error::ApiError;
use kube_store::objects::{Contribution, Read};
use kube_store::storage::{Key, KeyRange};
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many numbers in a row are found to be taken before all that is taken is read at once.
const PROBES: usize = 8;

/// What is believed to be taken, from what was read. It only says where to look first: what counts is what the store
/// says, and others that write there may be unknown here.
#[derive(Debug, Default)]
pub(super) struct Believed(Mutex<Taken>);

impl Believed {
    /// Forgets a number that is about to be given back.
    pub(super) fn forget(&self, number: u128) {
        self.taken().remove(number);
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Every section leaves the runs whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where numbers stand in the store.
pub(super) struct Places<'a> {
    /// First and last numbers, in the order of trying.
    pub(super) spans: Vec<(u128, u128)>,
    /// Numbers that this very write has taken.
    pub(super) except: &'a BTreeSet<u128>,
    /// The key of a number.
    pub(super) key: &'a (dyn Fn(u128) -> Key + Send + Sync),
    /// The number of a key.
    pub(super) number: &'a (dyn Fn(&Key) -> Option<u128> + Send + Sync),
    /// All keys.
    pub(super) all: KeyRange,
}

/// The first number that is free, with that reading; `None` where all were taken at one moment.
pub(super) async fn first_free(
    cx: &Contribution<'_>,
    believed: &Believed,
    places: &Places<'_>,
) -> Result<Option<(u128, Read)>, ApiError> {
    let mut probes = PROBES;
    // Each round in which one was seen free and then lost is one in which another writer got it.
    loop {
        while probes != 0 {
            let next = next(&believed.taken(), places);
            let Some(number) = next else { break };
            let read = cx.get(&(places.key)(number)).await?;
            if read.value().is_none() {
                return Ok(Some((number, read)));
            }
            believed.taken().insert(number);
            probes -= 1;
        }
        let taken: Taken =
            cx.list(&places.all).await?.items.iter().filter_map(|(key, _)| (places.number)(key)).collect();
        let full = next(&taken, places).is_none();
        *believed.taken() = taken;
        if full {
            return Ok(None);
        }
        probes = usize::MAX;
    }
}

/// The next number to try.
fn next(taken: &Taken, places: &Places<'_>) -> Option<u128> {
    let free = |(low, high): &(u128, u128)| {
        let mut at = taken.next_free(*low, *high)?;
        while places.except.contains(&at) {
            at = taken.next_free(at.checked_add(1)?, *high)?;
        }
        Some(at)
    };
    places.spans.iter().find_map(free)
}
