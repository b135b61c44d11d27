//! Reads, lists, pages, compaction.

use super::probe::{broken, commit, keys, put, refused, remove, same, text, text_at, write};
use super::{Contract, Verdict};
use crate::storage::{
    Continue, Key, KeyRange, ListOptions, Page, ReadAt, Revision, Storage, StorageError, StorageResult, Txn,
};

pub(super) const CONTRACTS: &[Contract] = &[
    Contract::storage("a read sees the acknowledged writes", |s| Box::pin(latest(s))),
    Contract::storage("every revision can be read", |s| Box::pin(every_revision(s))),
    Contract::storage("revisions to come are refused", |s| Box::pin(future(s))),
    Contract::storage("a list has the range in order", |s| Box::pin(range(s))),
    Contract::storage("pages show one revision", |s| Box::pin(pages(s))),
    Contract::storage("a page of a compacted revision expires", |s| Box::pin(expired_page(s))),
    Contract::storage("compaction forgets what is below", |s| Box::pin(compaction(s))),
    Contract::storage("compaction keeps what is newest", |s| Box::pin(compaction_keeps(s))),
    Contract::storage("a snapshot stays as it is", |s| Box::pin(snapshot(s))),
    Contract::storage("a prefix is not a path", |s| Box::pin(prefix(s)))
        .asked_by(&["RunTestGetListRecursivePrefix"]),
    Contract::storage("the compacted revision is told", |s| Box::pin(compact_revision(s)))
        .asked_by(&["RunTestCompactRevision"]),
    Contract::storage("keys are ordered by their bytes", |s| Box::pin(order(s))),
    Contract::storage("values come back as they are", |s| Box::pin(values(s))),
    Contract::storage("a list can begin anywhere", |s| Box::pin(anywhere(s))),
    Contract::storage("a page of an older revision goes on there", |s| Box::pin(old_pages(s))),
];

fn expired(asked: Revision, compacted: Revision) -> impl Fn(&StorageError) -> bool {
    move |error| matches!(error, StorageError::Expired { asked: a, compacted: c, .. } if (*a, *c) == (asked, compacted))
}

async fn at(storage: &dyn Storage, revision: Revision) -> StorageResult<()> {
    let at = ReadAt::Exactly(revision);
    storage.list(&KeyRange::all(), &ListOptions { at, ..ListOptions::default() }).await?;
    storage.get(&"/a".into(), at).await.map(drop)
}

/// `Latest`, and `AtLeast` the revision of the write, show the write.
async fn latest(storage: &dyn Storage) -> Verdict {
    same("an absent key", text(storage, "/a").await?, None)?;
    for value in ["1", "2", "3"] {
        let revision = put(storage, "/a", value).await?;
        for at in [ReadAt::Latest, ReadAt::AtLeast(revision), ReadAt::Exactly(revision)] {
            same("the value", text_at(storage, "/a", at).await?, Some(value.into()))?;
            let got = storage.get(&"/a".into(), at).await?;
            same("the revision read", got.revision, revision)?;
        }
        same("the newest revision", storage.current().await?, revision)?;
    }
    storage.get(&"/a".into(), ReadAt::Any).await?;
    Ok(())
}

/// A chain of versions, deletes among them, reads back at each revision.
async fn every_revision(storage: &dyn Storage) -> Verdict {
    let mut wanted = Vec::new();
    for round in 0..30 {
        let revision = put(storage, "/other", "x").await?;
        wanted.push((revision, wanted.last().and_then(|(_, value): &(_, Option<&str>)| *value)));
        let (op, value) = match round % 3 {
            0 => (write("/a", "one"), Some("one")),
            1 => (write("/a", "two"), Some("two")),
            _ => (remove("/a"), None),
        };
        wanted.push((commit(storage, Txn::of(vec![op])).await?, value));
    }
    for (revision, value) in wanted {
        let at = ReadAt::Exactly(revision);
        same("the value", text_at(storage, "/a", at).await?, value.map(String::from))?;
        let listed = keys(storage, &KeyRange::prefix("/a"), at).await?;
        same("the list", listed.len(), usize::from(value.is_some()))?;
    }
    Ok(())
}

