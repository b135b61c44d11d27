//! Three members of an etcd on loopback, and what can be done to them.

use super::proxy::{Line, Proxy};
use crate::etcd::ports;
use crate::etcd::server::{is_listening, version};
use crate::scratch::Scratch;
use etcd_client::{AlarmAction, AlarmOptions, AlarmType, Client, ConnectOptions};
use kube_core::env::{Env, Mono};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::time::timeout;

pub(crate) const MEMBERS: usize = 3;

/// How much a member may hold: some seconds of large values fill it.
const QUOTA: usize = 48 << 20;

/// After how long without a leader another one is elected, at the earliest.
pub(crate) const ELECTION: Duration = Duration::from_millis(500);

/// How long one question to a member may take.
const PATIENCE: Duration = Duration::from_millis(700);

/// An etcd of three members. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Cluster {
    program: String,
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) env: Env,
    members: Vec<Member>,
    stores: AtomicU32,
    /// When leaders that had stood still for longer than an election went on.
    pub(crate) resumed: Vec<Mono>,
    /// Whether such a leader may end leases that the new one keeps: it asks to, and the new one obeys
    /// (etcd-io/etcd#15247).
    pub(crate) obeys_deposed: bool,
    /// Whether a member that is killed may forget what it had applied, and never learn it again
    /// (etcd-io/etcd#13766).
    pub(crate) forgets: bool,
}

#[derive(Debug)]
struct Member {
    client: SocketAddr,
    peer: SocketAddr,
    directory: Scratch,
    proxy: Proxy,
    /// None while it is dead.
    child: Option<Child>,
}

impl Member {
    /// One that ended by itself is dead as well.
    fn lives(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_none())
    }

    fn is_listening(&mut self) -> bool {
        self.lives() && is_listening(&self.directory)
    }
}

impl Cluster {
    /// Starts the members, and waits until they have a leader.
    pub(crate) fn start(program: &str, runtime: &Arc<Runtime>) -> Self {
        // Another process may take a port before a member does: then that one ends.
        let started = { 0..5 }.find_map(|_| {
            let mut cluster = Self::of(program, runtime);
            (0..MEMBERS).for_each(|member| cluster.revive(member));
            (cluster.settle() && cluster.members.iter_mut().all(Member::is_listening)).then_some(cluster)
        });
        let cluster = started.unwrap_or_else(|| panic!("{program} does not become a cluster"));
        // To a store the first revision of etcd is none.
        let began =
            (0..20).any(|_| cluster.ask(0, async |client| client.put("\0began", "", None).await).is_some());
        assert!(began, "{program} does not write");
        cluster
    }

    /// Members that were not started.
    fn of(program: &str, runtime: &Arc<Runtime>) -> Self {
        let env = kube_store::rt::env_on(runtime.handle().clone());
        let member = |_| {
            let [client, peer] = ports::free();
            let proxy = Proxy::start(runtime.handle(), &env, client);
            Member { client, peer, directory: Scratch::new(), proxy, child: None }
        };
        let members = (0..MEMBERS).map(member).collect();
        let (program, runtime, stores) = (program.to_owned(), runtime.clone(), AtomicU32::new(0));
        let obeys_deposed = match version(&program) {
            [3, 4, patch] => patch < 31,
            [3, 5, patch] => patch < 13,
            version => version < [3, 4, 0],
        };
        let forgets = matches!(version(&program), [3, 5, 0..3]);
        Self { program, runtime, env, members, stores, resumed: Vec::new(), obeys_deposed, forgets }
    }

    /// New members in the place of these.
    pub(crate) fn renew(&mut self) {
        *self = Self::start(&self.program.clone(), &self.runtime.clone());
    }

    /// Whether the members hold the same, once nobody writes: each counts the revisions that it applied.
    pub(crate) fn agree(&self) -> bool {
        let revision = |member| {
            let got = self.ask(member, async |client| client.get("\0settled", None).await)?;
            got.header().map(etcd_client::ResponseHeader::revision)
        };
        // What ends by itself may be on its way.
        (0..20).any(|_| {
            let told: Vec<_> = (0..MEMBERS).map(revision).collect();
            let same = told.iter().all(|one| one.is_some() && *one == told[0]);
            if !same {
                self.sleep(Duration::from_millis(100));
            }
            same
        })
    }

