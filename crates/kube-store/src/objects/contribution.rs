//! What a strategy may add to the transaction of a write.

use super::Objects;
use super::candidate::{Candidate, Stored};
use super::draft::{Current, Draft, Origin};
use super::keys::Keys;
use crate::service::{Subresource, WriteOptions};
use crate::storage::{Compare, Key, KeyRange, Revision};
use async_trait::async_trait;
use bytes::Bytes;
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::rbac::User;
use kube_core::resource::{KindInfo, ObjectKey, Resource};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What a request does to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Creates it.
    Create,
    /// Changes it, or a part of it.
    Update,
    /// Deletes it, or begins its deletion.
    Delete,
}

/// Adds compares and writes to the transactions of a kind: allocations, quotas, budgets.
///
/// ```
/// use async_trait::async_trait;
/// use kube_core::error::ApiError;
/// use kube_core::kinds::core::v1::ConfigMap;
/// use kube_store::objects::{Candidate, Contribution, Contributor, Objects, Operation, Stored, TxnBuilder};
/// use kube_store::storage::{Key, MemoryStorage, ReadAt, Storage};
/// use kube_store::{api::Api, rt};
/// use std::sync::Arc;
///
/// /// Counts the config maps that were ever made, in the transaction that makes each.
/// #[derive(Debug)]
/// struct Count;
///
/// #[async_trait]
/// impl Contributor for Count {
///     fn handles(&self, cx: &Contribution<'_>) -> bool {
///         cx.operation() == Operation::Create
///     }
///
///     async fn contribute(
///         &self,
///         cx: &Contribution<'_>,
///         _old: Option<&Stored>,
///         _new: Option<&mut Candidate>,
///         txn: &mut TxnBuilder,
///     ) -> Result<(), ApiError> {
///         let read = cx.get(&Key::from("/counts/configmaps")).await?;
///         let count = read.json()?.and_then(|count| count.as_u64()).unwrap_or(0);
///         txn.put(&read, (count + 1).to_string());
///         Ok(())
///     }
/// }
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let storage = Arc::new(MemoryStorage::new());
/// let objects = Objects::builder(storage.clone(), rt::env()).contributor("", "ConfigMap", Arc::new(Count)).build();
/// let maps: Api<ConfigMap> = Api::namespaced(objects, "default");
/// for name in ["a", "b"] {
///     let mut map = ConfigMap::default();
///     map.metadata.name = Some(name.to_owned());
///     maps.create(&map).await?;
/// }
/// let count = storage.get(&Key::from("/counts/configmaps"), ReadAt::Latest).await?.kv.unwrap();
/// assert_eq!(&count.value[..], b"2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait Contributor: Send + Sync + fmt::Debug + 'static {
    /// Whether it has anything to do with a write: what is not asked costs nothing.
    fn handles(&self, _cx: &Contribution<'_>) -> bool {
        true
    }

    /// Adds compares and writes to the transaction of a write, and may fill in fields of the new object. `old` is
    /// `None` for a create, `new` for a deletion. Runs last, and again whenever the transaction lost a race.
    ///
    /// # Errors
    /// What refuses the write.
    async fn contribute(
        &self,
        cx: &Contribution<'_>,
        old: Option<&Stored>,
        new: Option<&mut Candidate>,
        txn: &mut TxnBuilder,
    ) -> Result<(), ApiError>;
}

/// The write under way, and reads that see what the same request has written before.
#[derive(Debug)]
pub struct Contribution<'a> {
    pub(crate) objects: &'a Objects,
    pub(crate) draft: &'a Draft,
    pub(crate) kind: &'a KindInfo,
    pub(crate) key: &'a ObjectKey,
    pub(crate) operation: Operation,
    pub(crate) subresource: Subresource,
    pub(crate) binding: Option<&'a Value>,
    pub(crate) options: &'a WriteOptions,
}

/// A value that was read, to be handed to [`TxnBuilder::expect`].
#[derive(Clone, Debug)]
pub struct Read {
    key: Key,
    current: Option<Current>,
    /// Written by the same request, so that there is nothing to compare.
    pending: bool,
}

impl Read {
    /// The revision at which the value was written; `None` where the key is absent, or was written by the same request.
    pub fn revision(&self) -> Option<Revision> {
        self.current.as_ref()?.revision.filter(|_| !self.pending)
    }