/// A revision that does not exist yet is `Future`.
async fn future(storage: &dyn Storage) -> Verdict {
    let head = put(storage, "/a", "1").await?;
    let far = Revision::new(head.get() + 1000);
    for at in [ReadAt::Exactly(far), ReadAt::AtLeast(far)] {
        let result = storage.get(&"/a".into(), at).await;
        refused(
            "a read",
            result,
            |error| matches!(error, StorageError::Future { asked, .. } if *asked == far),
        )?;
    }
    refused("a compaction", storage.compact(far).await, |error| matches!(error, StorageError::Future { .. }))
}

/// Prefix, single key, half-open, everything.
async fn range(storage: &dyn Storage) -> Verdict {
    for key in ["/b/2", "/a", "/b", "/b/1", "/c", "/b0"] {
        put(storage, key, "1").await?;
    }
    let cases = [
        (KeyRange::all(), vec!["/a", "/b", "/b/1", "/b/2", "/b0", "/c"]),
        (KeyRange::prefix("/b/"), vec!["/b/1", "/b/2"]),
        (KeyRange::one(&Key::from("/b")), vec!["/b"]),
        (KeyRange::between("/b", Some("/b0".into())), vec!["/b", "/b/1", "/b/2"]),
        (KeyRange::between("/b0", None), vec!["/b0", "/c"]),
        (KeyRange::between("/c", Some("/b".into())), vec![]),
    ];
    for (range, wanted) in cases {
        let seen = keys(storage, &range, ReadAt::Latest).await?;
        same(&format!("{range:?}"), seen, wanted.into_iter().map(String::from).collect())?;
    }
    Ok(())
}

async fn page(storage: &dyn Storage, limit: usize, from: Option<Continue>) -> StorageResult<Page> {
    let options = ListOptions { at: ReadAt::Latest, limit, continue_from: from };
    storage.list(&KeyRange::prefix("/p/"), &options).await
}

