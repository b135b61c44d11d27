//! Watches.

use super::probe::{
    batches, before, broken, commit, deliveries, event, put, refused, remove, same, told, watch, write,
};
use super::{Contract, Verdict};
use crate::storage::{
    Event, KeyRange, Revision, Storage, StorageError, Txn, WatchFrom, WatchItem, WatchOptions,
};
use futures::StreamExt;
use futures::future::join;

pub(super) const CONTRACTS: &[Contract] = &[
    Contract::storage("a watch is ordered, unique and reliable", |s| Box::pin(ordered(s))),
    Contract::storage("a watch is atomic", |s| Box::pin(atomic(s))),
    Contract::storage("a watch has its range only", |s| Box::pin(range(s))),
    Contract::storage("a watch is resumable", |s| Box::pin(resumable(s))),
    Contract::storage("a watch from now has nothing older", |s| Box::pin(now(s))),
    Contract::storage("a watch is woken", |s| Box::pin(woken(s))),
    Contract::storage("events carry the value before", |s| Box::pin(previous(s))),
    Contract::storage("bookmarks tell the position", |s| Box::pin(bookmarks(s))),
    Contract::storage("no bookmarks unasked", |s| Box::pin(no_bookmarks(s))),
    Contract::storage("a watch can begin with the state", |s| Box::pin(initial(s))),
    Contract::storage("a watch of nothing begins with nothing", |s| Box::pin(initial_empty(s))),
    Contract::storage("a watch below compaction expires", |s| Box::pin(expired(s))),
    Contract::storage("a stalled watch expires with its history", |s| Box::pin(stalled(s))),
    Contract::storage("a quiet watch outlives compaction", |s| Box::pin(quiet(s))),
    Contract::storage("watches do not disturb each other", |s| Box::pin(many(s))),
    Contract::storage("a watch from a revision to come is refused", |s| Box::pin(to_come(s))),
    Contract::storage("a creation is told as one", |s| Box::pin(creation(s))),
    Contract::storage("a failed transaction is not told", |s| Box::pin(failed(s))),
    Contract::storage("a bookmark is a place to resume from", |s| Box::pin(resume_bookmark(s))),
    Contract::storage("a watch with the state misses nothing after it", |s| Box::pin(initial_race(s))),
];

/// Every revision once, in order, whether read late or at once.
async fn ordered(storage: &dyn Storage) -> Verdict {
    let mut at_once = watch(storage, "/", WatchFrom::Now).await?;
    let mut late = watch(storage, "/", WatchFrom::Now).await?;
    let (mut wanted, mut seen) = (Vec::new(), Vec::new());
    for n in 0..40 {
        let key = format!("/{}", n % 7);
        let (op, line) = if n % 5 == 4 {
            (remove(&key), format!("-{key}"))
        } else {
            (write(&key, "v"), format!("+{key}=v"))
        };
        let head = storage.current().await?;
        let revision = commit(storage, Txn::of(vec![op])).await?;
        if revision > head {
            wanted.push(format!("{revision} {line}"));
        }
        seen.extend(told(&batches(&mut at_once, revision).await?));
    }
    same("what was told at once", seen, wanted.clone())?;
    let head = storage.current().await?;
    same("what was told late", told(&batches(&mut late, head).await?), wanted)
}

/// One batch for each revision, its events in key order.
async fn atomic(storage: &dyn Storage) -> Verdict {
    put(storage, "/c", "1").await?;
    let mut stream = watch(storage, "/", WatchFrom::Now).await?;
    let one = commit(storage, Txn::of(vec![write("/d", "1"), remove("/c"), write("/a", "1")])).await?;
    let two = commit(storage, Txn::of(vec![write("/b", "2"), write("/a", "2")])).await?;
    let wanted = vec![format!("{one} +/a=1 -/c +/d=1"), format!("{two} +/a=2 +/b=2")];
    same("the batches", told(&batches(&mut stream, two).await?), wanted)
}

/// Keys beside the range are left out, also within one transaction.
async fn range(storage: &dyn Storage) -> Verdict {
    let mut stream = watch(storage, "/in/", WatchFrom::Now).await?;
    put(storage, "/in", "1").await?;
    let one =
        commit(storage, Txn::of(vec![write("/in/a", "1"), write("/out", "1"), write("/in/b", "1")])).await?;
    put(storage, "/in0", "1").await?;
    let two = commit(storage, Txn::delete("/in/a")).await?;
    let head = put(storage, "/out", "2").await?;
    let wanted = vec![format!("{one} +/in/a=1 +/in/b=1"), format!("{two} -/in/a")];
    same("the batches", told(&batches(&mut stream, head).await?), wanted)
}

