//! An etcd on loopback, for as long as the example runs.

use std::error::Error;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// One member with an empty directory of its own.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    directory: PathBuf,
    pub(super) endpoint: String,
}

impl Server {
    /// Starts the program that the variable `ETCD` names, or `etcd`.
    pub(super) fn start() -> Result<Self, Box<dyn Error>> {
        let program = std::env::var_os("ETCD").unwrap_or_else(|| "etcd".into());
        // Both held at once, so that they differ.
        let held = [free_port()?, free_port()?];
        let url = |at: &TcpListener| at.local_addr().map(|at| format!("http://{at}"));
        let (endpoint, peer) = (url(&held[0])?, url(&held[1])?);
        drop(held);
        let directory = std::env::temp_dir().join(format!("two-planes-{}", std::process::id()));
        // What a process of that number left behind.
        let _none = std::fs::remove_dir_all(&directory);
        let child = Command::new(&program)
            .arg("--data-dir")
            .arg(&directory)
            .args(["--name", "one", "--initial-cluster", &format!("one={peer}")])
            .args(["--listen-client-urls", &endpoint, "--advertise-client-urls", &endpoint])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--logger", "zap", "--log-level", "error"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{} does not start: {error}", program.display()))?;
        Ok(Self { child, directory, endpoint })
    }
}

/// A port that no connection to elsewhere is given: those begin at 32,768 on Linux.
fn free_port() -> Result<TcpListener, Box<dyn Error>> {
    let first = u16::try_from(std::process::id() % 10_000)?;
    let free = (20_000 + first..32_768).find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok());
    free.ok_or_else(|| "no port is free".into())
}

impl Drop for Server {
    fn drop(&mut self) {
        // What has ended or was never there need not be taken away.
        let _ended = self.child.kill();
        let _status = self.child.wait();
        let _gone = std::fs::remove_dir_all(&self.directory);
    }
}
