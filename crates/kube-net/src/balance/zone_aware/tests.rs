//! Own zone first, nobody overloaded.

use super::ZoneAware;
use crate::balance::{Balancer, PickContext, Picker};
use crate::resolve::Endpoint;
use kube_core::env::Env;
use std::sync::Arc;

fn picker(zones: &[(&str, u8)]) -> (Arc<dyn Picker>, Vec<Arc<Endpoint>>) {
    let mut all = Vec::new();
    for (zone, count) in zones {
        for _ in 0..*count {
            let id = u8::try_from(all.len()).unwrap();
            let mut endpoint = Endpoint::new([10, 0, 0, id].into(), 80);
            endpoint.zone = (!zone.is_empty()).then(|| (*zone).into());
            all.push(Arc::new(endpoint));
        }
    }
    (ZoneAware::new(&Env::manual(1).0).build(&all, None), all)
}

/// Picks from each zone alike: per endpoint how often, and how many stayed at home.
fn run(zones: &[(&str, u8)], from: &[&str]) -> (Vec<u32>, u32) {
    let (picker, all) = picker(zones);
    let (mut counts, mut home) = (vec![0; all.len()], 0);
    for n in 0..30_000 {
        let zone = from[n % from.len()];
        let at = picker.pick(&PickContext::default().in_zone(zone)).unwrap();
        counts[at] += 1;
        home += u32::from(all[at].zone.as_deref() == Some(zone));
    }
    (counts, home)
}

#[test]
fn even_zones_keep_everything() {
    assert_eq!(run(&[("a", 3), ("b", 3), ("c", 3)], &["a", "b", "c"]).1, 30_000);
}

#[test]
fn a_small_zone_gives_away_what_it_cannot_bear() {
    let (counts, home) = run(&[("a", 1), ("b", 4), ("c", 7)], &["a", "b", "c"]);
    assert!(counts.iter().all(|count| count.abs_diff(2_500) < 250), "{counts:?}");
    // Zone a keeps a quarter of its 10,000, b and c all of theirs.
    assert!(home.abs_diff(22_500) < 300, "{home}");
}

#[test]
fn without_zones_everybody_takes_turns() {
    for (zones, from) in [
        (&[("a", 2), ("b", 3)][..], "a"),
        (&[("a", 9)], "a"),
        (&[("a", 4), ("", 4)], "a"),
        (&[("a", 4), ("b", 4)], "z"),
    ] {
        let (counts, _) = run(zones, &[from]);
        assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{zones:?}: {counts:?}");
    }
}
