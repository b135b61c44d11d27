//! Watches of objects: filters, starts, bookmarks, readers that stall.

use super::super::probe::{broken, same};
use super::super::{Contract, Verdict};
use super::{
    World, after, json_of, key, labelled, map, maps, next, on_node, parsed, pod, pods, refused, texts, told,
    version,
};
use crate::service::{DeleteOptions, ObjectEvent, ObjectService, ObjectStream, WatchQuery};
use crate::storage::Revision;
use futures::{FutureExt, StreamExt};
use kube_core::resource::ObjectKey;

pub(in super::super) const CONTRACTS: &[Contract] = &[
    Contract::objects("a watch sees what begins and ceases to match", |w| Box::pin(crossings(w)))
        .asked_by(&["RunTestWatch"]),
    Contract::objects("a watch can begin with the present objects", |w| Box::pin(from_zero(w)))
        .asked_by(&["RunTestWatchFromZero"]),
    Contract::objects("a watch tells a deletion with the last state and its own version", |w| {
        Box::pin(deletion(w))
    })
    .asked_by(&["RunTestDeleteTriggerWatch", "RunTestWatchDeleteEventObjectHaveLatestRV"]),
    Contract::objects("a watch begins after its version", |w| Box::pin(from_version(w)))
        .asked_by(&["RunTestWatchFromNonZero"]),
    Contract::objects("a late reader misses nothing", |w| Box::pin(delayed(w)))
        .asked_by(&["RunTestDelayedWatchDelivery"]),
    Contract::objects("a dropped watch is gone", |w| Box::pin(dropped(w)))
        .asked_by(&["RunTestWatchContextCancel"]),
    Contract::objects("readers that stall hold nobody up", |w| Box::pin(stalled(w)))
        .asked_by(&["RunTestWatcherTimeout"]),
    Contract::objects("a watch is open once it is there", |w| Box::pin(open(w)))
        .asked_by(&["RunTestWatchInitializationSignal"]),
    Contract::objects("a watch of all namespaces by fields", |w| Box::pin(cluster(w)))
        .asked_by(&["RunTestClusterScopedWatch"]),
    Contract::objects("a watch of one namespace by fields", |w| Box::pin(namespaced(w)))
        .asked_by(&["RunTestNamespaceScopedWatch"]),
    Contract::objects("bookmarks come where they were asked for", |w| Box::pin(bookmarks(w)))
        .asked_by(&["RunTestWatchDispatchBookmarkEvents"]),
    Contract::objects("versions of events and bookmarks grow", |w| Box::pin(growing(w)))
        .asked_by(&["RunTestOptionalWatchBookmarksWithCorrectResourceVersion"]),
];

/// Labels and fields; a key beside the watched ones is never told.
async fn crossings(w: &World) -> Verdict {
    let head = w.storage.current().await?;
    let query = WatchQuery::default().namespaced("a").after(head);
    let mut all = w.watch(&query).await?;
    let mut front = w.watch(&query.clone().labels(parsed("tier=front")?)).await?;
    w.create(maps(), "a-bad", labelled("foo", "1", "front")).await?;
    w.create(maps(), "a", labelled("foo", "1", "front")).await?;
    w.update("foo", labelled("foo", "1", "back")).await?;
    w.update("foo", labelled("foo", "1", "front")).await?;
    w.update("foo", labelled("foo", "2", "front")).await?;
    let gone = w.gone("foo").await?;
    same("everything", told(&mut all, 5).await?, texts(&["+foo", "~foo", "~foo", "~foo", "-foo"]))?;
    same("by label", told(&mut front, 4).await?, texts(&["+foo", "-foo", "+foo", "~foo"]))?;
    match front.next().await {
        Some(Ok(ObjectEvent::Deleted(last))) => same("the deletion", version(&last), version(&gone))?,
        other => return broken(format!("not the deletion but {other:?}")),
    }
    let mut unassigned = w.objects.watch(pods(), &query.clone().fields(parsed("spec.nodeName=")?)).await?;
    let mut assigned = w.objects.watch(pods(), &query.fields(parsed("spec.nodeName=bar")?)).await?;
    w.create(pods(), "a", pod("p")).await?;
    w.bind("p", "bar").await?;
    same("those without a node", told(&mut unassigned, 2).await?, texts(&["+p", "-p"]))?;
    same("those on the node", next(&mut assigned).await?, "+p".into())
}