    /// Starts a member that is dead.
    pub(crate) fn revive(&mut self, member: usize) {
        let name = |at: usize| format!("m{at}");
        let peers: Vec<_> = self
            .members
            .iter()
            .enumerate()
            .map(|(at, one)| format!("{}=http://{}", name(at), one.peer))
            .collect();
        let one = &mut self.members[member];
        if one.lives() {
            return;
        }
        let (client, peer) = (format!("http://{}", one.client), format!("http://{}", one.peer));
        let child = Command::new(&self.program)
            .arg("--data-dir")
            .arg(one.directory.path())
            .args(["--name", &name(member), "--initial-cluster", &peers.join(",")])
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--heartbeat-interval", "50", "--election-timeout", &ELECTION.as_millis().to_string()])
            .args(["--quota-backend-bytes", &QUOTA.to_string()])
            // By default a member holds 100,000 entries of its log, each of what fills the quota among them.
            .args(["--snapshot-count", "1000"])
            .args(["--logger", "zap", "--log-level", "error"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        one.child = Some(child);
    }

    /// `kill -9`; a member that would forget by it what it had applied is asked to end instead.
    pub(crate) fn kill(&mut self, member: usize) {
        if self.forgets && self.members[member].lives() {
            self.signal(member, "CONT");
            self.signal(member, "TERM");
            let ended = (0..1500).any(|_| {
                let lives = self.members[member].lives();
                if lives {
                    self.sleep(Duration::from_millis(10));
                }
                !lives
            });
            assert!(ended, "a member does not end");
        }
        self.end(member);
    }

    fn end(&mut self, member: usize) {
        if let Some(mut child) = self.members[member].child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// Stops a member (`STOP`), or lets it go on (`CONT`).
    pub(crate) fn signal(&self, member: usize, signal: &str) {
        if let Some(child) = &self.members[member].child {
            let sent = Command::new("kill").arg(format!("-{signal}")).arg(child.id().to_string()).status();
            assert!(sent.unwrap().success(), "kill -{signal}");
        }
    }

    pub(crate) fn line(&self, member: usize, line: Line) {
        self.members[member].proxy.set(line);
    }

    /// The members' own addresses.
    pub(crate) fn endpoints(&self) -> Vec<String> {
        self.members.iter().map(|one| format!("http://{}", one.client)).collect()
    }

    /// The addresses of the proxies before them.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.members.iter().map(|one| one.proxy.endpoint().to_owned()).collect()
    }

    /// A prefix that nobody used.
    pub(crate) fn prefix(&self) -> String {
        format!("store-{}/", self.stores.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn sleep(&self, time: Duration) {
        self.runtime.block_on(self.env.sleep(time));
    }

    /// Asks a member something.
    pub(crate) fn ask<T>(
        &self,
        member: usize,
        question: impl AsyncFnOnce(&mut Client) -> Result<T, etcd_client::Error>,
    ) -> Option<T> {
        self.ask_for(PATIENCE, member, question)
    }

    /// The same, with as much patience as the question needs.
    pub(crate) fn ask_for<T>(
        &self,
        patience: Duration,
        member: usize,
        question: impl AsyncFnOnce(&mut Client) -> Result<T, etcd_client::Error>,
    ) -> Option<T> {
        let endpoint = format!("http://{}", self.members[member].client);
        let asking = async {
            let options = ConnectOptions::new().with_connect_timeout(PATIENCE);
            let mut client = Client::connect([endpoint], Some(options)).await.ok()?;
            question(&mut client).await.ok()
        };
        self.runtime.block_on(async { timeout(patience, asking).await.ok().flatten() })
    }

    /// The member that leads, once there is one.
    pub(crate) fn current_leader(&self) -> usize {
        let leader = (0..20).find_map(|_| {
            let leader = self.leader();
            if leader.is_none() {
                self.sleep(Duration::from_millis(100));
            }
            leader
        });
        leader.expect("a cluster that is well has a leader")
    }

    /// The member that leads, as far as one can be asked.
    pub(crate) fn leader(&self) -> Option<usize> {
        let told = |member: usize| {
            let status = self.ask(member, async |client| client.status().await)?;
            let me = status.header()?.member_id();
            (status.leader() != 0).then_some((me, status.leader()))
        };
        let told: Vec<_> = (0..MEMBERS).map(told).collect();
        told.iter().position(|one| one.is_some_and(|(me, leader)| me == leader))
    }

    /// Waits until every member answers linearizably; not for ever.
    pub(crate) fn settle(&self) -> bool {
        let answers = |member| self.ask(member, async |client| client.get("\0settled", None).await).is_some();
        (0..100).any(|_| {
            let settled = (0..MEMBERS).all(answers);
            if !settled {
                self.sleep(Duration::from_millis(100));
            }
            settled
        })
    }

    /// Ends every time to live; tells whether there is none any more.
    pub(crate) fn end_leases(&self) -> bool {
        (0..20).any(|_| {
            let left = self.ask(0, async |client| {
                let leases = client.leases().await?;
                for lease in leases.leases() {
                    client.lease_revoke(lease.id()).await?;
                }
                Ok(leases.leases().len())
            });
            left == Some(0)
        })
    }

    /// Makes room on every member, and says that there is room again, until all believe it; not for ever.
    pub(crate) fn make_room(&self) -> bool {
        (0..20).any(|_| {
            for member in 0..MEMBERS {
                self.ask_for(PATIENCE * 10, member, async |client| client.defragment().await);
            }
            // Each member raised an alarm of its own.
            let left = self.ask(0, async |client| {
                let alarms = client.alarm(AlarmAction::Get, AlarmType::None, None).await?;
                for alarm in alarms.alarms() {
                    let mut of = AlarmOptions::new();
                    of.with_member(alarm.member_id());
                    client.alarm(AlarmAction::Deactivate, alarm.alarm(), Some(of)).await?;
                }
                Ok(alarms.alarms().len())
            });
            left == Some(0)
        })
    }

    /// Everything as it should be.
    pub(crate) fn heal(&mut self) {
        for member in 0..MEMBERS {
            self.line(member, Line::Good);
            self.signal(member, "CONT");
            self.revive(member);
        }
        assert!(self.settle(), "the cluster does not come back");
        assert!(self.make_room(), "the members still have no room");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        (0..MEMBERS).for_each(|member| self.end(member));
    }
}