    /// The value; `None` when the key is absent.
    pub fn value(&self) -> Option<&Bytes> {
        self.current.as_ref().map(|current| &current.value)
    }

    /// The value as JSON; `None` when the key is absent.
    ///
    /// # Errors
    /// 500 when it is not JSON.
    pub fn json(&self) -> Result<Option<Value>, ApiError> {
        self.value().map(|bytes| serde_json::from_slice(bytes).map_err(ApiError::internal)).transpose()
    }
}

/// The values of a range that was read, to be handed to [`TxnBuilder::expect_range`].
#[derive(Clone, Debug)]
pub struct RangeRead {
    range: KeyRange,
    revision: Revision,
    /// Keys and values, in key order.
    pub items: Vec<(Key, Bytes)>,
}

impl Contribution<'_> {
    /// The kind written.
    pub fn kind(&self) -> &KindInfo {
        self.kind
    }

    /// The object's key.
    pub fn key(&self) -> &ObjectKey {
        self.key
    }

    /// What is done to it.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// Which part of it is written.
    pub fn subresource(&self) -> Subresource {
        self.subresource
    }

    /// The `Binding` by which a pod is assigned to a node, where that is what is done.
    pub fn binding(&self) -> Option<&Value> {
        self.binding
    }

    /// Whether nothing will be stored.
    pub fn is_dry_run(&self) -> bool {
        self.options.dry_run
    }

    /// The environment.
    pub fn env(&self) -> &Env {
        &self.objects.env
    }

    /// Makes keys of objects.
    pub fn keys(&self) -> &Keys {
        self.objects.kinds.keys()
    }

    /// Who asks, where the service is used in the name of somebody
    /// ([`Access::as_user`](crate::service::Access::as_user)); `None` for the program itself.
    pub fn user(&self) -> Option<&User> {
        self.options.user.as_deref()
    }

    /// How the write is made.
    pub fn options(&self) -> &WriteOptions {
        self.options
    }

    /// The object of that key as a cache knows it, or as the same request has written it. The cache may lag behind
    /// the store where that is remote: whoever decides over a budget reads by [`Contribution::object`].
    ///
    /// # Errors
    /// What the store answers, and 500 for an object that does not decode.
    pub async fn cached<K: Resource>(&self, key: &ObjectKey) -> Result<Option<Arc<K>>, ApiError> {
        let served = self.objects.kinds.served(K::kind_info())?;
        let place = Key::new(format!("{}{key}", served.prefix));
        if self.draft.writes(&place) {
            let written = self.draft.written(place.as_str()).find(|(at, _)| **at == place);
            return written.and_then(|(_, value)| value).map(decode).transpose();
        }
        let cache = self.objects.cache(&served);
        cache.caught_up().await?;
        let found = cache.find(&key.to_string());
        found.map(|entry| entry.typed().map_err(ApiError::internal)).transpose()
    }

    /// The object of that key as the store knows it now, or as the same request has written it; decoded once where a
    /// cache knows it as well.
    ///
    /// # Errors
    /// As [`Contribution::cached`].
    pub async fn current<K: Resource>(&self, key: &ObjectKey) -> Result<Option<Arc<K>>, ApiError> {
        let read = self.object(K::kind_info(), key).await?;
        let Some(current) = &read.current else { return Ok(None) };
        if !read.pending {
            let served = self.objects.kinds.served(K::kind_info())?;
            let cache = self.objects.cache(&served);
            cache.caught_up().await?;
            let entry = cache.find(&key.to_string());
            let known =
                entry.filter(|e| Some(e.raw.version.revision()) == current.revision.map(Revision::get));
            if let Some(entry) = known {
                return entry.typed().map(Some).map_err(ApiError::internal);
            }
        }
        decode(&current.value).map(Some)
    }

    /// The objects of a namespace (all of them for cluster-scoped kinds) in key order, as a cache knows them.
    ///
    /// # Errors
    /// As [`Contribution::cached`].
    pub async fn all_cached<K: Resource>(&self, namespace: &str) -> Result<Vec<Arc<K>>, ApiError> {
        let served = self.objects.kinds.served(K::kind_info())?;
        let cache = self.objects.cache(&served);
        cache.caught_up().await?;
        let start = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
        let known = cache.below(&start);
        let below = format!("{}{start}", served.prefix);
        let mut written = self.draft.written(&below).peekable();
        if written.peek().is_none() {
            return known.iter().map(|(_, e)| e.typed().map_err(ApiError::internal)).collect();
        }
        let mut all = BTreeMap::new();
        for (key, entry) in known {
            all.insert(format!("{}{key}", served.prefix), entry.typed().map_err(ApiError::internal)?);
        }
        for (key, value) in written {
            match value {
                Some(value) => drop(all.insert(key.as_str().to_owned(), decode(value)?)),
                None => drop(all.remove(key.as_str())),
            }
        }
        Ok(all.into_values().collect())
    }

    /// Whether the cache knows an object of `kind` in the namespace, or the same request has written one. Answers
    /// without waiting: `false` while the cache has not read its first state.
    pub fn any_cached(&self, kind: &KindInfo, namespace: &str) -> bool {
        let Ok(served) = self.objects.kinds.served(kind) else { return false };
        let start = format!("{namespace}/");
        let below = format!("{}{start}", served.prefix);
        self.objects.cache(&served).has_below(&start)
            || self.draft.written(&below).any(|(_, value)| value.is_some())
    }

    /// A 403 for the object under way, with Kubernetes' words around `why`.
    pub fn forbidden(&self, why: &str) -> ApiError {
        ApiError::forbidden(&self.kind.group, &self.kind.plural, &self.key.name, why)
    }

    /// Whether the write is one of objects of that kind (of a part of them, for a `subresource`).
    pub fn is(&self, group: &str, kind: &str, subresource: Subresource) -> bool {
        self.kind.kind == kind && self.kind.group == group && self.subresource == subresource
    }

    /// The value of a key, as earlier writes of the same request left it.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn get(&self, key: &Key) -> Result<Read, ApiError> {
        let current = self.draft.get(&*self.objects.storage, key).await?;
        Ok(Read { key: key.clone(), current, pending: self.draft.writes(key) })
    }

    /// The values of a range, as earlier writes of the same request left them.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn list(&self, range: &KeyRange) -> Result<RangeRead, ApiError> {
        let (items, revision) = self.draft.list(&*self.objects.storage, range).await?;
        Ok(RangeRead { range: range.clone(), revision, items })
    }

    /// Another object, as earlier writes of the same request left it.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn object(&self, kind: &KindInfo, key: &ObjectKey) -> Result<Read, ApiError> {
        self.get(&self.keys().object(kind, key)).await
    }
}