/// From any revision a new watch tells the rest, none twice and none left out.
async fn resumable(storage: &dyn Storage) -> Verdict {
    let begin = storage.current().await?;
    let mut revisions = vec![begin];
    for value in ["1", "2", "3", "4", "5", "6"] {
        revisions.push(put(storage, "/a", value).await?);
    }
    let head = storage.current().await?;
    for (at, from) in revisions.iter().enumerate() {
        let mut stream = watch(storage, "/", WatchFrom::After(*from)).await?;
        let seen: Vec<Revision> =
            batches(&mut stream, head).await?.iter().map(|batch| batch.revision).collect();
        same(&format!("the revisions after {from}"), seen, revisions[at + 1..].to_vec())?;
        same("the position", stream.position() >= head, true)?;
    }
    Ok(())
}

/// What was written before is not told.
async fn now(storage: &dyn Storage) -> Verdict {
    put(storage, "/a", "1").await?;
    let mut stream = watch(storage, "/", WatchFrom::Now).await?;
    let revision = put(storage, "/a", "2").await?;
    same("the batches", told(&batches(&mut stream, revision).await?), vec![format!("{revision} +/a=2")])
}

/// A watch that waits is woken by the write.
async fn woken(storage: &dyn Storage) -> Verdict {
    let options = WatchOptions { from: WatchFrom::Now, previous: false, bookmarks: false };
    let mut stream = storage.watch(&KeyRange::prefix("/a"), &options).await?;
    for _ in 0..3 {
        let (item, revision) = join(stream.next(), async {
            put(storage, "/b", "1").await?;
            put(storage, "/a", "1").await
        })
        .await;
        let revision = revision?;
        match item {
            Some(Ok(WatchItem::Batch(batch))) => same("the revision", batch.revision, revision)?,
            other => return broken(format!("not the batch of {revision} but {other:?}")),
        }
    }
    Ok(())
}

/// The value before where asked for, none where not.
async fn previous(storage: &dyn Storage) -> Verdict {
    let begin = storage.current().await?;
    put(storage, "/a", "1").await?;
    put(storage, "/a", "2").await?;
    let head = commit(storage, Txn::delete("/a")).await?;
    let mut stream = watch(storage, "/", WatchFrom::After(begin)).await?;
    let seen: Vec<_> =
        batches(&mut stream, head).await?.iter().flat_map(|b| b.events.iter()).map(before).collect();
    same("the values before", seen, vec![None, Some("1".into()), Some("2".into())])?;
    let options = WatchOptions { from: WatchFrom::After(begin), previous: false, bookmarks: true };
    let mut stream = storage.watch(&KeyRange::all(), &options).await?;
    let seen: Vec<_> =
        batches(&mut stream, head).await?.iter().flat_map(|b| b.events.iter()).map(before).collect();
    same("the values before, not asked for", seen, vec![None, None, None])
}

/// A bookmark never runs ahead of the batches, and tells of changes elsewhere.
async fn bookmarks(storage: &dyn Storage) -> Verdict {
    let mut stream = watch(storage, "/in/", WatchFrom::Now).await?;
    let inside = put(storage, "/in/a", "1").await?;
    put(storage, "/out", "1").await?;
    let head = put(storage, "/out", "2").await?;
    let items = deliveries(&mut stream, head).await?;
    let mut position = Revision::ZERO;
    for item in &items {
        match item {
            WatchItem::Batch(batch) => {
                same("a batch after what was bookmarked", batch.revision > position, true)?;
                position = batch.revision;
            }
            WatchItem::Bookmark(revision) => {
                same("a bookmark goes back", *revision < position, false)?;
                same("a bookmark before its batches", position < inside && *revision >= inside, false)?;
                position = *revision;
            }
        }
    }
    same("what was told at last", position, head)?;
    same("the position", stream.position(), head)
}

/// Changes elsewhere are not told to a watch that did not ask for bookmarks.
async fn no_bookmarks(storage: &dyn Storage) -> Verdict {
    let options = WatchOptions { from: WatchFrom::Now, previous: false, bookmarks: false };
    let mut stream = storage.watch(&KeyRange::prefix("/in/"), &options).await?;
    put(storage, "/out", "1").await?;
    let inside = put(storage, "/in/a", "1").await?;
    put(storage, "/out", "2").await?;
    let items = deliveries(&mut stream, inside).await?;
    same("the number of deliveries", items.len(), 1)
}

