//! An etcd for a test.

use crate::scale;
use crate::scratch::Scratch;
use kube_store::storage::StorageResult;
use kube_store::storage::etcd::{EtcdOptions, EtcdStorage};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};

/// An etcd of one member with an empty directory of its own. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    endpoint: String,
    stores: AtomicU32,
    _directory: Scratch,
}

/// The program; none where there is none, which is said.
pub(crate) fn program() -> Option<String> {
    let program = std::env::var("ETCD").unwrap_or_else(|_| "etcd".into());
    let version = Command::new(&program).arg("--version").output();
    if let Ok(output) = version {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        scale::say(&format!("{program}: {}", text.lines().next().unwrap_or("?")));
        return Some(program);
    }
    assert!(std::env::var_os("CI").is_none(), "{program} does not run: install etcd, or name it in ETCD");
    scale::say(&format!("SKIPPED: {program} does not run; install etcd, or name it in ETCD"));
    None
}

/// Threads for what talks to etcd.
pub(crate) fn runtime() -> Arc<Runtime> {
    Arc::new(Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
}

impl Server {
    /// Starts one, and waits until it answers.
    pub(crate) fn start(program: &str, runtime: &Handle) -> Self {
        // Both held at once, so that they differ. Somebody else may take one before etcd does: then it ends.
        for _ in 0..5 {
            let [client, peer] = [0, 1].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
            let [client, peer] = [client, peer].map(|held| format!("http://{}", held.local_addr().unwrap()));
            let directory = Scratch::new();
            let child = Command::new(program)
                .arg("--data-dir")
                .arg(directory.path())
                .args(["--name", "one", "--initial-cluster", &format!("one={peer}")])
                .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
                .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
                .args(["--heartbeat-interval", "50", "--election-timeout", "500"])
                .args(["--logger", "zap", "--log-level", "error"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut server =
                Self { child, endpoint: client, stores: AtomicU32::new(0), _directory: directory };
            for _ in 0..50 {
                if runtime.block_on(server.store()).is_ok() {
                    return server;
                }
                if server.child.try_wait().unwrap().is_some() {
                    break;
                }
                std::thread::park_timeout(Duration::from_millis(100));
            }
        }
        panic!("{program} does not answer");
    }

    /// An empty store: a prefix that nobody used.
    pub(crate) async fn store(&self) -> StorageResult<EtcdStorage> {
        self.open(self.prefix()).await
    }

    pub(crate) fn prefix(&self) -> String {
        format!("store-{}/", self.stores.fetch_add(1, Ordering::Relaxed))
    }

    /// The store of a prefix.
    pub(crate) async fn open(&self, prefix: String) -> StorageResult<EtcdStorage> {
        let options = EtcdOptions { prefix, ..EtcdOptions::new() };
        EtcdStorage::connect([self.endpoint.clone()], options).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
