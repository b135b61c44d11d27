//! Plans.

use super::{Cast, Faults, Kind, What, draw};
use std::collections::BTreeSet;
use std::mem::discriminant;

fn cast() -> Cast {
    Cast {
        components: vec!["a".into(), "b".into()],
        nodes: (0..4).map(|n| (format!("node-{n}").into(), format!("zone-{}", n % 2).into())).collect(),
    }
}

#[test]
fn a_plan_is_the_seeds_and_seeds_differ() {
    let faults = Faults::all();
    assert_eq!(draw(3, &faults, &cast()), draw(3, &faults, &cast()));
    let kinds: BTreeSet<String> = (0..50)
        .flat_map(|seed| draw(seed, &faults, &cast()).faults)
        .map(|(_, fault)| format!("{:?}", discriminant(&fault.what)))
        .collect();
    assert!(kinds.len() >= 14, "only {} kinds of faults in 50 plans", kinds.len());
}

#[test]
fn leaving_a_kind_out_does_not_move_the_others() {
    for seed in 0..20 {
        let all = draw(seed, &Faults::all(), &cast());
        let fewer = draw(seed, &Faults::all().without(Kind::Compaction), &cast());
        let of = |plan: super::Plan| {
            let faults = plan.faults.into_iter().map(|(_, fault)| fault);
            faults.filter(|fault| fault.what != What::Compaction).collect::<Vec<_>>()
        };
        assert_eq!(of(all), of(fewer), "seed {seed}");
    }
}

#[test]
fn no_faults_means_none() {
    assert!((0..20).all(|seed| draw(seed, &Faults::none(), &cast()).faults.is_empty()));
}
