//! Connections with many questions each.

use super::respond;
use crate::dns::Zone;
use futures::future::{Either, select};
use kube_core::env::Env;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// The most connections at a time; further ones wait to be accepted.
const CONNECTIONS: usize = 512;
/// A connection that asks nothing for so long is closed.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn serve(listener: TcpListener, zone: Arc<Zone>, env: Env) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // The semaphore is never closed.
        let Ok(place) = room.clone().acquire_owned().await else { return };
        let Ok((mut stream, _)) = listener.accept().await else { continue };
        let (zone, clock) = (zone.clone(), env.clone());
        let _task = env.spawn("dns-tcp", async move {
            let _place = place;
            // Whatever ends a connection is the client's business.
            while let Ok(true) = converse(&mut stream, &zone, &clock).await {}
        });
    }
}

/// One question and its answer; `false` to close.
async fn converse(stream: &mut TcpStream, zone: &Zone, env: &Env) -> io::Result<bool> {
    let question = {
        let reading = pin!(read(stream));
        match select(reading, env.sleep(PATIENCE)).await {
            Either::Left((question, _)) => question?,
            Either::Right(((), _)) => return Ok(false),
        }
    };
    let Some(answer) = respond(zone, &question, true) else { return Ok(false) };
    let Ok(length) = u16::try_from(answer.len()) else { return Ok(false) };
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend(answer);
    let writing = pin!(stream.write_all(&framed));
    match select(writing, env.sleep(PATIENCE)).await {
        Either::Left((written, _)) => written.map(|()| true),
        Either::Right(((), _)) => Ok(false),
    }
}

async fn read(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut question = vec![0; length.into()];
    stream.read_exact(&mut question).await?;
    Ok(question)
}
