//! A line between a client and a member, which can be bad in several ways.

use kube_core::env::Env;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// Good until a client writes: half open from then on.
    DeafOnceWritten,
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
    let written = AtomicBool::new(false);
    // The end of one way is the end of both.
    select! {
        biased;
        end = carry(client_reads, server_writes, Way::Questions(&written), env, line.clone()) => end,
        end = carry(server_reads, client_writes, Way::Answers(&written), env, line) => end,
    }
}

/// Which way bytes go, and whether a client wrote since the line became one that is half open then.
#[derive(Clone, Copy)]
enum Way<'a> {
    Questions(&'a AtomicBool),
    Answers(&'a AtomicBool),
}

/// Whether there is a value of a client in it, as [`Traffic`](kube_store::conformance::history::Traffic) numbers them:
/// `7.1.0-12`. Nothing else that a client sends looks like that.
fn writes(bytes: &[u8]) -> bool {
    let seed = |value: &[u8]| -> Option<usize> {
        let round = without_number(without_number(value)?.strip_suffix(b".")?)?;
        without_number(round.strip_suffix(b".")?).map(<[u8]>::len)
    };
    let starts = |at: &usize| bytes[*at] == b'-' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
    (0..bytes.len()).filter(starts).any(|at| seed(&bytes[..at]).is_some())
}

/// What comes before the number at the end.
fn without_number(text: &[u8]) -> Option<&[u8]> {
    let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    text.get(..text.len() - digits).filter(|_| digits > 0)
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    way: Way<'_>,
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
                if let Way::Questions(written) = way {
                    written.store(false, Ordering::SeqCst);
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
                if matches!(way, Way::Answers(_)) {
                    lossy = true;
                    continue;
                }
            }
            Line::DeafOnceWritten => match way {
                Way::Questions(written) => {
                    written.fetch_or(writes(&buffer[..count]), Ordering::SeqCst);
                }
                Way::Answers(written) if written.load(Ordering::SeqCst) => {
                    lossy = true;
                    continue;
                }
                Way::Answers(_) => {}
            },
            Line::Cut => return Ok(()),
        }
        to.write_all(&buffer[..count]).await?;
    }
}

#[test]
fn a_written_value_is_told_from_all_else() {
    assert!(writes(b"\x01\x02store-3//0/12\x12\x087.1.0-12\x00"));
    assert!(writes(b"400.12.2-1"));
    for other in ["store-3//0/12", "/0/1", "7.1-12", "7.1.0-", "127.0.0.1:2379", "grpc-go/1.2.3", "-", "1-2"]
    {
        assert!(!writes(other.as_bytes()), "{other}");
    }
}
