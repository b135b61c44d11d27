//! An etcd for a test.

use super::ports;
use crate::scale;
use crate::scratch::Scratch;
use etcd_client::{Client, GetOptions, KeyValue};
use kube_store::rt;
use kube_store::storage::StorageResult;
use kube_store::storage::etcd::{EtcdOptions, EtcdStorage};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};

/// An etcd of one member with an empty directory of its own. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    start: Start,
    pub(crate) endpoint: String,
    stores: AtomicU32,
    directory: Scratch,
}

/// How it is started.
#[derive(Debug)]
struct Start {
    program: String,
    args: Vec<String>,
    options: EtcdOptions,
}

/// The program; none where there is none, which is said.
pub(crate) fn program() -> Option<String> {
    let named = std::env::var_os("ETCD").and_then(|name| name.into_string().ok());
    let program = named.unwrap_or_else(|| "etcd".into());
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

/// Which version it is: major, minor, patch.
pub(crate) fn version(program: &str) -> [u32; 3] {
    let output = Command::new(program).arg("--version").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let told = text.lines().find_map(|line| line.strip_prefix("etcd Version: ")).unwrap();
    let mut parts = told.split(['.', '-', '+']).map(|part| part.parse().unwrap());
    [(); 3].map(|()| parts.next().unwrap())
}

/// Threads for what talks to etcd.
pub(crate) fn runtime() -> Arc<Runtime> {
    Arc::new(Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
}

fn spawn(program: &str, args: &[String]) -> Child {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Whether the etcd of this directory came to listen, so that whoever answers at its address is none but it: only then
/// it begins to fill the directory.
pub(crate) fn is_listening(directory: &Scratch) -> bool {
    directory.path().join("member").exists()
}

impl Server {
    /// Starts one, and waits until it answers.
    pub(crate) fn start(program: &str, runtime: &Handle) -> Self {
        let options = EtcdOptions::with_env(rt::env_on(runtime.clone()));
        Self::start_as(program, runtime, "http", &[], &options)
    }

    /// The same with `args`, for clients that connect by `scheme` with `options`.
    pub(crate) fn start_as(
        program: &str,
        runtime: &Handle,
        scheme: &str,
        args: &[String],
        options: &EtcdOptions,
    ) -> Self {
        // Another process may take a port before etcd does: then it ends.
        for _ in 0..5 {
            let [client, peer] = ports::free();
            let (client, peer) = (format!("{scheme}://{client}"), format!("http://{peer}"));
            let directory = Scratch::new();
            let place = directory.path().display();
            let own = format!(
                "--data-dir {place} --name one --initial-cluster one={peer} --listen-client-urls {client} \
                 --advertise-client-urls {client} --listen-peer-urls {peer} --initial-advertise-peer-urls {peer} \
                 --heartbeat-interval 50 --election-timeout 500 --logger zap --log-level error"
            );
            let args = own.split(' ').map(String::from).chain(args.iter().cloned()).collect();
            let start = Start { program: program.to_owned(), args, options: options.clone() };
            let child = spawn(program, &start.args);
            let stores = AtomicU32::new(0);
            let mut server = Self { child, start, endpoint: client, stores, directory };
            if server.answers(runtime) {
                return server;
            }
        }
        panic!("{program} does not answer");
    }

    /// Waits until it answers; not for ever, and not once it ended.
    fn answers(&mut self, runtime: &Handle) -> bool {
        for _ in 0..50 {
            let answered = runtime.block_on(self.store()).is_ok();
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if answered && is_listening(&self.directory) {
                return true;
            }
            std::thread::park_timeout(Duration::from_millis(100));
        }
        false
    }

    /// Ends it, and starts it again where it was.
    pub(crate) fn restart(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        self.child = spawn(&self.start.program, &self.start.args);
    }

    /// The revision of the newest note that a store wrote to its watches; zero where there is none.
    pub(crate) async fn last_note(&self) -> u64 {
        let mut client = Client::connect([&self.endpoint], None).await.unwrap();
        let notes = notes(&mut client).await.unwrap();
        notes.iter().map(|kv| kv.mod_revision().cast_unsigned()).max().unwrap_or_default()
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
        self.open_as(EtcdOptions { prefix, ..self.start.options.clone() }).await
    }

    pub(crate) async fn open_as(&self, options: EtcdOptions) -> StorageResult<EtcdStorage> {
        EtcdStorage::connect([self.endpoint.clone()], options).await
    }
}

/// The notes that stores wrote to their watches: a key for each store, with the revision of its newest one and how many
/// there were.
pub(crate) async fn notes(client: &mut Client) -> Result<Vec<KeyValue>, etcd_client::Error> {
    let options = GetOptions::new().with_prefix().with_keys_only();
    let mut found = client.get("store-", Some(options)).await?.take_kvs();
    found.retain(|kv| kv.key().ends_with(b"\0tick"));
    Ok(found)
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
