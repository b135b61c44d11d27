//! Every event that makes a pod schedulable wakes it, and few others do: held to an oracle that filters anew.

use super::world::{World, asking};
use kube_core::env::{Mono, Rng};
use kube_sched::Decision;
use kube_sched::engine::Engine;
use kube_sched::framework::PodInfo;
use kube_sched::profile::Profile;
use kube_sched::queue::{Queue, QueueConfig};
use kube_sched::snapshot::Snapshot;
use std::sync::Arc;

/// What became of events after which a rejected pod waited.
#[derive(Debug, Default)]
struct Tally {
    helped: u32,
    lost: u32,
    idle: u32,
    useless: u32,
}

fn fits(engine: &Engine, cluster: &Snapshot, pod: &PodInfo) -> bool {
    let evaluation = engine.evaluate(cluster, pod).unwrap();
    evaluation.nodes.iter().any(|node| node.verdict.fits())
}

fn watch(seed: u64, steps: usize, tally: &mut Tally) {
    let engine = Engine::new(&Profile::default().without("DefaultPreemption")).unwrap();
    let (mut rng, mut world) = (Rng::new(seed), World::default());
    for _ in 0..steps {
        let pod = Arc::new(asking(&mut rng));
        let mut queue = Queue::new(QueueConfig::default(), &engine);
        queue.add(pod.clone(), Mono::default());
        let popped = queue.pop(Mono::default()).unwrap();
        let Decision::Unschedulable(why) = engine.schedule_with(&world.kept, &pod, &mut rng) else {
            world.step(&mut rng, None);
            continue;
        };
        queue.unschedulable(&popped, why.rejectors(), Mono::default(), |_| true);
        world.step(&mut rng, None);
        let woken = world.events.iter().map(|event| {
            queue.event(event, Mono::default(), |pod| engine.may_fit(&world.kept, pod, Some(event)))
        });
        let woken: usize = woken.sum();
        match (fits(&engine, &world.kept, &pod), woken > 0) {
            (true, woken) => {
                tally.helped += 1;
                tally.lost += u32::from(!woken);
            }
            (false, woken) => {
                tally.idle += 1;
                tally.useless += u32::from(woken);
            }
        }
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts of a campaign are read by people")]
fn no_event_that_helps_is_missed_and_few_wake_for_nothing() {
    let mut tally = Tally::default();
    for seed in 0..400 {
        let before = tally.lost;
        watch(seed, 60, &mut tally);
        assert_eq!(tally.lost, before, "seed {seed}: a wake-up is lost: {tally:?}");
    }
    let percent = f64::from(tally.useless) * 100.0 / f64::from(tally.idle.max(1));
    println!(
        "{} events made a waiting pod schedulable, {} of them missed; {} did not, {} of them woke it ({percent:.1} %)",
        tally.helped, tally.lost, tally.idle, tally.useless
    );
    assert!(tally.helped > 200 && tally.idle > 2_000, "the test must see both: {tally:?}");
    assert!(tally.useless * 100 <= tally.idle * 5, "{tally:?}");
}
