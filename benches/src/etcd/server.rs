//! An etcd on loopback.

use std::io;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// An etcd of one member with an empty directory of its own. Dropping it ends it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    folder: PathBuf,
    endpoint: String,
}

impl Server {
    /// Starts `program`. It answers a moment later: who connects waits for it.
    ///
    /// # Errors
    /// There is no such program, or no port.
    pub fn start(program: &str) -> io::Result<Self> {
        let held = [TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?];
        let [client, peer] = [held[0].local_addr()?, held[1].local_addr()?].map(|at| format!("http://{at}"));
        drop(held);
        let folder = std::env::temp_dir().join(format!("kube-benches-etcd-{}", std::process::id()));
        let child = Command::new(program)
            .arg("--data-dir")
            .arg(&folder)
            .args(["--name", "one", "--initial-cluster", &format!("one={peer}")])
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--logger", "zap", "--log-level", "error", "--quota-backend-bytes", "8589934592"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { child, folder, endpoint: client })
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What is left then is a folder of temporary files.
        drop(self.child.kill());
        drop(self.child.wait());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}
