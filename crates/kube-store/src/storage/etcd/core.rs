//! What the calls and the watches of one store share.

use super::call::{Again, within};
use super::failure::Failure;
use super::feed::{Begin, Feed};
use super::options::EtcdOptions;
use super::space::{Space, number, revision};
use super::tracker;
use crate::storage::{Revision, StorageError, StorageResult};
use etcd_client::{
    Certificate, Client, ConnectOptions, GetOptions, GetResponse, Identity, KvClient, TlsOptions, WatchClient,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// The connection and what is known of etcd.
pub(super) struct Core {
    pub(super) client: Client,
    pub(super) options: EtcdOptions,
    pub(super) space: Space,
    /// Whether this etcd tells its progress in time.
    pub(super) progress: bool,
    pub(super) cluster: u64,
    hubs: Hubs,
    /// The newest revision when the store was opened.
    began: Revision,
    /// The newest revision that etcd spoke of.
    seen: AtomicU64,
    /// The newest revision of a write of ours: closing lets the watches come to it.
    written: AtomicU64,
    /// The newest compaction that is known.
    compacted: AtomicU64,
    closed: AtomicBool,
    /// Whether a note to the watches is on its way.
    ticking: AtomicBool,
    readers: Mutex<Readers>,
}

/// The watches of everything, each begun by its first reader: who only writes is not told what it wrote, and etcd looks
/// up the values before (for each event by itself) only where somebody wants them.
#[derive(Default)]
struct Hubs {
    plain: OnceLock<Arc<Feed>>,
    /// With the values before.
    full: OnceLock<Arc<Feed>>,
}

impl Hubs {
    fn of(&self, previous: bool) -> &OnceLock<Arc<Feed>> {
        if previous { &self.full } else { &self.plain }
    }
}

#[derive(Default)]
struct Readers {
    next: u64,
    positions: BTreeMap<u64, Arc<AtomicU64>>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EtcdStorage").field("space", &self.space).finish_non_exhaustive()
    }
}