/// Also once the versions before are compacted; a version below compaction is refused, at once or by the stream.
async fn from_zero(w: &World) -> Verdict {
    w.map("foo").await?;
    let mut stream = w.watch(&WatchQuery::default()).await?;
    same("the object", next(&mut stream).await?, "+foo".into())?;
    let old = w.set("foo", "2").await?;
    same("its change", next(&mut stream).await?, "~foo".into())?;
    let newest = w.set("foo", "3").await?;
    w.storage.compact(version(&newest)).await?;
    let mut stream = w.watch(&WatchQuery::default()).await?;
    match stream.next().await {
        Some(Ok(ObjectEvent::Added(raw))) => same("the object", json_of(&raw)?, json_of(&newest)?)?,
        other => return broken(format!("not the object but {other:?}")),
    }
    let query = after(&old);
    let error = match w.watch(&query).await {
        Err(error) => error,
        Ok(mut stream) => match stream.next().await {
            // The history is still there in a cache: then it is told.
            Some(Ok(ObjectEvent::Modified(raw))) => {
                return same("the change", version(&raw), version(&newest));
            }
            Some(Err(error)) => error,
            other => return broken(format!("below compaction: {other:?}")),
        },
    };
    refused::<()>("a version below compaction", Err(error), 410).map(drop)
}

async fn deletion(w: &World) -> Verdict {
    let made = w.map("foo").await?;
    let mut stream = w.watch(&after(&made)).await?;
    let gone = w.gone("foo").await?;
    match stream.next().await {
        Some(Ok(ObjectEvent::Deleted(last))) => {
            same("the last state", last.bytes.clone(), made.bytes.clone())?;
            same("the version", version(&last), version(&gone))
        }
        other => broken(format!("not the deletion but {other:?}")),
    }
}

async fn from_version(w: &World) -> Verdict {
    let made = w.map("foo").await?;
    let mut stream = w.watch(&after(&made)).await?;
    let changed = w.set("foo", "2").await?;
    match stream.next().await {
        Some(Ok(ObjectEvent::Modified(raw))) => same("the change", json_of(&raw)?, json_of(&changed)?)?,
        other => return broken(format!("not the change but {other:?}")),
    }
    let far = WatchQuery::default().after(Revision::new(1 << 62));
    refused("a version to come", w.watch(&far).await, 504).map(drop)
}

/// Nothing is read until everything is written.
async fn delayed(w: &World) -> Verdict {
    let made = w.map("foo").await?;
    let mut stream = w.watch(&after(&made)).await?;
    let mut wanted = Vec::new();
    for n in 0..300 {
        w.map(&format!("foo-{n}")).await?;
        wanted.push(format!("+foo-{n}"));
    }
    same("the events", told(&mut stream, wanted.len()).await?, wanted)
}

/// Watches that were opened, read or not, and dropped are not held by the store.
async fn dropped(w: &World) -> Verdict {
    w.map("foo").await?;
    // The first watch of a kind may leave a watch of the cache behind, which all others share.
    drop(w.watch(&WatchQuery::default()).await?);
    let before = w.storage.status().watchers;
    for _ in 0..20 {
        drop(w.watch(&WatchQuery::default()));
        drop(w.watch(&WatchQuery::default()).now_or_never());
        let mut stream = w.watch(&WatchQuery::default()).await?;
        same("the object", next(&mut stream).await?, "+foo".into())?;
    }
    same("the watches", w.storage.status().watchers, before)
}

/// Fifty that never read, and one that reads each event at once.
async fn stalled(w: &World) -> Verdict {
    let query = WatchQuery::default().after(w.storage.current().await?);
    let mut stalled = Vec::new();
    for _ in 0..50 {
        stalled.push(w.watch(&query).await?);
    }
    let mut reading = w.watch(&query).await?;
    let mut wanted = Vec::new();
    for n in 0..22 {
        w.map(&format!("foo-{n}")).await?;
        wanted.push(format!("+foo-{n}"));
        same("the event", next(&mut reading).await?, format!("+foo-{n}"))?;
    }
    for stream in &mut stalled {
        same("what a stalled one reads at last", told(stream, wanted.len()).await?, wanted.clone())?;
    }
    Ok(())
}

/// A write right after the watch was given out is told by it.
async fn open(w: &World) -> Verdict {
    for n in 0..10 {
        let query = WatchQuery::default().after(w.storage.current().await?);
        let mut stream = w.watch(&query).await?;
        w.map(&format!("foo-{n}")).await?;
        same("the event", next(&mut stream).await?, format!("+foo-{n}"))?;
    }
    Ok(())
}

async fn watch_pods(w: &World, namespace: Option<&str>, fields: &str) -> super::Seen<ObjectStream> {
    let mut query = WatchQuery::default().after(w.storage.current().await?);
    if let Some(namespace) = namespace {
        query = query.namespaced(namespace);
    }
    if !fields.is_empty() {
        query = query.fields(parsed(fields)?);
    }
    Ok(w.objects.watch(pods(), &query).await?)
}

