//! The registry beside asking every watch.

use super::{Slot, Watchers};
use crate::storage::{Event, Key, KeyRange, Revision};
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_assert_eq, prop_oneof, proptest};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Open(KeyRange),
    Park(usize),
    Close(usize),
    Write(Vec<String>),
}

fn text() -> impl Strategy<Value = String> {
    "[/aü]{0,5}"
}

fn range() -> impl Strategy<Value = KeyRange> {
    prop_oneof![
        text().prop_map(KeyRange::prefix),
        text().prop_map(|text| KeyRange::one(&text.into())),
        (text(), text()).prop_map(|(a, b)| KeyRange::between(a, Some(b.into()))),
        text().prop_map(|start| KeyRange::between(start, None)),
        Just(KeyRange::all()),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => range().prop_map(Step::Open),
        4 => (0_usize..40).prop_map(Step::Park),
        1 => (0_usize..40).prop_map(Step::Close),
        4 => proptest::collection::vec(text(), 1..4).prop_map(Step::Write),
    ];
    proptest::collection::vec(step, 0..120)
}

struct Open {
    id: usize,
    range: KeyRange,
    slot: Arc<Slot>,
    wakes: Arc<Count>,
    /// How often it should have been woken.
    wanted: usize,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_commit_wakes_whom_it_concerns_and_nobody_else(steps in steps()) {
        let mut watchers = Watchers::default();
        let mut open: Vec<Open> = Vec::new();
        let mut revision = Revision::ZERO;
        for step in steps {
            match step {
                Step::Open(range) => {
                    let slot = Slot::at(revision);
                    let (id, _) = watchers.add(slot.clone(), &range);
                    open.push(Open { id, range, slot, wakes: Arc::default(), wanted: 0 });
                }
                Step::Park(n) if n < open.len() => {
                    watchers.park(open[n].id, Some(&Waker::from(open[n].wakes.clone())));
                }
                Step::Close(n) if n < open.len() => watchers.remove(open.swap_remove(n).id),
                Step::Write(keys) => {
                    revision = revision.next();
                    for watch in &mut open {
                        let inside = |key: &String| watch.range.contains(&key.as_str().into());
                        watch.wanted += usize::from(watch.slot.position().is_none() && keys.iter().any(inside));
                    }
                    let event = |key: &String| Event::Delete { key: Key::from(key.as_str()), previous: None };
                    let mut woken = Vec::new();
                    watchers.unpark(revision, &keys.iter().map(event).collect(), &mut woken);
                    woken.into_iter().for_each(Waker::wake);
                }
                Step::Park(_) | Step::Close(_) => {}
            }
            for watch in &open {
                prop_assert_eq!(watch.wakes.0.load(Ordering::SeqCst), watch.wanted, "{:?}", watch.range);
            }
            prop_assert_eq!(watchers.len(), open.len());
        }
    }
}
