//! Laws of every policy over any sequence of changes, picks and failures.

use super::World;
use kube_core::env::Env;
use kube_net::balance::{Balancing, OutlierEjection, PickContext, SlowStart, all};
use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};
use proptest::{prop_assert, prop_assert_eq};
use std::collections::BTreeSet;
use std::time::Duration;

#[derive(Clone, Debug)]
enum Step {
    Endpoints(BTreeSet<u8>),
    Pick { key: Option<u16>, fails: bool, holds: bool },
    Wait(u16),
    Release,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => prop::collection::btree_set(1..30_u8, 0..20).prop_map(Step::Endpoints),
        12 => (prop::option::of(any::<u16>()), any::<bool>(), any::<bool>())
            .prop_map(|(key, fails, holds)| Step::Pick { key, fails, holds }),
        1 => (0..40_000_u16).prop_map(Step::Wait),
        1 => prop::strategy::Just(Step::Release),
    ]
}

/// What happened: the address of each pick.
fn run(policy: usize, steps: &[Step]) -> Vec<Option<String>> {
    let (env, clock) = Env::manual(11);
    let policy = all(&env).swap_remove(policy);
    let balancing = Balancing::shared(&env, policy)
        .eject(OutlierEjection::default())
        .slow_start(SlowStart::new(Duration::from_secs(10)));
    let mut world = World::new(balancing, 3);
    let web = world.web();
    let (mut told, mut held) = (Vec::new(), Vec::new());
    for step in steps {
        match step {
            Step::Endpoints(ids) => world.endpoints(ids.iter().copied()),
            Step::Wait(millis) => clock.advance(Duration::from_millis((*millis).into())),
            Step::Release => held.clear(),
            Step::Pick { key, fails, holds } => {
                let cx = key.map_or_else(PickContext::default, |key| PickContext::key(key.to_le_bytes()));
                let there = web.endpoints();
                let picked = web.pick_for(&cx).ok();
                assert_eq!(picked.is_none(), there.is_empty(), "something is picked where anything is");
                if let Some(picked) = picked {
                    assert!(there.iter().any(|endpoint| endpoint.is_same(picked.endpoint())));
                    assert!(picked.in_flight() >= 1);
                    told.push(Some(picked.address().to_string()));
                    match (fails, holds) {
                        (_, true) => held.push(picked),
                        (true, _) => picked.failed(),
                        _ => picked.succeeded(),
                    }
                } else {
                    told.push(None);
                }
                let now = env.now();
                let there = web.endpoints();
                let out = there.iter().filter(|endpoint| endpoint.ejected_until() > now).count();
                // Endpoints that leave take room with them that was given before.
                if steps.iter().all(|step| !matches!(step, Step::Endpoints(_))) {
                    assert!(out * 10 <= there.len(), "{out} of {} are out", there.len());
                }
            }
        }
    }
    drop(held);
    assert!(web.endpoints().iter().all(|endpoint| endpoint.in_flight() == 0));
    told
}

proptest! {
    #[test]
    fn picks_are_among_the_endpoints_and_repeat_by_seed(
        policy in 0..8_usize,
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let told = run(policy, &steps);
        prop_assert_eq!(&told, &run(policy, &steps));
        prop_assert!(told.len() <= steps.len());
    }
}
