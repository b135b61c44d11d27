//! What is kept by deltas answers as what is made from nothing; and the check sees where it does not.

mod wakes;
mod world;

use kube_core::env::Rng;
use kube_core::resource::ObjectKey;
use kube_sched::engine::{Engine, Evaluation, Room};
use kube_sched::framework::{PluginError, PodInfo};
use kube_sched::plugins::default_preemption::DefaultPreemption;
use kube_sched::profile::Profile;
use kube_sched::snapshot::Snapshot;
use std::collections::BTreeMap;
use std::fmt;
use world::{Mutant, World, asking};

/// An answer without the order of nodes, which depends on when each came.
#[derive(Debug, PartialEq)]
struct Answer {
    evaluation: Evaluation,
    /// By node: who would have to go, and how many budgets that breaks.
    room: Option<BTreeMap<String, (Vec<ObjectKey>, usize)>>,
}

fn answer(engine: &Engine, cluster: &Snapshot, pod: &PodInfo) -> Result<Answer, PluginError> {
    let mut evaluation = engine.evaluate(cluster, pod)?;
    evaluation.nodes.sort_by(|a, b| a.node.cmp(&b.node));
    evaluation.scores.sort_by(|a, b| a.node.cmp(&b.node));
    let room = engine.room(cluster, pod, |room| victims(pod, room))?;
    Ok(Answer { evaluation, room })
}

fn victims(pod: &PodInfo, room: &Room<'_>) -> BTreeMap<String, (Vec<ObjectKey>, usize)> {
    let search = DefaultPreemption.search(pod, room).unwrap();
    let candidates = search.candidates.iter().map(|candidate| {
        let keys = candidate.victims.iter().map(|pod| pod.key().clone()).collect();
        (candidate.node.to_string(), (keys, candidate.violations))
    });
    candidates.collect()
}

/// Runs a sequence; gives the step at which the answers differ, if they do.
fn differs(seed: u64, steps: usize, mutant: Option<Mutant>) -> Option<usize> {
    let engine = Engine::new(&Profile::default()).unwrap();
    let mut rng = Rng::new(seed);
    let mut world = World::default();
    (0..steps).find(|_| {
        world.step(&mut rng, mutant);
        let pod = asking(&mut rng);
        answer(&engine, &world.kept, &pod) != answer(&engine, &world.rebuilt(), &pod)
    })
}

#[test]
fn after_any_sequence_of_events_the_answer_is_that_of_a_rebuild() {
    for seed in 0..1_500 {
        assert_eq!(differs(seed, 25, None), None, "seed {seed}");
    }
}

#[test]
fn answers_for_many_nodes_are_those_for_each() {
    let engine = Engine::new(&Profile::default()).unwrap();
    for seed in 0..200 {
        let (mut rng, mut world) = (Rng::new(seed), World::default());
        for _ in 0..25 {
            world.step(&mut rng, None);
            let pod = asking(&mut rng);
            assert_eq!(engine.check(&world.kept, &pod), Ok(()), "seed {seed}");
        }
    }
}

/// Prints the table of `docs/checkers.md`.
#[test]
#[expect(clippy::print_stdout, reason = "the table is read by people")]
fn every_mutant_of_the_index_is_caught() {
    println!("| mutant | caught at seed | after events |");
    println!("| --- | --- | --- |");
    for mutant in Mutant::ALL {
        let caught = (0..300).find_map(|seed| Some((seed, differs(seed, 60, Some(mutant))? + 1)));
        let Some((seed, events)) = caught else { panic!("{mutant:?} was not noticed") };
        println!("| {} | {seed} | {events} |", mutant.name());
    }
}

/// `SCHED_EVENTS` says how many events: `./test long` takes a million.
#[test]
#[expect(clippy::print_stdout, reason = "the counts of a campaign are read by people")]
fn a_long_life_leaves_no_trace() {
    let asked = std::env::var_os("SCHED_EVENTS").and_then(|text| text.to_str()?.parse().ok());
    let events = asked.unwrap_or(2_000);
    let engine = Engine::new(&Profile::default()).unwrap();
    let (mut rng, mut world) = (Rng::new(7), World::default());
    let mut told = Told::default();
    for step in 1..=events {
        world.step(&mut rng, None);
        let pod = asking(&mut rng);
        let kept = answer(&engine, &world.kept, &pod);
        assert_eq!(kept, answer(&engine, &world.rebuilt(), &pod), "event {step}");
        told.count(&kept.unwrap());
    }
    println!("{events} events, {told}: no difference");
    assert!(
        told.placed > 0 && told.nowhere > 0 && told.room > 0,
        "all kinds of answers are compared: {told}"
    );
}

/// What was compared.
#[derive(Debug, Default)]
struct Told {
    verdicts: u64,
    scores: u64,
    placed: u64,
    nowhere: u64,
    room: u64,
}

impl Told {
    fn count(&mut self, Answer { evaluation, room }: &Answer) {
        self.verdicts += evaluation.nodes.len() as u64;
        self.scores += evaluation.scores.iter().map(|node| node.plugins.len() as u64).sum::<u64>();
        self.placed += u64::from(!evaluation.scores.is_empty());
        self.nowhere += u64::from(evaluation.scores.is_empty());
        self.room += u64::from(room.as_ref().is_some_and(|room| !room.is_empty()));
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verdicts, scores, placed, nowhere, room } = self;
        write!(f, "{verdicts} verdicts and {scores} raw and weighted scores compared ")?;
        write!(f, "({placed} pods that fit, {nowhere} that do not, of which {room} could get room)")
    }
}