/// The state as one batch of puts, a bookmark, then changes.
async fn initial(storage: &dyn Storage) -> Verdict {
    put(storage, "/b", "1").await?;
    put(storage, "/a", "1").await?;
    put(storage, "/c", "1").await?;
    let begin = commit(storage, Txn::delete("/c")).await?;
    let mut stream = watch(storage, "/", WatchFrom::Initial).await?;
    let items = deliveries(&mut stream, begin).await?;
    let [WatchItem::Batch(state), WatchItem::Bookmark(bookmark)] = &items[..] else {
        return broken(format!("not the state and a bookmark but {items:?}"));
    };
    same("the state", told(std::slice::from_ref(state)), vec![format!("{begin} +/a=1 +/b=1")])?;
    same("the bookmark", *bookmark, begin)?;
    let head = commit(storage, Txn::of(vec![remove("/a"), write("/c", "2")])).await?;
    same("the changes", told(&batches(&mut stream, head).await?), vec![format!("{head} -/a +/c=2")])
}

/// An empty range has an empty state.
async fn initial_empty(storage: &dyn Storage) -> Verdict {
    let begin = put(storage, "/out", "1").await?;
    let mut stream = watch(storage, "/in/", WatchFrom::Initial).await?;
    let mut bookmarked = false;
    for item in deliveries(&mut stream, begin).await? {
        match item {
            WatchItem::Batch(batch) => same("the state", batch.events.len(), 0)?,
            WatchItem::Bookmark(revision) => {
                bookmarked = true;
                same("the bookmark", revision, begin)?;
            }
        }
    }
    same("a bookmark ended the state", bookmarked, true)?;
    let head = put(storage, "/in/a", "1").await?;
    same("the changes", told(&batches(&mut stream, head).await?), vec![format!("{head} +/in/a=1")])
}

/// A watch from below the compacted revision is told so instead of skipping; from it on nothing is missing.
async fn expired(storage: &dyn Storage) -> Verdict {
    let one = put(storage, "/a", "1").await?;
    let two = put(storage, "/a", "2").await?;
    let three = put(storage, "/a", "3").await?;
    storage.compact(two).await?;
    let opened = match watch(storage, "/", WatchFrom::After(one)).await {
        // A remote engine may find out later.
        Ok(mut stream) => deliveries(&mut stream, three).await.map_err(|violation| violation.what),
        Err(StorageError::Expired { compacted, .. }) => return resumes(storage, compacted, two, three).await,
        Err(error) => Err(error.to_string()),
    };
    match opened {
        Err(what) if what.contains("compacted") => resumes(storage, two, two, three).await,
        other => broken(format!("a watch below compaction: {other:?}")),
    }
}

async fn resumes(storage: &dyn Storage, compacted: Revision, wanted: Revision, head: Revision) -> Verdict {
    same("the compacted revision", compacted, wanted)?;
    let mut stream = watch(storage, "/", WatchFrom::After(wanted)).await?;
    let seen = batches(&mut stream, head).await?;
    same("the changes", told(&seen), vec![format!("{head} +/a=3")])?;
    let previous: Vec<_> = seen.iter().flat_map(|batch| batch.events.iter()).map(before).collect();
    same("the value before", previous, vec![Some("2".into())])
}

/// A watch with something left to read that was compacted ends, it does not skip.
async fn stalled(storage: &dyn Storage) -> Verdict {
    let mut stream = watch(storage, "/", WatchFrom::Now).await?;
    put(storage, "/a", "1").await?;
    put(storage, "/a", "2").await?;
    let head = put(storage, "/a", "3").await?;
    storage.compact(head).await?;
    let mut seen = Vec::new();
    loop {
        match stream.next().await {
            // A remote engine may have sent them before.
            Some(Ok(WatchItem::Batch(batch))) => seen.extend(batch.events.iter().map(event)),
            Some(Ok(WatchItem::Bookmark(_))) => {}
            Some(Err(error)) => {
                refused::<()>("a stalled watch", Err(error), |e| matches!(e, StorageError::Expired { .. }))?;
                return same("the stream has ended", stream.next().await.is_none(), true);
            }
            None => return broken("a watch ended without an error"),
        }
        if seen.len() == 3 {
            return same("the changes", seen, vec!["+/a=1".into(), "+/a=2".into(), "+/a=3".into()]);
        }
    }
}

/// A watch that misses nothing is not expired by compaction, read or not.
async fn quiet(storage: &dyn Storage) -> Verdict {
    let mut polled = watch(storage, "/in/", WatchFrom::Now).await?;
    let mut untouched = watch(storage, "/in/", WatchFrom::Now).await?;
    let mut head = put(storage, "/out", "1").await?;
    deliveries(&mut polled, head).await?;
    for _ in 0..3 {
        head = put(storage, "/out", "2").await?;
        storage.compact(head).await?;
    }
    let revision = put(storage, "/in/a", "1").await?;
    for stream in [&mut polled, &mut untouched] {
        same("the changes", told(&batches(stream, revision).await?), vec![format!("{revision} +/in/a=1")])?;
    }
    Ok(())
}

