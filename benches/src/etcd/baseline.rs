//! What one writes first: etcd's client as it comes. Puts as etcd's own `benchmark put` makes them, without a condition
//! and without the value before; one watch of etcd for each who watches; a range for each list. Nothing resumes, no event
//! is checked for being the next one, and nothing is decoded.

use super::{VALUE, key, value};
use etcd_client::{Client, Error, GetOptions, WatchOptions, WatchStream};
use futures::future::join_all;
use kube_store::rt;
use std::time::Duration;

/// The same as [`writes`](super::writes).
///
/// # Errors
/// The first failure.
pub async fn writes(client: &Client, writers: usize, time: Duration) -> Result<f64, Error> {
    let (env, value) = (rt::env(), vec![b'v'; VALUE]);
    let end = env.now() + time;
    let writer = |n: usize| {
        let (env, mut kv, value) = (env.clone(), client.kv_client(), value.clone());
        async move {
            let (key, mut count) = (format!("raw/writer-{n}"), 0_u32);
            while env.now() < end {
                kv.put(key.as_str(), value.clone(), None).await?;
                count += 1;
            }
            Result::<u32, Error>::Ok(count)
        }
    };
    let counts = join_all((0..writers).map(writer)).await;
    let count: u32 = counts.into_iter().sum::<Result<u32, Error>>()?;
    Ok(f64::from(count) / time.as_secs_f64())
}

/// Writes `count` pods under `prefix`, 64 at a time: what both sides watch and list.
///
/// # Errors
/// The first failure.
pub async fn load(client: &Client, prefix: &str, count: usize) -> Result<(), Error> {
    const WRITERS: usize = 64;
    let writer = |first: usize| {
        let mut kv = client.kv_client();
        async move {
            for n in (first..count).step_by(WRITERS) {
                kv.put(format!("{prefix}{}", key(n)), value(n).to_vec(), None).await?;
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
