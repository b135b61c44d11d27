//! Reading one object.

use super::super::probe::{broken, same};
use super::super::{Contract, Verdict};
use super::{World, datum, key, maps, refused, version};
use crate::service::{ListQuery, ObjectService};
use crate::storage::{ReadAt, Revision};

pub(in super::super) const CONTRACTS: &[Contract] = &[
    Contract::objects("an object is read at a revision", |w| Box::pin(get(w))).asked_by(&["RunTestGet"]),
    Contract::objects("objects are counted", |w| Box::pin(counted(w))).asked_by(&["RunTestStats"]),
];

/// Newest, not older than, exactly, any; absent, and too new.
async fn get(w: &World) -> Verdict {
    let made = w.map("foo").await?;
    let changed = w.set("foo", "2").await?;
    let other = w.map("bar").await?;
    let read = async |name: &'static str, at| w.objects.get(maps(), &key(name), at).await;
    for at in [
        ReadAt::Latest,
        ReadAt::AtLeast(version(&changed)),
        ReadAt::AtLeast(version(&other)),
        ReadAt::Exactly(version(&changed)),
        ReadAt::Exactly(version(&other)),
    ] {
        let seen = read("foo", at).await?;
        same(&format!("{at:?}"), (datum(&seen)?, version(&seen)), ("2".into(), version(&changed)))?;
    }
    let old = read("foo", ReadAt::Exactly(version(&made))).await?;
    same("the first version", (datum(&old)?, version(&old)), ("1".into(), version(&made)))?;
    // Any revision will do: both versions, and that there was none yet.
    for at in [ReadAt::Any, ReadAt::AtLeast(version(&made))] {
        match read("foo", at).await {
            Ok(seen) => same("one of both versions", ["1", "2"].contains(&&*datum(&seen)?), true)?,
            Err(error) if error.is_not_found() && at == ReadAt::Any => {}
            Err(error) => return Err(error.into()),
        }
    }
    let far = Revision::new(1 << 62);
    refused("a revision to come", read("foo", ReadAt::AtLeast(far)).await, 504)?;
    refused("an absent object", read("none", ReadAt::Latest).await, 404)?;
    refused("an object not yet there", read("bar", ReadAt::Exactly(version(&made))).await, 404).map(drop)
}

/// Creates and deletes count, changes and failures do not; bytes are those of the stored form.
async fn counted(w: &World) -> Verdict {
    let figures = async || -> super::Seen<(usize, u64, usize)> {
        let list = w.list(&ListQuery::all()).await?;
        let bytes: usize = list.items.iter().map(|raw| raw.bytes.len()).sum();
        let keys: usize = list.items.iter().map(|raw| w.place(&raw.meta.name).as_str().len()).sum();
        let status = w.storage.status();
        if status.keys == 0 && status.bytes == 0 && w.storage.snapshot().is_none() {
            // An engine in another process need not tell.
            return Ok((0, 0, list.items.len()));
        }
        let wanted = u64::try_from(bytes + keys).unwrap_or(u64::MAX);
        if status.bytes != wanted {
            return broken(format!("bytes: {}, not {wanted}", status.bytes));
        }
        Ok((status.keys, status.bytes, list.items.len()))
    };
    same("nothing", figures().await?, (0, 0, 0))?;
    w.map("foo").await?;
    let (keys, one, items) = figures().await?;
    if keys == 0 {
        return same("one object, and no figures", (one, items), (0, 1));
    }
    same("one object", (keys, items), (1, 1))?;
    w.map("bar").await?;
    let (keys, two, items) = figures().await?;
    same("two objects", (keys, items, two > one), (2, 2, true))?;
    w.set("bar", "a longer datum").await?;
    let (keys, longer, items) = figures().await?;
    same("two objects, one longer", (keys, items, longer > two), (2, 2, true))?;
    w.gone("foo").await?;
    refused("a second deletion", w.delete("foo", &crate::service::DeleteOptions::default()).await, 404)?;
    same("one object again", figures().await?.0, 1)?;
    w.gone("bar").await?;
    same("nothing again", figures().await?, (0, 0, 0))
}
