//! What a connection to etcd can be told.

use crate::rt;
use kube_core::env::Env;
use std::fmt;
use std::time::Duration;

/// How to talk to etcd.
#[derive(Clone, Debug)]
pub struct EtcdOptions {
    /// What every key begins with in etcd: several stores live side by side in one cluster, as long as none of their
    /// prefixes is the beginning of another. Best ended by a `/`.
    pub prefix: String,
    /// Who to be; without it no user is named.
    pub user: Option<EtcdUser>,
    /// Certificates, for endpoints that begin with `https://`.
    pub tls: Option<EtcdTls>,
    /// How long a call may take, retries of reads included. A write that takes longer is
    /// [`StorageError::Unknown`](crate::storage::StorageError::Unknown).
    pub timeout: Duration,
    /// How long connecting to one endpoint may take.
    pub connect_timeout: Duration,
    /// How often an idle connection is asked whether it lives, and as long it may take to answer: a member that
    /// stopped, or a cable that was cut, is noticed after twice this time.
    pub keep_alive: Duration,
    /// How many changes are kept in this process for watches that fall behind; the rest of them ask etcd.
    pub history: usize,
    /// Where clock, tasks and randomness come from. They have to be those of a tokio runtime.
    pub env: Env,
}

/// A user of etcd.
#[derive(Clone)]
pub struct EtcdUser {
    /// The name.
    pub name: String,
    /// The password. Tokens that ran out are asked for anew.
    pub password: String,
}

impl fmt::Debug for EtcdUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EtcdUser").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Certificates, each as PEM.
#[derive(Clone, Default)]
pub struct EtcdTls {
    /// Whose signature a server's certificate must have.
    pub authority: Vec<u8>,
    /// The name that the server's certificate must have, where it is not the one in the endpoint.
    pub server_name: Option<String>,
    /// The client's own certificate and its key, where the server asks for one.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl fmt::Debug for EtcdTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EtcdTls").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}

impl EtcdOptions {
    /// No prefix, no user, no certificates; 5 s for a call, 2 s to connect.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new() -> Self {
        Self::with_env(rt::env())
    }

    /// The same with an environment of one's own.
    pub fn with_env(env: Env) -> Self {
        Self {
            prefix: String::new(),
            user: None,
            tls: None,
            timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(2),
            keep_alive: Duration::from_secs(2),
            history: 1 << 16,
            env,
        }
    }
}

impl Default for EtcdOptions {
    fn default() -> Self {
        Self::new()
    }
}