/// Writes between the pages do not show; what remains is exact where it is told.
async fn pages(storage: &dyn Storage) -> Verdict {
    for n in 0..10 {
        put(storage, &format!("/p/{n}"), "1").await?;
    }
    let head = put(storage, "/q", "1").await?;
    let (mut seen, mut from) = (Vec::new(), None);
    loop {
        let page = page(storage, 3, from).await?;
        same("the revision of a page", page.revision, head)?;
        seen.extend(page.items.iter().map(|kv| kv.key.to_string()));
        let left = u64::try_from(10 - seen.len()).unwrap_or(0);
        if page.remaining != 0 || page.next.is_none() {
            same("what remains", page.remaining, left)?;
        }
        put(storage, &format!("/p/{}-new", seen.len()), "1").await?;
        commit(storage, Txn::delete(format!("/p/{}", seen.len().min(9)))).await?;
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    same("the keys of all pages", seen, (0..10).map(|n| format!("/p/{n}")).collect())?;
    let whole = page(storage, 0, None).await?;
    same("a list without limit goes on", whole.next, None)
}

/// Once its revision is compacted a page says so; going on inconsistently still works.
async fn expired_page(storage: &dyn Storage) -> Verdict {
    for key in ["/p/1", "/p/2", "/p/3"] {
        put(storage, key, "1").await?;
    }
    let Some(next) = page(storage, 1, None).await?.next else { return broken("the list did not go on") };
    put(storage, "/p/4", "1").await?;
    let head = commit(storage, Txn::delete("/p/2")).await?;
    storage.compact(head).await?;
    let asked = next.revision;
    refused("a page", page(storage, 9, Some(next.clone())).await, expired(asked, head))?;
    let rest = page(storage, 9, Some(Continue { revision: Revision::ZERO, ..next })).await?;
    let seen: Vec<&str> = rest.items.iter().map(|kv| kv.key.as_str()).collect();
    same("the rest at the newest revision", seen, vec!["/p/3", "/p/4"])
}

/// Below the compacted revision reads expire; at and above it they do not. Compacting again changes nothing.
async fn compaction(storage: &dyn Storage) -> Verdict {
    let mut revisions = Vec::new();
    for value in ["1", "2", "3", "4", "5"] {
        revisions.push(put(storage, "/a", value).await?);
    }
    let [one, two, three, four, five] = revisions[..] else { return broken("five puts") };
    storage.compact(three).await?;
    for below in [one, two] {
        refused("a read below", at(storage, below).await, expired(below, three))?;
    }
    for (revision, value) in [(three, "3"), (four, "4"), (five, "5")] {
        at(storage, revision).await?;
        same("the value", text_at(storage, "/a", ReadAt::Exactly(revision)).await?, Some(value.into()))?;
    }
    same("the newest revision", storage.current().await?, five)?;
    storage.compact(five).await?;
    refused("a read below", at(storage, four).await, expired(four, five))?;
    at(storage, five).await?;
    same("the next revision", put(storage, "/a", "6").await?, five.next())
}

/// What was not written for long stays, what was deleted stays deleted.
async fn compaction_keeps(storage: &dyn Storage) -> Verdict {
    put(storage, "/old", "1").await?;
    put(storage, "/gone", "1").await?;
    put(storage, "/back", "1").await?;
    commit(storage, Txn::of(vec![remove("/gone"), remove("/back")])).await?;
    put(storage, "/back", "2").await?;
    let head = put(storage, "/new", "1").await?;
    storage.compact(head).await?;
    let seen = keys(storage, &KeyRange::all(), ReadAt::Exactly(head)).await?;
    same("the keys", seen, vec!["/back".into(), "/new".into(), "/old".into()])?;
    same("the value", text(storage, "/back").await?, Some("2".into()))
}

/// Where there are snapshots they are not touched by writes and compaction.
async fn snapshot(storage: &dyn Storage) -> Verdict {
    put(storage, "/a", "1").await?;
    let head = put(storage, "/b", "1").await?;
    let Some(snapshot) = storage.snapshot() else { return Ok(()) };
    put(storage, "/a", "2").await?;
    let now = commit(storage, Txn::of(vec![remove("/b"), write("/c", "1")])).await?;
    storage.compact(now).await?;
    same("the revision", snapshot.revision(), head)?;
    let all = KeyRange::all();
    let seen: Vec<(&str, &[u8])> = snapshot.range(&all).map(|kv| (kv.key.as_str(), &kv.value[..])).collect();
    same("the values", seen, vec![("/a", b"1"), ("/b", b"1")])?;
    same("the count", snapshot.count(&all), 2)?;
    same("an absent key", snapshot.get(&"/c".into()).is_some(), false)
}

/// One key, keys below it, keys that only begin like it.
async fn prefix(storage: &dyn Storage) -> Verdict {
    for key in ["/p/ns/foo", "/p/ns/foo/bar", "/p/ns/foobar", "/p/ns0/foo"] {
        put(storage, key, "1").await?;
    }
    let head = storage.current().await?;
    for at in [ReadAt::Latest, ReadAt::Exactly(head), ReadAt::AtLeast(head)] {
        let seen = async |range: KeyRange| keys(storage, &range, at).await;
        same("one key", seen(KeyRange::one(&"/p/ns/foo".into())).await?, vec!["/p/ns/foo".into()])?;
        same("a key that is none", seen(KeyRange::one(&"/p/ns".into())).await?, vec![])?;
        same("below a key", seen(KeyRange::prefix("/p/ns/foo/")).await?, vec!["/p/ns/foo/bar".into()])?;
        let namespace = seen(KeyRange::prefix("/p/ns/")).await?;
        let wanted = ["/p/ns/foo", "/p/ns/foo/bar", "/p/ns/foobar"];
        same("a namespace", namespace, wanted.map(String::from).to_vec())?;
        same("a text that keys begin with", seen(KeyRange::prefix("/p/ns")).await?.len(), 4)?;
    }
    Ok(())
}

/// What can be read exactly now cannot once it is compacted, and the store says from where on it can.
async fn compact_revision(storage: &dyn Storage) -> Verdict {
    let first = put(storage, "/a", "1").await?;
    same("nothing is compacted that can be read", storage.status().compacted < first, true)?;
    at(storage, first).await?;
    let second = put(storage, "/other", "1").await?;
    storage.compact(second).await?;
    same("the compacted revision", storage.status().compacted, second)?;
    refused("a read below", at(storage, first).await, expired(first, second))?;
    storage.compact(first).await?;
    same("compacting less changes nothing", storage.status().compacted, second)
}

/// Longer after shorter, upper case before lower case, letters beyond ASCII by their UTF-8.
async fn order(storage: &dyn Storage) -> Verdict {
    let wanted =
        ["/", "/0", "/A", "/a", "/a\u{0}", "/a ", "/a/", "/a0", "/aa", "/\u{e9}", "/\u{4e16}", "/\u{1f980}"];
    for key in wanted.iter().rev() {
        put(storage, key, "1").await?;
    }
    let seen = keys(storage, &KeyRange::all(), ReadAt::Latest).await?;
    same("the keys", seen, wanted.map(String::from).to_vec())?;
    let one = keys(storage, &KeyRange::one(&"/a".into()), ReadAt::Latest).await?;
    same("one key", one, vec!["/a".into()])
}

/// Empty ones, every byte, and some hundred kilobytes.
async fn values(storage: &dyn Storage) -> Verdict {
    let every_byte: Vec<u8> = (0..=255).collect();
    for value in [Vec::new(), every_byte.clone(), every_byte.repeat(1 << 10)] {
        let txn = Txn::put("/a", value.clone());
        let revision = commit(storage, txn).await?;
        let got = storage.get(&"/a".into(), ReadAt::Exactly(revision)).await?.kv;
        same("the length", got.as_ref().map(|kv| kv.value.len()), Some(value.len()))?;
        same("the value", got.is_some_and(|kv| kv.value == value), true)?;
    }
    Ok(())
}

/// A place to go on need not be a key, nor lie inside the range.
async fn anywhere(storage: &dyn Storage) -> Verdict {
    for key in ["/p/1", "/p/3", "/q"] {
        put(storage, key, "1").await?;
    }
    let head = storage.current().await?;
    for (start, wanted) in
        [("/p/2", vec!["/p/3"]), ("/a", vec!["/p/1", "/p/3"]), ("/z", vec![]), ("/p/3", vec!["/p/3"])]
    {
        let place = Continue { revision: head, start: start.into() };
        let seen = page(storage, 9, Some(place)).await?;
        let seen: Vec<&str> = seen.items.iter().map(|kv| kv.key.as_str()).collect();
        same(&format!("from {start}"), seen, wanted)?;
    }
    Ok(())
}

/// The first page names its revision; so do all others, until it is compacted.
async fn old_pages(storage: &dyn Storage) -> Verdict {
    for key in ["/p/1", "/p/2", "/p/3"] {
        put(storage, key, "old").await?;
    }
    let old = storage.current().await?;
    for key in ["/p/0", "/p/1", "/p/3", "/p/4"] {
        put(storage, key, "new").await?;
    }
    let options = ListOptions { at: ReadAt::Exactly(old), limit: 2, continue_from: None };
    let first = storage.list(&KeyRange::prefix("/p/"), &options).await?;
    let rest = page(storage, 2, first.next).await?;
    let seen: Vec<_> =
        first.items.iter().chain(&rest.items).map(|kv| (kv.key.to_string(), &kv.value[..])).collect();
    let wanted = ["/p/1", "/p/2", "/p/3"].map(|key| (key.to_owned(), &b"old"[..]));
    same("all pages", seen, wanted.to_vec())?;
    same("the revision of the rest", (rest.revision, rest.next), (old, None))
}
