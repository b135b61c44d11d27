//! Instances that share the work of one controller, come and go, stand still, and die.

mod handovers;
mod instance;
mod members;
mod ranges;

use super::election::faults_of_planes;
use crate::campaign::Sim;
use instance::Instance;
use kube_core::kinds::coordination::v1::Lease;
use kube_core::kinds::core::v1::ConfigMap;
use kube_store::client::election::Record;
use std::ops::Range;
use std::time::Duration;

const NAME: &str = "jobs";
const SHARDS: u32 = 4;
const INSTANCES: [&str; 3] = ["alder", "beech", "cherry"];
const TEAMS: usize = 12;

/// The instance that has the same name whenever it comes; the others come by a new one each time.
const CONSTANT: &str = "alder";

/// The instance that goes for good.
const QUITS: &str = "cherry";

/// For how long, by their own clocks, instances come and go.
const AT_WORK: Duration = Duration::from_secs(90);

/// Three instances share the work on config maps in twelve namespaces; each leaves now and then and comes again, and one
/// goes for good in the end.
pub fn shards(seeds: Range<u64>) -> Sim {
    let sim = Sim::seeds(seeds)
        .nodes(0)
        .without_builtin()
        .without_scheduler()
        .faults(faults_of_planes().within(Duration::from_secs(90)))
        .oracle(|| Box::new(ranges::Ranges))
        .oracle(|| Box::<handovers::Handovers>::default())
        .oracle(|| Box::<members::Members>::default())
        // Leases are renewed for ever.
        .silent_for(Duration::from_mins(1));
    let sim = INSTANCES.into_iter().fold(sim, |sim, name| {
        sim.plane(name, move |objects| Box::new(Instance::new(objects.clone(), name)))
    });
    sim.scenario(|c| async move {
        let mut rng = c.env().rng("teams");
        for team in 0..TEAMS {
            let namespace = format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: team-{team}}}}}");
            let map = format!(
                "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: job, namespace: team-{team}}}}}"
            );
            c.apply(&format!("{namespace}\n---\n{map}")).await;
        }
        let want = async |team: usize, what: &str| {
            c.edit::<ConfigMap>(&format!("team-{team}/job"), |map| set(map, WANTED, what)).await;
        };
        for wanted in 1..60 {
            want(rng.below(TEAMS), &wanted.to_string()).await;
            c.sleep(rng.between(Duration::from_millis(100), Duration::from_millis(2500))).await;
        }
        // Something is left to do in every range when the faults are over.
        c.sleep(AT_WORK).await;
        for team in 0..TEAMS {
            want(team, "the last").await;
        }
    })
}

/// What a job is to come to, and what it came to.
const WANTED: &str = "wanted";
const DONE: &str = "done";

/// Who is at work on a job.
const BY: &str = "by";

fn set(map: &mut ConfigMap, name: &str, value: &str) {
    map.data.get_or_insert_default().insert(name.to_owned(), value.to_owned());
}

fn entry<'a>(map: &'a ConfigMap, name: &str) -> Option<&'a str> {
    map.data.as_ref()?.get(name).map(String::as_str)
}

/// Which instance has that name.
fn instance_of(identity: &str) -> &str {
    identity.split_once('-').map_or(identity, |(instance, _)| instance)
}

/// Who holds a lease, empty where nobody does.
fn holder(lease: &Lease) -> String {
    lease.spec.as_ref().map(|spec| Record::of(spec).holder).unwrap_or_default()
}