/// What the same writes look like through each filter.
async fn through(w: &World, namespace: Option<&str>, cases: &[(&str, &[&str])]) -> Verdict {
    let mut streams = Vec::new();
    for (fields, wanted) in cases {
        streams.push((watch_pods(w, namespace, fields).await?, *fields, *wanted));
    }
    w.create(pods(), "a", pod("foo1")).await?;
    w.create(pods(), "b", pod("foo2")).await?;
    w.create(pods(), "a", on_node("foo3", "bar1")).await?;
    w.bind("foo1", "bar1").await?;
    w.objects.delete(pods(), &ObjectKey::new("b", "foo2"), &DeleteOptions::now()).await?;
    w.objects.delete(pods(), &key("foo1"), &DeleteOptions::now()).await?;
    for (mut stream, fields, wanted) in streams {
        same(&format!("the events of {fields:?}"), told(&mut stream, wanted.len()).await?, texts(wanted))?;
        same(&format!("no more of {fields:?}"), at_hand(&mut stream), None)?;
    }
    Ok(())
}

/// An event that is there without waiting.
fn at_hand(stream: &mut ObjectStream) -> Option<String> {
    loop {
        match stream.next().now_or_never()?? {
            Ok(ObjectEvent::Bookmark(_)) => {}
            Ok(event) => return Some(super::short(&event)),
            Err(error) => return Some(error.to_string()),
        }
    }
}

async fn cluster(w: &World) -> Verdict {
    through(
        w,
        None,
        &[
            ("", &["+foo1", "+foo2", "+foo3", "~foo1", "-foo2", "-foo1"]),
            ("spec.nodeName=bar1", &["+foo3", "+foo1", "-foo1"]),
            ("spec.nodeName!=bar1", &["+foo1", "+foo2", "-foo1", "-foo2"]),
            ("metadata.name=foo1", &["+foo1", "~foo1", "-foo1"]),
            ("metadata.name=foo1,spec.nodeName=bar1", &["+foo1", "-foo1"]),
            ("metadata.name=foo1,spec.nodeName!=bar1", &["+foo1", "-foo1"]),
            ("metadata.namespace=b", &["+foo2", "-foo2"]),
        ],
    )
    .await
}

async fn namespaced(w: &World) -> Verdict {
    through(
        w,
        Some("a"),
        &[
            ("", &["+foo1", "+foo3", "~foo1", "-foo1"]),
            ("metadata.namespace=a", &["+foo1", "+foo3", "~foo1", "-foo1"]),
            ("metadata.namespace=b", &[]),
            ("spec.nodeName=bar1", &["+foo3", "+foo1", "-foo1"]),
            ("spec.nodeName!=bar1", &["+foo1", "-foo1"]),
            ("metadata.name=foo3", &["+foo3"]),
            ("metadata.name=foo2", &[]),
            ("metadata.name=foo1,metadata.namespace=a,spec.nodeName=bar1", &["+foo1", "-foo1"]),
        ],
    )
    .await
}

/// Writes elsewhere are told as bookmarks to those who asked, to others not at all.
async fn bookmarks(w: &World) -> Verdict {
    let made = w.map("foo").await?;
    let mut asked = w.watch(&WatchQuery::all().after(version(&made))).await?;
    let mut unasked = w.watch(&after(&made)).await?;
    let head = w.elsewhere().await?;
    // A store need not wake the watchers of a quiet kind by itself; a barrier does.
    w.objects.current().await?;
    match asked.next().await {
        Some(Ok(ObjectEvent::Bookmark(revision))) => same("the bookmark", revision, head)?,
        other => return broken(format!("not a bookmark but {other:?}")),
    }
    w.map("bar").await?;
    match unasked.next().await {
        Some(Ok(ObjectEvent::Added(raw))) => same("the event", &*raw.meta.name, "bar"),
        other => broken(format!("not the event but {other:?}")),
    }
}

/// An event is above everything told before it, a bookmark is not below.
async fn growing(w: &World) -> Verdict {
    let start = w.storage.current().await?;
    let mut stream = w.watch(&WatchQuery::all().after(start)).await?;
    let mut head = start;
    for n in 0..100 {
        head = version(&w.create(maps(), "a", map(&format!("foo-{n}"), "1")).await?);
        if n % 10 == 9 {
            head = w.elsewhere().await?;
        }
    }
    w.objects.current().await?;
    let (mut position, mut events) = (start, 0);
    while position < head {
        match stream.next().await {
            Some(Ok(ObjectEvent::Bookmark(revision))) => {
                same("a bookmark goes back", revision < position, false)?;
                position = revision;
            }
            Some(Ok(ObjectEvent::Added(raw))) => {
                same("an event goes back", version(&raw) <= position, false)?;
                position = version(&raw);
                events += 1;
            }
            other => return broken(format!("not an event but {other:?}")),
        }
    }
    same("the events", events, 100)
}