impl Core {
    /// Connects.
    pub(super) async fn connect(endpoints: &[String], options: EtcdOptions) -> StorageResult<Arc<Self>> {
        let connecting = Client::connect(endpoints, Some(connect_options(&options)));
        let failed = |what: String| StorageError::Medium { what: format!("connecting to etcd: {what}") };
        let client = within(&options.env, options.timeout, connecting)
            .await
            .ok_or_else(|| failed("no answer".into()))?
            .map_err(|error| failed(error.to_string()))?;
        let space = Space::new(&options.prefix);
        let mut core = Self {
            client,
            options,
            space,
            progress: false,
            cluster: 0,
            hubs: Hubs::default(),
            began: Revision::ZERO,
            seen: AtomicU64::new(0),
            written: AtomicU64::new(0),
            compacted: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            ticking: AtomicBool::new(false),
            readers: Mutex::default(),
        };
        let ask = || {
            let mut client = core.client.maintenance_client();
            async move { client.status().await }
        };
        let status =
            core.call(Again::Safe, ask).await.map_err(|failure| failure.of_read("asking its status"))?;
        core.progress = tracker::tells_progress(status.version());
        core.cluster = status.header().map_or(0, etcd_client::ResponseHeader::cluster_id);
        core.began = core.head().await?;
        match core.held(Revision::ZERO).await {
            // Only asked to learn what is compacted.
            Ok(()) | Err(StorageError::Expired { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(Arc::new(core))
    }

    pub(super) fn kv(&self) -> KvClient {
        self.client.kv_client().max_decoding_message_size(usize::MAX)
    }

    pub(super) fn watch_client(&self) -> WatchClient {
        self.client.watch_client().max_decoding_message_size(usize::MAX)
    }

    /// The newest revision, linearizably.
    pub(super) async fn head(&self) -> StorageResult<Revision> {
        self.ask_head().await.map_err(|failure| failure.of_read("reading"))
    }

    /// Whether etcd could not be reached, and may be again.
    pub(super) async fn is_outage(&self) -> bool {
        self.ask_head().await.err().is_none_or(|failure| failure.passes())
    }

    async fn ask_head(&self) -> Result<Revision, Failure> {
        Ok(self.note_seen(self.look().await?.header().map_or(0, etcd_client::ResponseHeader::revision)))
    }

    /// The term of who leads, linearizably.
    pub(super) async fn term(&self) -> StorageResult<u64> {
        let got = self.look().await.map_err(|failure| failure.of_read("reading"))?;
        Ok(got.header().map_or(0, etcd_client::ResponseHeader::raft_term))
    }

    async fn look(&self) -> Result<GetResponse, Failure> {
        let look = || {
            let (mut kv, key) = (self.kv(), self.space.tick());
            async move { kv.get(key, Some(GetOptions::new().with_count_only())).await }
        };
        self.call(Again::Safe, look).await
    }

    /// Whether everything after `asked` can be told.
    pub(super) async fn held(&self, asked: Revision) -> StorageResult<()> {
        let at = asked.max(Revision::new(1));
        let look = || {
            let (mut kv, key) = (self.kv(), self.space.tick());
            let options = GetOptions::new().with_count_only().with_revision(number(at));
            async move { kv.get(key, Some(options)).await }
        };
        match self.call(Again::Safe, look).await {
            Ok(got) => {
                self.note_seen(got.header().map_or(0, etcd_client::ResponseHeader::revision));
                Ok(())
            }
            Err(failure) => Err(self.explain(failure, at, "reading").await),
        }
    }

    /// What a reader of the revision `asked` is told.
    pub(super) async fn explain(&self, failure: Failure, asked: Revision, what: &str) -> StorageError {
        match failure {
            Failure::Compacted => {
                StorageError::Expired { asked, compacted: self.compacted_above(asked).await, next: None }
            }
            Failure::Future => match self.head().await {
                Ok(head) => StorageError::Future { asked, head },
                Err(error) => error,
            },
            other => other.of_read(what),
        }
    }

    /// The compacted revision, which is above `asked`. etcd tells it to watches only.
    async fn compacted_above(&self, asked: Revision) -> Revision {
        if self.compacted() > asked {
            return self.compacted();
        }
        let options =
            etcd_client::WatchOptions::new().with_start_revision(number(asked.max(Revision::new(1))));
        let (mut client, key) = (self.watch_client(), self.space.tick());
        let told = within(&self.options.env, self.options.timeout, async move {
            let mut stream = client.watch(key, Some(options)).await.ok()?;
            while let Ok(Some(response)) = stream.message().await {
                if response.compact_revision() > 0 {
                    return Some(revision(response.compact_revision()));
                }
            }
            None
        });
        let told = told.await.flatten().unwrap_or_else(|| asked.next());
        self.note_compacted(told);
        told
    }

    /// Writes a key that no reader sees, so that the watches learn how far etcd is. Nobody waits for it: what comes
    /// meanwhile is to be read.
    pub(super) fn tick(self: &Arc<Self>) {
        if self.ticking.swap(true, Ordering::SeqCst) {
            return;
        }
        let core = self.clone();
        let ticking = async move {
            let put = || {
                let (mut kv, key) = (core.kv(), core.space.tick());
                async move { kv.put(key, "", None).await }
            };
            match core.call(Again::Safe, put).await {
                Ok(put) => {
                    core.note_seen(put.header().map_or(0, etcd_client::ResponseHeader::revision));
                }
                Err(failure) => tracing::debug!(?failure, "a note to the watches was not written"),
            }
            core.ticking.store(false, Ordering::SeqCst);
        };
        drop(self.options.env.spawn("etcd-tick", ticking));
    }

    /// A feed of what follows `from`, with the values before or without: the one of all, or one that leads up to it.
    pub(super) fn feed_after(self: &Arc<Self>, from: Revision, previous: bool) -> Arc<Feed> {
        let begin = Begin { from: from.max(self.began), previous, shared: true };
        self.hubs.of(previous).get_or_init(|| Feed::start(self, begin));
        self.shared_after(from, previous)
            .unwrap_or_else(|| Feed::start(self, Begin { from, previous, shared: false }))
    }

    /// The feed of all, where it has what follows `from`.
    pub(super) fn shared_after(&self, from: Revision, previous: bool) -> Option<Arc<Feed>> {
        self.hubs.of(previous).get().filter(|hub| hub.log().has(from)).cloned()
    }

    /// The feeds of all.
    pub(super) fn shared(&self) -> impl Iterator<Item = &Arc<Feed>> {
        [false, true].into_iter().filter_map(|previous| self.hubs.of(previous).get())
    }

    /// Registers a reader at `from`: its number, and where it tells its position.
    pub(super) fn enter(&self, from: Revision) -> (u64, Arc<AtomicU64>) {
        let position = Arc::new(AtomicU64::new(from.get()));
        let mut readers = self.readers();
        let id = readers.next;
        readers.next += 1;
        readers.positions.insert(id, position.clone());
        (id, position)
    }

    pub(super) fn leave(&self, id: u64) {
        self.readers().positions.remove(&id);
    }

    /// How many readers there are, and how far the slowest is behind.
    pub(super) fn lag(&self) -> (usize, u64) {
        let readers = self.readers();
        let slowest = readers.positions.values().map(|at| at.load(Ordering::Relaxed)).min();
        let lag = slowest.map_or(0, |at| self.seen().get().saturating_sub(at));
        (readers.positions.len(), lag)
    }

    fn readers(&self) -> MutexGuard<'_, Readers> {
        // Every section is one change of a map.
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a revision that etcd spoke of.
    pub(super) fn note_seen(&self, number: i64) -> Revision {
        let at = revision(number);
        self.seen.fetch_max(at.get(), Ordering::SeqCst);
        at
    }

    /// Notes a write of ours.
    pub(super) fn note_written(&self, at: Revision) {
        self.seen.fetch_max(at.get(), Ordering::SeqCst);
        self.written.fetch_max(at.get(), Ordering::SeqCst);
    }

    pub(super) fn note_compacted(&self, at: Revision) {
        self.compacted.fetch_max(at.get(), Ordering::SeqCst);
    }

    pub(super) fn seen(&self) -> Revision {
        Revision::new(self.seen.load(Ordering::SeqCst))
    }

    pub(super) fn compacted(&self) -> Revision {
        Revision::new(self.compacted.load(Ordering::SeqCst))
    }

    pub(super) fn open(&self) -> StorageResult<()> {
        if self.is_closed() { Err(StorageError::Closed) } else { Ok(()) }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Whether a reader that has everything up to `through` gets nothing more.
    pub(super) fn is_over(&self, through: Revision) -> bool {
        self.is_closed() && through.get() >= self.written.load(Ordering::SeqCst)
    }

    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.shared().for_each(|hub| hub.change(super::log::Log::stir));
    }
}

fn connect_options(options: &EtcdOptions) -> ConnectOptions {
    let EtcdOptions { user, tls, connect_timeout, keep_alive, .. } = options;
    let mut connect = ConnectOptions::new()
        .with_connect_timeout(*connect_timeout)
        .with_keep_alive(*keep_alive, *keep_alive)
        .with_keep_alive_while_idle(true)
        .with_require_leader(true);
    if let Some(user) = user {
        connect = connect.with_user(&user.name, &user.password).with_auto_token_refresh(true);
    }
    if let Some(tls) = tls {
        let mut config = TlsOptions::new().ca_certificate(Certificate::from_pem(&tls.authority));
        if let Some(name) = &tls.server_name {
            config = config.domain_name(name);
        }
        if let Some((certificate, key)) = &tls.identity {
            config = config.identity(Identity::from_pem(certificate, key));
        }
        connect = connect.with_tls(config);
    }
    connect
}
