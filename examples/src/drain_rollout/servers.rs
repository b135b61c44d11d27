//! Pods that are HTTP servers on this machine.

use kube_core::env::{Env, Mono, Rng, TaskHandle};
use kube_core::view::PodView;
use kube_node::machine::{Answer, Command, LifeSpec};
use kube_node::runtime::{PodRuntime, SimRuntime};
use kube_node::{Behavior, Script};
use kube_plane::drain::Drains;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long a request is worked on.
const WORK: Duration = Duration::from_millis(5);

/// Where the pods are on this machine, by their addresses: Kubernetes takes no loopback address for an endpoint.
#[derive(Clone, Debug, Default)]
pub(super) struct Network(Arc<Mutex<Places>>);

#[derive(Debug, Default)]
struct Places {
    addresses: u32,
    /// A pod that has ended keeps its place: nobody listens there any more.
    by_pod: BTreeMap<IpAddr, SocketAddr>,
    ended: usize,
}

impl Network {
    fn lock(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An address that no pod has had.
    fn address(&self) -> IpAddr {
        let mut places = self.lock();
        places.addresses += 1;
        Ipv4Addr::from(0x0a01_0000 + places.addresses).into()
    }

    /// Where the pod of this address is.
    pub(super) fn place(&self, pod: IpAddr) -> Option<SocketAddr> {
        self.lock().by_pod.get(&pod).copied()
    }

    /// Pods that have ended.
    pub(super) fn ended(&self) -> usize {
        self.lock().ended
    }
}

/// What the pods of a fleet do.
#[derive(Debug)]
pub(super) struct Servers {
    network: Network,
    env: Env,
    drains: Option<Drains>,
}

impl Servers {
    /// Servers on this network, which wait for those who use them if `drains` is given.
    pub(super) fn new(network: &Network, env: &Env, drains: Option<Drains>) -> Self {
        Self { network: network.clone(), env: env.clone(), drains }
    }
}

impl Behavior for Servers {
    fn script(&self, _: &PodView, _: &mut Rng) -> Script {
        let mut script = Script::default();
        script.ready = Some(Duration::from_millis(50));
        script
    }

    fn runtime(&self, pod: &PodView, spec: &LifeSpec) -> Option<Box<dyn PodRuntime>> {
        let ip = self.network.address();
        let reports = SimRuntime::new(self.script(pod, &mut Rng::new(0)), Some(ip), spec);
        let (network, env) = (self.network.clone(), self.env.clone());
        let server: Box<dyn PodRuntime> =
            Box::new(Server { reports, network, env, ip, tasks: Arc::default() });
        Some(match &self.drains {
            Some(drains) => drains.around(server, &pod.meta.uid),
            None => server,
        })
    }
}

/// One pod: what is reported of it is the script's, its server is real.
#[derive(Debug)]
struct Server {
    reports: SimRuntime,
    network: Network,
    env: Env,
    ip: IpAddr,
    tasks: Tasks,
}

/// The listener and every connection; they end together.
type Tasks = Arc<Mutex<Vec<TaskHandle>>>;

impl Server {
    fn listen(&self) -> io::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        self.network.lock().by_pod.insert(self.ip, listener.local_addr()?);
        let (env, tasks) = (self.env.clone(), self.tasks.clone());
        let accepting = self.env.spawn("server", async move {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
            while let Ok((stream, _)) = listener.accept().await {
                let connection = env.spawn("connection", serve(stream, env.clone()));
                lock(&tasks).push(connection);
            }
        });
        lock(&self.tasks).push(accepting);
        Ok(())
    }

    fn end(&self) {
        let tasks = std::mem::take(&mut *lock(&self.tasks));
        self.network.lock().ended += usize::from(!tasks.is_empty());
        tasks.iter().for_each(TaskHandle::abort);
    }
}

fn lock(tasks: &Tasks) -> MutexGuard<'_, Vec<TaskHandle>> {
    tasks.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PodRuntime for Server {
    fn execute(&mut self, spec: &LifeSpec, command: Command, now: Mono) {
        if let Command::Stop { .. } = &command {
            self.end();
        }
        self.reports.execute(spec, command, now);
    }

    fn poll(&mut self, now: Mono) -> Option<Answer> {
        let answer = self.reports.poll(now)?;
        if let Answer::Started { container } = answer
            && let Err(error) = self.listen()
        {
            let failure = kube_node::machine::StartFailure::RunContainerError;
            return Some(Answer::StartFailed { container, failure, message: error.to_string() });
        }
        Some(answer)
    }

    fn deadline(&self) -> Option<Mono> {
        self.reports.deadline()
    }

    fn adopt(&mut self, spec: &LifeSpec, running: &[usize], now: Mono) {
        self.reports.adopt(spec, running, now);
    }
}

/// Answers one request after the other.
async fn serve(mut stream: TcpStream, env: Env) {
    let mut request = Vec::new();
    loop {
        let mut piece = [0; 1_024];
        let Ok(read @ 1..) = stream.read(&mut piece).await else { return };
        request.extend_from_slice(&piece[..read]);
        // Nobody here asks before the last answer has come, so that what follows an end is nothing.
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        request.clear();
        env.sleep(WORK).await;
        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.is_err() {
            return;
        }
    }
}
