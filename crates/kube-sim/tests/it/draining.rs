//! Rolling updates under load: whoever is asked answers, as long as pods wait for those who use them.
//!
//! Clients pick through the plane's own resolver and hold what they picked while a request runs. Pods end as the kubelet
//! ends them: their endpoints terminate, hooks run, then they are told to stop, and stop at once. A request has failed when
//! nobody can be picked, when its pod does not serve, or when the pod ends before the request does.

use kube_core::env::Rng;
use kube_core::kinds::apps::v1::Deployment;
use kube_core::view::PodView;
use kube_net::ServiceResolver;
use kube_node::machine::{Answer, Command, LifeSpec};
use kube_node::runtime::{PodRuntime, SimRuntime};
use kube_node::{Behavior, Script, SimFleet};
use kube_plane::ControlPlane;
use kube_plane::drain::Drains;
use kube_sim::Solo;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

const WEB: &str = "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 10
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: server
          image: example.org/web:1
          lifecycle: {preStop: {exec: {command: [/bin/flush]}}}
";

/// How many seeds to run: 4, or as many as the variable `DRAIN_SEEDS` says.
fn seeds() -> std::ops::Range<u64> {
    let asked = std::env::var_os("DRAIN_SEEDS").and_then(|text| text.to_str()?.parse().ok());
    0..asked.unwrap_or(4)
}

/// The network: which pods answer, by address.
#[derive(Clone, Debug, Default)]
struct Network(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    addresses: u32,
    serving: BTreeSet<IpAddr>,
    sent: usize,
    failed: usize,
    /// Pods that have ended.
    ended: usize,
}

impl Network {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn serves(&self, ip: IpAddr) -> bool {
        self.lock().serving.contains(&ip)
    }

    /// One request: no address is used twice, so that who serves at the end has served all the time.
    async fn request(self, resolver: ServiceResolver, env: kube_core::env::Env, takes: Duration) {
        self.lock().sent += 1;
        let picked = resolver.service("web").and_then(|web| web.pick());
        let Ok(picked) = picked else { return self.lock().failed += 1 };
        let ip = picked.address().ip();
        let reached = self.serves(ip);
        env.sleep(takes).await;
        if reached && self.serves(ip) {
            picked.succeeded();
        } else {
            picked.failed();
            self.lock().failed += 1;
        }
    }
}

/// Pods that serve from their start to their end, on this network.
#[derive(Debug)]
struct Servers {
    network: Network,
    /// Whether they wait for those who use them.
    drains: Option<Drains>,
}

impl Behavior for Servers {
    fn script(&self, _: &PodView, _: &mut Rng) -> Script {
        let mut script = Script::default();
        script.start = Duration::from_millis(200);
        script.ready = Some(Duration::from_millis(300));
        script.hooks = Duration::from_millis(20);
        script
    }

    fn runtime(&self, pod: &PodView, spec: &LifeSpec) -> Option<Box<dyn PodRuntime>> {
        let ip = {
            let mut state = self.network.lock();
            state.addresses += 1;
            IpAddr::from(Ipv4Addr::from(0x0a01_0000 + state.addresses))
        };
        let script = self.script(pod, &mut Rng::new(0));
        let runtime = SimRuntime::new(script, Some(ip), spec);
        let runtime: Box<dyn PodRuntime> = Box::new(Server { runtime, network: self.network.clone(), ip });
        Some(match &self.drains {
            Some(drains) => drains.around(runtime, &pod.meta.uid),
            None => runtime,
        })
    }
}

/// One pod on the network.
#[derive(Debug)]
struct Server {
    runtime: SimRuntime,
    network: Network,
    ip: IpAddr,
}

impl PodRuntime for Server {
    fn execute(&mut self, spec: &LifeSpec, command: Command, now: kube_core::env::Mono) {
        if let Command::Stop { .. } = &command {
            let mut state = self.network.lock();
            state.ended += usize::from(state.serving.remove(&self.ip));
        }
        self.runtime.execute(spec, command, now);
    }

