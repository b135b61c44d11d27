//! Programs: what is done, in an order.

use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};

pub(crate) const KEYS: [&str; 6] = ["/a", "/a/1", "/a/2", "/b", "/b/1", "/c"];
pub(crate) const PREFIXES: [&str; 5] = ["", "/a", "/a/", "/b/1", "/none"];

/// One step of a program. Revisions are told as a distance back from the newest, so that most are held; leases,
/// watches and the like as the number of one that there is, counted round.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Txn {
        compares: Vec<Condition>,
        ops: Vec<Write>,
        /// Whether nobody asks what stood there before.
        quiet: bool,
    },
    /// The same, and nobody waits for the answer.
    Forget(Vec<Write>),
    /// The same, and the medium fails after some more operations.
    Fail {
        ops: Vec<Write>,
        after: usize,
    },
    Compact(u64),
    Get {
        key: usize,
        at: At,
    },
    List {
        prefix: usize,
        at: At,
        limit: usize,
    },
    /// The page after the last one.
    NextPage(usize),
    Hold,
    Look {
        snapshot: usize,
        prefix: usize,
    },
    Watch {
        prefix: usize,
        from: From,
        previous: bool,
        bookmarks: bool,
    },
    Poll {
        watch: usize,
        times: usize,
    },
    Unwatch(usize),
    Grant(u64),
    KeepAlive(usize),
    Revoke(usize),
    Inspect(usize),
    Advance(u64),
    Current,
    Reopen,
}

/// A write of one key; `value` is `None` for a delete.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) key: usize,
    pub(crate) value: Option<u8>,
    pub(crate) lease: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum At {
    Latest,
    Any,
    Since(u64),
    Exactly(u64),
    /// So far above the newest.
    Ahead(u64),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum From {
    Now,
    Initial,
    After(u64),
}

#[derive(Clone, Debug)]
pub(crate) enum Condition {
    Unchanged { key: usize, right: bool },
    Absent(usize),
    Exists(usize),
    Range { prefix: usize, back: u64 },
}

/// A program.
pub(crate) fn program() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..120)
}

fn condition() -> impl Strategy<Value = Condition> {
    let key = 0..KEYS.len();
    prop_oneof![
        3 => (key.clone(), prop::bool::weighted(0.8)).prop_map(|(key, right)| Condition::Unchanged { key, right }),
        1 => key.clone().prop_map(Condition::Absent),
        1 => key.prop_map(Condition::Exists),
        1 => (0..PREFIXES.len(), 0..6_u64).prop_map(|(prefix, back)| Condition::Range { prefix, back }),
    ]
}

fn writes(most: usize) -> impl Strategy<Value = Vec<Write>> {
    let lease = prop::option::weighted(0.2, 0..4_usize);
    let write = (0..KEYS.len(), prop::option::weighted(0.7, any::<u8>()), lease)
        .prop_map(|(key, value, lease)| Write { key, value, lease });
    prop::collection::vec(write, 0..most)
}

fn at() -> impl Strategy<Value = At> {
    prop_oneof![
        2 => Just(At::Latest),
        1 => Just(At::Any),
        1 => (0..12_u64).prop_map(At::Since),
        4 => (0..12_u64).prop_map(At::Exactly),
        1 => (1..4_u64).prop_map(At::Ahead),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let prefix = 0..PREFIXES.len();
    let from = prop_oneof![Just(From::Now), Just(From::Initial), (0..8_u64).prop_map(From::After)];
    let watch = (prefix.clone(), from, any::<bool>(), any::<bool>());
    prop_oneof![
        16 => (prop::collection::vec(condition(), 0..2), writes(4), prop::bool::weighted(0.3))
            .prop_map(|(compares, ops, quiet)| Step::Txn { compares, ops, quiet }),
        1 => writes(3).prop_map(Step::Forget),
        1 => (writes(3), 0..16_usize).prop_map(|(ops, after)| Step::Fail { ops, after }),
        2 => (0..6_u64).prop_map(Step::Compact),
        4 => (0..KEYS.len(), at()).prop_map(|(key, at)| Step::Get { key, at }),
        4 => (prefix.clone(), at(), 0..4_usize).prop_map(|(prefix, at, limit)| Step::List { prefix, at, limit }),
        2 => (0..4_usize).prop_map(Step::NextPage),
        1 => Just(Step::Hold),
        2 => (0..3_usize, prefix).prop_map(|(snapshot, prefix)| Step::Look { snapshot, prefix }),
        4 => watch.prop_map(|(prefix, from, previous, bookmarks)| Step::Watch { prefix, from, previous, bookmarks }),
        8 => (0..6_usize, 1..5_usize).prop_map(|(watch, times)| Step::Poll { watch, times }),
        1 => (0..6_usize).prop_map(Step::Unwatch),
        2 => (1..10_u64).prop_map(Step::Grant),
        1 => (0..4_usize).prop_map(Step::KeepAlive),
        1 => (0..4_usize).prop_map(Step::Revoke),
        1 => (0..4_usize).prop_map(Step::Inspect),
        2 => (1..6_u64).prop_map(Step::Advance),
        1 => Just(Step::Current),
        1 => Just(Step::Reopen),
    ]
}
