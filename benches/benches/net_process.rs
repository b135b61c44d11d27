//! What Criterion cannot sample of the way from a name to an endpoint: how fast a change is seen, a name server over UDP,
//! and a range of addresses that is nearly full. About two minutes; with a name of the three, that one alone.
//!
//! Wanted: seen within 1 ms (p99) at 10,000 Services and 1,000 events a second; 60,000 answers a second with the clients on
//! the same two cores; an address at 99.9 % full for 1 µs more than the write; none twice
//! in 200,000, or as many as `addresses 1000000` says.

use futures::future::try_join_all;
use kube_benches::net::baseline::Hosts;
use kube_benches::net::{Addresses, Load, Way, ask, propagate, questions, resolver, serve, serve_hosts};
use kube_benches::process;
use kube_core::env::{Env, TaskHandle};
use kube_net::balance::Balancing;
use kube_net::dns::Zone;
use kube_store::rt;
use std::collections::BTreeSet;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Handle};

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let wanted = std::env::args().nth(1).filter(|what| !what.starts_with("--"));
    let is_wanted = |what: &str| wanted.as_deref().is_none_or(|wanted| wanted == what);
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let env = runtime.block_on(async { rt::env() });
    if is_wanted("spread") {
        runtime.block_on(spread(&env))?;
    }
    if is_wanted("dns") {
        runtime.block_on(dns(&env))?;
    }
    if is_wanted("addresses") {
        let rounds = std::env::args().nth(2).map_or(Ok(200_000), |text| text.parse())?;
        runtime.block_on(addresses(&env, rounds))?;
    }
    Ok(())
}

async fn spread(env: &Env) -> Result<(), Failure> {
    print_row(&["services", "ready to pick", "p50", "p99", "most"]);
    for services in [100, 1_000, 10_000] {
        for (name, way) in [("ours", Way::Ours), ("baseline", Way::Baseline)] {
            let load = Load { events: 5_000, pause: Duration::from_millis(1) };
            let told = match propagate(env, way, services, load).await {
                Ok(spread) => [50, 99, 100].map(|percent| format!("{:.1?}", spread.at(percent))),
                // A baseline that falls behind for good has no figures.
                Err(error) => [error.to_string(), String::new(), String::new()],
            };
            print_row(&[&services.to_string(), name, &told[0], &told[1], &told[2]]);
        }
    }
    Ok(())
}

/// Clients of the name server, and questions of each.
const CLIENTS: usize = 4;
const QUESTIONS: usize = 100_000;

async fn dns(env: &Env) -> Result<(), Failure> {
    print_row(&["services", "name server", "answers/s", "answered", "with an address"]);
    for services in [100, 1_000, 10_000] {
        let zone = Zone::new(&resolver(services, 3, Balancing::default()));
        print_rate(env, services, "ours", serve(zone, env).await?).await?;
        print_rate(env, services, "baseline", serve_hosts(Hosts::new(services), env).await?).await?;
    }
    Ok(())
}

/// How many questions a server answers.
async fn print_rate(
    env: &Env,
    services: usize,
    name: &str,
    (server, task): (SocketAddr, TaskHandle),
) -> Result<(), Failure> {
    let questions = Arc::new(questions(services));
    let begin = env.now();
    let clients = (0..CLIENTS).map(|n| {
        let (env, questions) = (env.clone(), questions.clone());
        Handle::current()
            .spawn(async move { ask(server, &env, &questions, n * services / CLIENTS, QUESTIONS).await })
    });
    let (mut answered, mut with_address) = (0, 0);
    for told in try_join_all(clients).await? {
        let (answers, addresses) = told?;
        answered += answers;
        with_address += addresses;
    }
    let seconds = env.now().since(begin).as_secs_f64();
    task.abort();
    let rate = format!("{:.0}", f64::from(u32::try_from(answered)?) / seconds);
    print_row(&[&services.to_string(), name, &rate, &answered.to_string(), &with_address.to_string()]);
    Ok(())
}

/// Writers side by side.
const WRITERS: usize = 64;

async fn addresses(env: &Env, rounds: usize) -> Result<(), Failure> {
    print_row(&["free of 65,534", "per Service, made and gone", "made", "twice"]);
    for free in [65_534, 655, 65] {
        let world = Addresses::new(env, 16, free).await?;
        let held: Arc<Mutex<BTreeSet<Ipv4Addr>>> = Arc::default();
        let begin = env.now();
        let writers = (0..WRITERS.min(free)).map(|writer| {
            let (world, held) = (world.clone(), held.clone());
            Handle::current().spawn(write(world, held, writer, rounds / WRITERS))
        });
        let (mut made, mut twice) = (0, 0);
        for told in try_join_all(writers).await? {
            let (own, doubles) = told?;
            made += own;
            twice += doubles;
        }
        let each = env.now().since(begin) / u32::try_from(made)?.max(1);
        print_row(&[&free.to_string(), &format!("{each:.1?}"), &made.to_string(), &twice.to_string()]);
    }
    Ok(())
}

/// Makes and deletes Services; how many were made, and how many got an address that another had.
async fn write(
    world: Addresses,
    held: Arc<Mutex<BTreeSet<Ipv4Addr>>>,
    writer: usize,
    rounds: usize,
) -> Result<(usize, usize), kube_core::error::ApiError> {
    let lock = || held.lock().unwrap_or_else(PoisonError::into_inner);
    let mut twice = 0;
    for round in 0..rounds {
        let name = format!("s{writer}-{round}");
        let ip = world.take(&name).await?;
        twice += usize::from(!lock().insert(ip));
        lock().remove(&ip);
        world.release(&name).await?;
    }
    Ok((rounds, twice))
}

fn print_row(cells: &[&str]) {
    process::print_row(28, cells);
}
