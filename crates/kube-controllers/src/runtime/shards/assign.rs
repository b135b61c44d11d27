//! Which namespaces make a shard, and who works on it. Pure.

use kube_core::resource::ObjectKey;

/// A part of the namespaces: those whose hash lies in one of so many equal ranges. What lies in no namespace is as if it
/// lay in one without a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard {
    number: u32,
    of: u32,
}

impl Shard {
    /// The shard of a namespace among `of` (at least 1); the empty name stands for what lies in none.
    pub fn of_namespace(namespace: &str, of: u32) -> Self {
        let of = of.max(1);
        let place = (u128::from(hash(namespace.as_bytes(), 0)) * u128::from(of)) >> 64;
        Self { number: u32::try_from(place).unwrap_or(0), of }
    }

    /// All of them.
    pub fn all(of: u32) -> impl Iterator<Item = Self> {
        (0..of.max(1)).map(move |number| Self { number, of })
    }

    /// Its number, from 0.
    pub fn number(self) -> u32 {
        self.number
    }

    /// Whether that object belongs to it.
    pub fn holds(self, key: &ObjectKey) -> bool {
        self == Self::of_namespace(&key.namespace, self.of)
    }

    /// Whether what lies in no namespace belongs to it.
    pub fn holds_cluster(self) -> bool {
        self == Self::of_namespace("", self.of)
    }
}

/// Who of `members` works on each of `shards` shards, in their order; nobody where there are no members.
///
/// Everybody who knows the same members comes to the same answer. One who comes takes only what is theirs from then on,
/// and what one leaves behind is spread over the others: nothing else moves.
///
/// Source: Thaler and Ravishankar, "A Name-Based Mapping Scheme for Rendezvous" (1996).
///
/// ```
/// use kube_controllers::runtime::shards::assign;
///
/// let before = assign(["a", "b"], 16);
/// let after = assign(["a", "b", "c"], 16);
/// assert!(before.iter().zip(&after).all(|(before, after)| before == after || *after == Some("c")));
/// ```
pub fn assign<'a>(members: impl IntoIterator<Item = &'a str>, shards: u32) -> Vec<Option<&'a str>> {
    let members: Vec<&str> = members.into_iter().collect();
    let weight = |shard: u32, member: &str| hash(member.as_bytes(), u64::from(shard) + 1);
    (0..shards)
        .map(|shard| members.iter().copied().max_by_key(|member| (weight(shard, member), *member)))
        .collect()
}

/// FNV-1a from a start that `salt` moves, finished as `SplitMix64` does: the same on every machine and in every release,
/// which have to agree.
fn hash(bytes: &[u8], salt: u64) -> u64 {
    let mut hash = mix(0xcbf2_9ce4_8422_2325 ^ mix(salt));
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    mix(hash)
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
