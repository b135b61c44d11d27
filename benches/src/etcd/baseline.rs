//! What one writes first: etcd's client as it comes. Puts as etcd's own `benchmark put` makes them, without a condition
//! and without the value before; one watch of etcd for each who watches; a range for each list. Nothing resumes, no event
//! is checked for being the next one, and nothing is decoded.

use super::{VALUE, key, per_second, value};
use etcd_client::{
    Client, Compare, CompareOp, Error, GetOptions, ResponseHeader, Txn, TxnOp, WatchOptions, WatchStream,
};
use futures::future::join_all;
use std::time::Duration;

/// The same as [`writes`](super::writes).
///
/// # Errors
/// The first failure.
pub async fn writes(client: &Client, writers: usize, time: Duration) -> Result<f64, Error> {
    per_second(writers, time, async |n, time| {
        let (key, value, mut kv) = (format!("raw/writer-{n}"), vec![b'v'; VALUE], client.kv_client());
        let mut count = 0;
        while time.is_left() {
            kv.put(key.as_str(), value.clone(), None).await?;
            count += 1;
        }
        Ok(count)
    })
    .await
}

/// The same as [`conditional_writes`](super::conditional_writes): as Kubernetes' own store writes, which reads what
/// stands there where the condition does not hold.
///
/// # Errors
/// The first failure.
pub async fn conditional_writes(client: &Client, writers: usize, time: Duration) -> Result<f64, Error> {
    per_second(writers, time, async |n, time| {
        let (key, value, mut kv) = (format!("raw/writer-{n}"), vec![b'v'; VALUE], client.kv_client());
        let revision = |header: Option<&ResponseHeader>| header.map_or(0, ResponseHeader::revision);
        let (mut count, mut at) = (0, revision(kv.put(key.as_str(), value.clone(), None).await?.header()));
        while time.is_left() {
            let put = Txn::new()
                .when([Compare::mod_revision(key.as_str(), CompareOp::Equal, at)])
                .and_then([TxnOp::put(key.as_str(), value.clone(), None)])
                .or_else([TxnOp::get(key.as_str(), None)]);
            let done = kv.txn(put).await?;
            if !done.succeeded() {
                return Err(Error::InvalidArgs(format!("somebody else wrote {key}")));
            }
            at = revision(done.header());
            count += 1;
        }
        Ok(count)
    })
    .await
}

/// Operations of a transaction that loads.
const PER_TXN: usize = 16;

/// Writes `count` pods under `prefix`, 16 in a transaction and 8 of these at a time: what both sides watch and list.
///
/// # Errors
/// The first failure.
pub async fn load(client: &Client, prefix: &str, count: usize) -> Result<(), Error> {
    const WRITERS: usize = 8;
    let writer = |first: usize| {
        let mut kv = client.kv_client();
        async move {
            for begin in (first * PER_TXN..count).step_by(WRITERS * PER_TXN) {
                let put = |n| TxnOp::put(format!("{prefix}{}", key(n)), value(n).to_vec(), None);
                let puts: Vec<TxnOp> = (begin..count.min(begin + PER_TXN)).map(put).collect();
                kv.txn(Txn::new().and_then(puts)).await?;
            }
            Result::<(), Error>::Ok(())
        }
    };
    join_all((0..WRITERS).map(writer)).await.into_iter().collect()
}

/// `count` watches of everything under `prefix`.
///
/// # Errors
/// The first failure.
pub async fn watch(client: &Client, prefix: &str, count: usize) -> Result<Vec<WatchStream>, Error> {
    let mut watches = Vec::with_capacity(count);
    for _ in 0..count {
        let mut watch = client.watch_client().max_decoding_message_size(usize::MAX);
        watches.push(watch.watch(prefix, Some(WatchOptions::new().with_prefix())).await?);
    }
    Ok(watches)
}

/// Reads `events` events from a watch.
///
/// # Errors
/// Why it ended.
pub async fn drain(mut watch: WatchStream, events: usize) -> Result<(), Error> {
    let mut seen = 0;
    while seen < events {
        match watch.message().await? {
            Some(response) => seen += response.events().len(),
            None => return Err(Error::WatchError("it ended".into())),
        }
    }
    Ok(())
}

/// Everything under `prefix`.
///
/// # Errors
/// The failure.
pub async fn list(client: &Client, prefix: &str) -> Result<usize, Error> {
    let mut kv = client.kv_client().max_decoding_message_size(usize::MAX);
    Ok(kv.get(prefix, Some(GetOptions::new().with_prefix())).await?.kvs().len())
}