fn decode<K: Resource>(value: &Bytes) -> Result<Arc<K>, ApiError> {
    K::from_json(value).map(Arc::new).map_err(ApiError::internal)
}

/// Compares and writes that are added to the transaction of a write.
///
/// When a compare does not hold, the whole request is planned again from what is stored then.
#[derive(Debug, Default)]
pub struct TxnBuilder {
    compares: Vec<Compare>,
    puts: Vec<(Read, Option<Bytes>)>,
}

impl TxnBuilder {
    /// The write holds only while `compare` does.
    pub fn compare(&mut self, compare: Compare) {
        self.compares.push(compare);
    }

    /// The write holds only while the value is the one that was read.
    pub fn expect(&mut self, read: &Read) {
        if read.pending {
            return;
        }
        let key = read.key.clone();
        match &read.current {
            Some(Current { revision: Some(revision), .. }) => {
                self.compares.push(Compare::Unchanged { key, revision: *revision });
            }
            _ => self.compares.push(Compare::Absent { key }),
        }
    }

    /// The write holds only while no key of the range is written by somebody else.
    pub fn expect_range(&mut self, read: &RangeRead) {
        self.compares.push(Compare::RangeUnchanged { range: read.range.clone(), revision: read.revision });
    }

    /// Writes `value` over what was read, and expects it unchanged.
    pub fn put(&mut self, read: &Read, value: impl Into<Bytes>) {
        self.expect(read);
        self.puts.push((read.clone(), Some(value.into())));
    }

    /// Deletes what was read, and expects it unchanged.
    pub fn delete(&mut self, read: &Read) {
        if read.current.is_some() {
            self.expect(read);
            self.puts.push((read.clone(), None));
        }
    }

    pub(crate) fn add_to(self, draft: &mut Draft) {
        for compare in self.compares {
            draft.compare(compare, Origin::Read);
        }
        for (read, value) in self.puts {
            match value {
                Some(value) => draft.put(read.key, value, None, read.current.as_ref()),
                None => draft.delete(read.key, read.current.as_ref()),
            }
        }
    }
}
