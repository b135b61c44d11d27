//! Plans.

use super::{Cast, Fault, Faults, Kind, Plan, Weather, What, draw};
use crate::executor::Executor;
use std::collections::BTreeSet;
use std::mem::discriminant;
use std::time::Duration;

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
        let of = |plan: Plan| {
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

#[test]
fn a_fault_keeps_to_its_window_its_victim_and_its_rate() {
    let seconds = Duration::from_secs;
    let fault = Fault {
        what: What::Refused(0.2),
        on: Some("a".into()),
        from: seconds(10),
        until: seconds(20),
        salt: 7,
    };
    let mut executor = Executor::new(1);
    let env = executor.env();
    let weather = Weather::new(env.clone(), &Plan::of(vec![fault]));
    let asked = executor.run("main", async move {
        let mut asked = Vec::new();
        for _ in 0..3000 {
            env.sleep(Duration::from_millis(10)).await;
            asked.push((env.now().nanos() / 1_000_000, weather.refuses("a"), weather.refuses("b")));
        }
        (asked, weather.strikes())
    });
    let (asked, strikes) = asked.unwrap();
    assert!(asked.iter().all(|(_, _, b)| !b), "it hits another");
    let outside = asked.iter().filter(|(at, a, _)| *a && !(10_000..20_000).contains(at));
    assert_eq!(outside.count(), 0, "it strikes outside of its window");
    let inside = asked.iter().filter(|(_, a, _)| *a).count();
    assert!((150..250).contains(&inside), "{inside} of 1000 instead of a fifth");
    assert_eq!(strikes, [(0, inside as u64)]);
}