/// Many watches of many ranges, dropped in between.
async fn many(storage: &dyn Storage) -> Verdict {
    let mut streams = Vec::new();
    for n in 0..20 {
        streams.push((n % 4, watch(storage, &format!("/{}/", n % 4), WatchFrom::Now).await?));
    }
    streams.retain(|(group, _)| *group != 3);
    let mut wanted = vec![Vec::new(); 4];
    for n in 0..12 {
        let group = n % 4;
        let revision = put(storage, &format!("/{group}/x"), "1").await?;
        wanted[group].push(format!("{revision} +/{group}/x=1"));
    }
    let head = storage.current().await?;
    for (group, stream) in &mut streams {
        let seen = batches(stream, head).await?;
        let puts =
            seen.iter().flat_map(|batch| batch.events.iter()).all(|event| matches!(event, Event::Put { .. }));
        same("only puts", puts, true)?;
        same("the changes", told(&seen), wanted[*group].clone())?;
    }
    Ok(())
}

async fn to_come(storage: &dyn Storage) -> Verdict {
    let head = put(storage, "/a", "1").await?;
    let far = Revision::new(head.get() + 1000);
    let opened = watch(storage, "/", WatchFrom::After(far)).await;
    refused("a watch", opened, |error| matches!(error, StorageError::Future { asked, .. } if *asked == far))
}

/// Its create revision is its own; a change keeps that of the creation, also after a deletion in between.
async fn creation(storage: &dyn Storage) -> Verdict {
    let mut stream = watch(storage, "/", WatchFrom::Now).await?;
    let one = put(storage, "/a", "1").await?;
    let two = put(storage, "/a", "2").await?;
    commit(storage, Txn::delete("/a")).await?;
    let four = put(storage, "/a", "4").await?;
    let shape = |event: &Event| match event {
        Event::Put { kv, .. } => Some((kv.create_revision, kv.mod_revision, kv.version)),
        Event::Delete { .. } => None,
    };
    let seen: Vec<_> =
        batches(&mut stream, four).await?.iter().flat_map(|b| b.events.iter()).map(shape).collect();
    same(
        "created, changed, version",
        seen,
        vec![Some((one, one, 1)), Some((one, two, 2)), None, Some((four, four, 1))],
    )
}

/// Nor is a delete of what is absent.
async fn failed(storage: &dyn Storage) -> Verdict {
    put(storage, "/a", "1").await?;
    let mut stream = watch(storage, "/", WatchFrom::Now).await?;
    let absent = crate::storage::Compare::Absent { key: "/a".into() };
    super::probe::fails(storage, Txn::put("/a", "2").when(absent), 0).await?;
    commit(storage, Txn::delete("/none")).await?;
    let head = commit(storage, Txn::of(vec![remove("/none"), write("/a", "3")])).await?;
    same("the batches", told(&batches(&mut stream, head).await?), vec![format!("{head} +/a=3")])
}

/// After a bookmark nothing up to it is told again, and nothing above it is left out.
async fn resume_bookmark(storage: &dyn Storage) -> Verdict {
    let mut stream = watch(storage, "/in/", WatchFrom::Now).await?;
    put(storage, "/in/a", "1").await?;
    let head = put(storage, "/out", "1").await?;
    deliveries(&mut stream, head).await?;
    let position = stream.position();
    drop(stream);
    let revision = put(storage, "/in/a", "2").await?;
    let mut stream = watch(storage, "/in/", WatchFrom::After(position)).await?;
    same("the changes", told(&batches(&mut stream, revision).await?), vec![format!("{revision} +/in/a=2")])
}

/// Opened, then written to before the state was read: told in the state or after it, once.
async fn initial_race(storage: &dyn Storage) -> Verdict {
    put(storage, "/a", "1").await?;
    let mut stream = watch(storage, "/", WatchFrom::Initial).await?;
    let mut head = put(storage, "/b", "1").await?;
    let mut seen: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for round in 0..2 {
        for batch in batches(&mut stream, head).await? {
            batch.events.iter().for_each(|change| *seen.entry(event(change)).or_default() += 1);
        }
        if round == 0 {
            head = put(storage, "/c", "1").await?;
        }
    }
    let wanted = ["+/a=1", "+/b=1", "+/c=1"].map(|line| (line.to_owned(), 1));
    same("what was told, and how often", seen, wanted.into())
}
