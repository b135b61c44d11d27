//! A line between a client and a member, which can be bad in several ways.

use kube_core::env::Env;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::select;
use tokio::sync::watch::{self, Receiver, Sender};
use tokio::task::JoinHandle;

/// How good the line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// As good as loopback.
    Good,
    /// What is sent arrives this much later.
    Slow(Duration),
    /// Nothing arrives, until it is good again.
    Held,
    /// Half open: questions arrive, answers are lost.
    Deaf,
    /// Connections break, and new ones end at once.
    Cut,
}

/// A proxy in front of one member. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Proxy {
    endpoint: String,
    line: Sender<Line>,
    serving: JoinHandle<()>,
}

impl Proxy {
    /// A good line to `target`.
    pub(crate) fn start(runtime: &Handle, env: &Env, target: SocketAddr) -> Self {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (line, seen) = watch::channel(Line::Good);
        let serving = runtime.spawn(serve(listener, target, env.clone(), seen));
        Self { endpoint, line, serving }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, target: SocketAddr, env: Env, line: Receiver<Line>) {
    while let Ok((client, _)) = listener.accept().await {
        if *line.borrow() == Line::Cut {
            continue;
        }
        let (line, clock) = (line.clone(), env.clone());
        drop(env.spawn("connection", async move {
            // Where the member is gone the client's connection ends.
            drop(connection(client, target, &clock, line).await);
        }));
    }
}

async fn connection(
    client: TcpStream,
    target: SocketAddr,
    env: &Env,
    line: Receiver<Line>,
) -> io::Result<()> {
    let server = TcpStream::connect(target).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (client_reads, client_writes) = client.into_split();
    let (server_reads, server_writes) = server.into_split();
    // The end of one way is the end of both.
    select! {
        biased;
        end = carry(client_reads, server_writes, false, env, line.clone()) => end,
        end = carry(server_reads, client_writes, true, env, line) => end,
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    answers: bool,
    env: &Env,
    mut line: Receiver<Line>,
) -> io::Result<()> {
    let (mut buffer, mut lossy) = (vec![0; 16 << 10], false);
    loop {
        let count = select! {
            biased;
            changed = line.changed() => {
                // What was lost never comes: the rest is of no use.
                if changed.is_err() || lossy || *line.borrow_and_update() == Line::Cut {
                    return Ok(());
                }
                continue;
            }
            count = from.read(&mut buffer) => count?,
        };
        if count == 0 {
            return Ok(());
        }
        let now = *line.borrow();
        match now {
            Line::Good => {}
            Line::Slow(by) => env.sleep(by).await,
            Line::Held => {
                let after = line.wait_for(|line| *line != Line::Held).await.map(|line| *line);
                if !after.is_ok_and(|line| line != Line::Cut) {
                    return Ok(());
                }
            }
            Line::Deaf => {
                if answers {
                    lossy = true;
                    continue;
                }
            }
            Line::Cut => return Ok(()),
        }
        to.write_all(&buffer[..count]).await?;
    }
}
