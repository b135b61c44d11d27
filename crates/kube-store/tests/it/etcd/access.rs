//! Who may come in: certificates, users, and prefixes that keep stores apart.

use super::server::{Server, program, runtime};
use crate::scale;
use crate::scratch::Scratch;
use etcd_client::{Client, Permission};
use futures::StreamExt;
use kube_store::rt;
use kube_store::storage::etcd::{EtcdOptions, EtcdStorage, EtcdTls, EtcdUser};
use kube_store::storage::{
    Key, KeyRange, ListOptions, ReadAt, Storage, StorageError, StorageResult, TtlOp, Txn, TxnOutcome,
    WatchFrom, WatchItem, WatchOptions,
};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// What the server's certificate is for: not the address that it is reached at.
const NAME: &str = "etcd.test";

/// An authority and what it signed, as files.
struct Authority(Scratch);

impl Authority {
    fn new() -> Self {
        let folder = Scratch::new();
        std::fs::create_dir_all(folder.path()).unwrap();
        let authority = Self(folder);
        authority.openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.crt",
        );
        authority
    }

    fn openssl(&self, args: &str) {
        let mut command = Command::new("openssl");
        command.args(args.split(' ')).current_dir(self.0.path()).stdin(Stdio::null());
        let output = command.output().unwrap();
        assert!(output.status.success(), "openssl {args}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Signs a certificate of `name`.
    fn sign(&self, name: &str) {
        let extensions = format!("subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth,clientAuth\n");
        std::fs::write(self.0.path().join("extensions"), extensions).unwrap();
        self.openssl(&format!(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"
        ));
        self.openssl(&format!(
            "x509 -req -in {name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out {name}.crt"
        ));
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn tls(&self, client: Option<&str>) -> EtcdTls {
        let read = |path: &Path| std::fs::read(path).unwrap();
        let identity = client
            .map(|name| (read(&self.file(&format!("{name}.crt"))), read(&self.file(&format!("{name}.key")))));
        EtcdTls { authority: read(&self.file("ca.crt")), server_name: Some(NAME.into()), identity }
    }
}

/// Whether there is an openssl to make certificates with, which is said.
fn has_openssl() -> bool {
    let there = Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "openssl does not run: install it");
    if !there {
        scale::say("SKIPPED: openssl does not run");
    }
    there
}

/// How long what must come may take: only a store that is stuck takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Writes, reads, lists, watches, and grants a time to live.
async fn works(storage: &EtcdStorage) {
    let all = KeyRange::all();
    let options = WatchOptions { from: WatchFrom::Now, previous: false, bookmarks: false };
    let mut watch = storage.watch(&all, &options).await.unwrap();
    let outcome = storage.txn(Txn::put("/a", "1")).await.unwrap();
    assert!(matches!(outcome, TxnOutcome::Committed { .. }), "{outcome:?}");
    let told = timeout(PATIENCE, watch.next()).await.expect("an event").unwrap().unwrap();
    assert!(matches!(told, WatchItem::Batch(batch) if batch.events[0].key() == &Key::from("/a")));
    let got = storage.get(&"/a".into(), ReadAt::Latest).await.unwrap();
    assert_eq!(&*got.kv.unwrap().value, b"1");
    assert_eq!(storage.list(&all, &ListOptions::default()).await.unwrap().items.len(), 1);
    storage.ttl(TtlOp::Grant(Duration::from_mins(1))).await.unwrap();
}

/// Whoever must be refused need not be waited for as long as one that must not.
fn patient(options: EtcdOptions) -> EtcdOptions {
    EtcdOptions { timeout: PATIENCE, ..options }
}

fn refused(what: &str, opened: StorageResult<EtcdStorage>) {
    let error = opened.expect_err(what);
    assert!(matches!(error, StorageError::Medium { .. }), "{what}: {error}");
}

#[test]
fn certificates_are_asked_for_and_checked() {
    let (Some(program), true) = (program(), has_openssl()) else { return };
    let runtime = runtime();
    let (ours, theirs) = (Authority::new(), Authority::new());
    ours.sign(NAME);
    ours.sign("client");
    theirs.sign("client");
    let flag = |name: &str, file: &str| [name.to_owned(), ours.file(file).display().to_string()];
    let files = [
        flag("--cert-file", &format!("{NAME}.crt")),
        flag("--key-file", &format!("{NAME}.key")),
        flag("--trusted-ca-file", "ca.crt"),
    ];
    let args = [files.concat(), vec!["--client-cert-auth".into()]].concat();
    let base = EtcdOptions {
        timeout: Duration::from_millis(1500),
        ..EtcdOptions::with_env(rt::env_on(runtime.handle().clone()))
    };
    let with = |tls: EtcdTls| EtcdOptions { tls: Some(tls), prefix: "tls/".into(), ..base.clone() };
    let right = patient(with(ours.tls(Some("client"))));
    let server = Server::start_as(&program, runtime.handle(), "https", &args, &right);
    runtime.block_on(async {
        works(&server.open_as(right).await.unwrap()).await;
        refused("nobody's certificate", server.open_as(with(ours.tls(None))).await);
        refused(
            "a stranger's certificate",
            server
                .open_as(with(EtcdTls { authority: ours.tls(None).authority, ..theirs.tls(Some("client")) }))
                .await,
        );
        refused(
            "a stranger as the server",
            server
                .open_as(with(EtcdTls { authority: theirs.tls(None).authority, ..ours.tls(Some("client")) }))
                .await,
        );
        let elsewhere = EtcdTls { server_name: Some("other.test".into()), ..ours.tls(Some("client")) };
        refused("another name", server.open_as(with(elsewhere)).await);
        let plain = EtcdStorage::connect([server.endpoint.replace("https", "http")], base.clone()).await;
        refused("no certificates at all", plain);
    });
}

/// Makes `plane` a user whose keys are those that begin with `plane/`, and asks everybody for a name.
async fn ask_for_names(endpoint: &str) -> Result<(), etcd_client::Error> {
    let mut client = Client::connect([endpoint], None).await?;
    client.user_add("root", "for root", None).await?;
    client.role_add("root").await?;
    client.user_grant_role("root", "root").await?;
    client.user_add("plane", "secret", None).await?;
    client.role_add("plane").await?;
    client.role_grant_permission("plane", Permission::read_write("plane/").with_prefix()).await?;
    client.user_grant_role("plane", "plane").await?;
    client.auth_enable().await.map(drop)
}

#[test]
fn users_reach_what_is_theirs_and_nobody_else_anything() {
    let Some(program) = program() else { return };
    let runtime = runtime();
    let mut server = Server::start(&program, runtime.handle());
    let base = EtcdOptions {
        timeout: Duration::from_millis(1500),
        ..EtcdOptions::with_env(rt::env_on(runtime.handle().clone()))
    };
    let as_user = |name: &str, password: &str, prefix: &str| EtcdOptions {
        user: Some(EtcdUser { name: name.into(), password: password.into() }),
        prefix: prefix.into(),
        ..base.clone()
    };
    let storage = runtime.block_on(async {
        ask_for_names(&server.endpoint).await.unwrap();
        let storage = server.open_as(patient(as_user("plane", "secret", "plane/"))).await.unwrap();
        works(&storage).await;
        refused("nobody", server.open_as(EtcdOptions { prefix: "plane/".into(), ..base.clone() }).await);
        refused("a wrong password", server.open_as(as_user("plane", "guessed", "plane/")).await);
        refused("a stranger", server.open_as(as_user("stranger", "secret", "plane/")).await);
        refused("what is another's", server.open_as(as_user("plane", "secret", "other/")).await);
        storage
    });
    // Names are given anew: the server forgot the token when it ended.
    server.restart();
    runtime.block_on(async {
        for attempt in 0.. {
            match storage.txn(Txn::put("/b", "2")).await {
                Ok(TxnOutcome::Committed { .. }) => break,
                Ok(failed) => panic!("{failed:?}"),
                Err(error) => assert!(attempt < 20, "the token is not renewed: {error}"),
            }
            storage.current().await.ok();
            rt::env().sleep(Duration::from_millis(200)).await;
        }
        let options = WatchOptions { from: WatchFrom::Now, previous: false, bookmarks: false };
        let mut watch = storage.watch(&KeyRange::all(), &options).await.unwrap();
        storage.txn(Txn::put("/c", "3")).await.unwrap();
        let told = timeout(PATIENCE, watch.next()).await.expect("the watch has a token as well");
        assert!(matches!(told, Some(Ok(WatchItem::Batch(_)))), "{told:?}");
    });
}

#[test]
fn stores_of_two_prefixes_do_not_see_each_other() {
    let Some(program) = program() else { return };
    let runtime = runtime();
    let server = Server::start(&program, runtime.handle());
    runtime.block_on(async {
        let [one, two] = [server.prefix(), server.prefix()];
        let (one, two) = (server.open(one).await.unwrap(), server.open(two).await.unwrap());
        let (one, two) = (Arc::new(one), Arc::new(two));
        let all = KeyRange::all();
        let options = WatchOptions { from: WatchFrom::Now, previous: false, bookmarks: true };
        let mut watch = two.watch(&all, &options).await.unwrap();
        one.txn(Txn::put("/a", "1")).await.unwrap();
        assert!(two.get(&"/a".into(), ReadAt::Latest).await.unwrap().kv.is_none());
        assert!(two.list(&all, &ListOptions::default()).await.unwrap().items.is_empty());
        two.txn(Txn::delete("/a")).await.unwrap();
        assert!(one.get(&"/a".into(), ReadAt::Latest).await.unwrap().kv.is_some());
        // The other's write shows as a revision at which nothing happened here.
        let head = two.current().await.unwrap();
        let wait = async {
            loop {
                match watch.next().await.unwrap().unwrap() {
                    WatchItem::Batch(batch) => panic!("{batch:?} is another's"),
                    WatchItem::Bookmark(revision) if revision >= head => break,
                    WatchItem::Bookmark(_) => {}
                }
            }
        };
        timeout(PATIENCE, wait).await.expect("a bookmark at the other's revision");
    });
}