    fn poll(&mut self, now: kube_core::env::Mono) -> Option<Answer> {
        let answer = self.runtime.poll(now);
        if let Some(Answer::Started { .. }) = &answer {
            self.network.lock().serving.insert(self.ip);
        }
        answer
    }

    fn deadline(&self) -> Option<kube_core::env::Mono> {
        self.runtime.deadline()
    }

    fn adopt(&mut self, spec: &LifeSpec, running: &[usize], now: kube_core::env::Mono) {
        self.runtime.adopt(spec, running, now);
    }
}

/// Replaces every pod once, and again, while requests arrive at random, 250 a second, each of up to 400 ms; sent, failed.
fn rollouts(seed: u64, drains: bool) -> (usize, usize) {
    let network = Network::default();
    let drains = drains.then(Drains::default);
    let servers = Servers { network: network.clone(), drains: drains.clone() };
    let outcome = Solo::new(seed).run(|world| async move {
        let fleet = SimFleet::new(4).heartbeats(kube_node::fleet::Heartbeats::Off).behavior(servers);
        let builder = world.plane().controllers(kube_controllers::builtin()).nodes(fleet);
        let plane = builder.start().await.unwrap();
        if let Some(drains) = &drains {
            drains.watch(plane.resolver());
        }
        plane.apply_yaml("web", WEB).await.unwrap();
        let resolver = plane.resolver().clone();
        while resolver.service("web").map_or(0, |web| web.endpoints().len()) < 10 {
            world.env().sleep(Duration::from_millis(50)).await;
        }
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let load = {
            let (env, stop, network) = (world.env().clone(), stop.clone(), network.clone());
            let mut rng = env.rng("load");
            async move {
                while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                    let takes = rng.between(Duration::from_millis(1), Duration::from_millis(400));
                    let request = network.clone().request(resolver.clone(), env.clone(), takes);
                    let _task = env.spawn("request", request);
                    env.sleep(rng.between(Duration::ZERO, Duration::from_millis(8))).await;
                }
                // What is on its way ends.
                env.sleep(Duration::from_secs(1)).await;
            }
        };
        let load = futures::FutureExt::shared(futures::FutureExt::boxed(load));
        let _task = world.env().spawn("load", load.clone());
        for release in 2..4 {
            roll_out(&plane, &network, release).await;
        }
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
        load.await;
        plane.shutdown().await.unwrap();
        let state = network.lock();
        assert!(state.ended >= 20, "{} pods have ended", state.ended);
        (state.sent, state.failed)
    });
    outcome.unwrap().value
}

/// Releases another version, and waits until nothing is left of the one before.
async fn roll_out(plane: &ControlPlane, network: &Network, release: u32) {
    let before = network.lock().ended;
    let web = plane.api::<Deployment>().in_namespace("default");
    web.edit("web", |web| {
        let template = &mut web.spec.as_mut().unwrap().template;
        template.spec.as_mut().unwrap().containers[0].image = Some(format!("example.org/web:{release}"));
    })
    .await
    .unwrap();
    // A Deployment looks rolled out until its controller has seen the new release.
    let replaced = || network.lock().ended >= before + 10;
    let done = plane.until(Duration::from_mins(2), |view| view.rolled_out("default/web") && replaced());
    done.await.unwrap();
}

#[test]
#[expect(clippy::print_stdout, reason = "how many requests failed is what the report quotes")]
fn no_request_fails_while_pods_are_replaced() {
    let (mut all, mut lost) = (0, 0);
    for seed in seeds() {
        let (sent, failed) = rollouts(seed, true);
        assert_eq!(failed, 0, "seed {seed}: of {sent} requests");
        assert!(sent > 500, "seed {seed}: {sent} requests are no load");
        let (_, without) = rollouts(seed, false);
        assert!(without > 0, "seed {seed}: pods that do not wait must lose requests");
        all += sent;
        lost += without;
    }
    println!("rolling updates: 0 of {all} requests failed, {lost} without draining");
}

#[test]
fn a_seed_is_one_run() {
    assert_eq!(rollouts(99, false), rollouts(99, false));
}
