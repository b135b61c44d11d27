//! Planning one write: what a create, an update or a deletion adds to the draft of its request.

use super::contribution::{Contribution, Operation, TxnBuilder};
use super::draft::{Current, Draft, Origin};
use super::registry::Served;
use super::{Objects, metadata};
use crate::service::{Subresource, WriteOptions};
use crate::storage::{Compare, Key, Revision};
use bytes::Bytes;
use kube_core::error::{ApiError, FieldError};
use kube_core::resource::ObjectKey;
use kube_core::view::RawObject;
use serde_json::Value;
use std::sync::Arc;

/// What a planned write will leave behind.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) bytes: Bytes,
    pub(crate) end: End,
}

/// What becomes of the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It is written.
    Written,
    /// It is what it was, at this version; `None` when the same request wrote it.
    Unchanged(Option<Revision>),
    /// It goes.
    Removed,
}

impl Planned {
    /// The object, once its request was stored at `revision`.
    pub(crate) fn into_object(self, revision: Revision) -> Result<RawObject, ApiError> {
        let version = match self.end {
            End::Unchanged(Some(version)) => version,
            _ => revision,
        };
        object(self.bytes, version)
    }
}

/// What a write does, to which part of which object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act<'a> {
    pub(crate) key: &'a ObjectKey,
    pub(crate) operation: Operation,
    pub(crate) part: Subresource,
}

impl<'a> Act<'a> {
    /// Something done to the object itself.
    pub(crate) fn on(key: &'a ObjectKey, operation: Operation) -> Self {
        Self { key, operation, part: Subresource::Main }
    }
}

/// An object that a write found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) place: Key,
    pub(crate) current: Current,
    pub(crate) value: Value,
}

impl Found {
    /// The stored version; `None` when the same request wrote it.
    pub(crate) fn version(&self) -> Option<u64> {
        self.current.revision.map(Revision::get)
    }
}

/// An object of these bytes at this revision.
pub(crate) fn object(bytes: Bytes, revision: Revision) -> Result<RawObject, ApiError> {
    let version = kube_core::resource::ResourceVersion::new(revision.get());
    RawObject::new(bytes, version).map_err(ApiError::internal)
}

/// One write of a request, being planned.
#[derive(Debug)]
pub(crate) struct Planner<'a> {
    pub(crate) objects: &'a Objects,
    pub(crate) served: Arc<Served>,
    pub(crate) options: &'a WriteOptions,
    pub(crate) draft: &'a mut Draft,
    /// Which write of the request this is.
    pub(crate) index: usize,
}

impl Planner<'_> {
    /// The place of one object.
    pub(crate) fn place(&self, key: &ObjectKey) -> Key {
        Key::new(format!("{}{key}", self.served.prefix))
    }

    /// What stands at `place`.
    pub(crate) async fn current(&self, place: &Key) -> Result<Option<Current>, ApiError> {
        self.draft.get(&*self.objects.storage, place).await
    }

    /// The stored object, with its JSON.
    ///
    /// # Errors
    /// 404.
    pub(crate) async fn stored(&self, key: &ObjectKey) -> Result<Found, ApiError> {
        let place = self.place(key);
        let Some(current) = self.current(&place).await? else { return Err(self.not_found(key)) };
        let value = serde_json::from_slice(&current.value).map_err(ApiError::internal)?;
        Ok(Found { place, current, value })
    }

    /// An object that stays as it is.
    pub(crate) fn unchanged(&self, found: Found) -> Planned {
        let version = if self.draft.writes(&found.place) { None } else { found.current.revision };
        Planned { bytes: found.current.value, end: End::Unchanged(version) }
    }

    pub(crate) fn not_found(&self, key: &ObjectKey) -> ApiError {
        ApiError::not_found(&self.served.info.group, &self.served.info.plural, &key.name)
    }

    pub(crate) fn already_exists(&self, key: &ObjectKey) -> ApiError {
        ApiError::already_exists(&self.served.info.group, &self.served.info.plural, &key.name)
    }

    pub(crate) fn invalid(&self, key: &ObjectKey, errors: &[FieldError]) -> Result<(), ApiError> {
        if errors.is_empty() {
            return Ok(());
        }
        Err(ApiError::invalid(&self.served.info.group, &self.served.info.kind, &key.name, errors))
    }

    fn contribution<'b>(&'b self, act: Act<'b>) -> Contribution<'b> {
        Contribution {
            storage: &*self.objects.storage,
            draft: self.draft,
            keys: self.objects.kinds.keys(),
            env: &self.objects.env,
            kind: &self.served.info,
            key: act.key,
            operation: act.operation,
            subresource: act.part,
            dry_run: self.options.dry_run,
        }
    }

    /// Lets admission change the object of a create or update.
    pub(crate) async fn mutate(&self, act: Act<'_>, object: &mut Value) -> Result<(), ApiError> {
        if self.objects.admission.is_empty() {
            return Ok(());
        }
        let cx = self.contribution(act);
        let mut defaulted = false;
        for plugin in self.objects.admission.iter().filter(|plugin| plugin.handles(&cx)) {
            if plugin.needs_defaults() && !defaulted {
                self.served.strategy.set_defaults(object)?;
                defaulted = true;
            }
            plugin.mutate(&cx, object).await?;
        }
        Ok(())
    }

    /// Lets admission refuse the write.
    pub(crate) async fn validate(
        &self,
        act: Act<'_>,
        old: Option<&Value>,
        object: Option<&Value>,
    ) -> Result<(), ApiError> {
        let cx = self.contribution(act);
        for plugin in self.objects.admission.iter().filter(|plugin| plugin.handles(&cx)) {
            plugin.validate(&cx, old, object).await?;
        }
        Ok(())
    }

    /// Lets the strategy add to the transaction.
    pub(crate) async fn contribute(
        &mut self,
        act: Act<'_>,
        old: Option<&Value>,
        new: Option<&mut Value>,
    ) -> Result<(), ApiError> {
        let mut txn = TxnBuilder::default();
        let cx = self.contribution(act);
        self.served.strategy.contribute(&cx, old, new, &mut txn).await?;
        txn.add_to(self.draft);
        Ok(())
    }

    /// Expects what was read to be there still.
    pub(crate) fn expect(&mut self, place: &Key, current: &Current) {
        if let (false, Some(revision)) = (self.draft.writes(place), current.revision) {
            self.draft.compare(Compare::Unchanged { key: place.clone(), revision }, Origin::Read);
        }
    }

    /// Plans a create.
    pub(crate) async fn create(&mut self, namespace: &str, mut object: Value) -> Result<Planned, ApiError> {
        let served = self.served.clone();
        let kind = &*served.info;
        let key = metadata::begin_create(kind, namespace, &mut object, &self.objects.env)?;
        if kind.has_status()
            && !served.strategy.keeps_status_on_create()
            && let Some(fields) = object.as_object_mut()
        {
            fields.remove("status");
        }
        let act = Act::on(&key, Operation::Create);
        self.mutate(act, &mut object).await?;
        let wrong = served.strategy.admit_create(&mut object)?;
        let mut errors = metadata::check_created(&object, kind.is_namespaced(), served.strategy.name_rule())?;
        errors.extend(wrong);
        self.invalid(&key, &errors)?;
        self.validate(act, None, Some(&object)).await?;
        if served.custom || object.get("spec").is_some() {
            metadata::metadata(&mut object)?.insert("generation".to_owned(), 1.into());
        }
        let place = self.place(&key);
        let before = self.absent(&key, &place).await?;
        self.contribute(act, None, Some(&mut object)).await?;
        let bytes = kube_core::wire::canonical(&object);
        self.draft.put(place, bytes.clone(), self.options.ttl, before.as_ref());
        Ok(Planned { bytes, end: End::Written })
    }

    /// Makes sure that nothing stands at `place`: now for a dry run, otherwise when the request is stored.
    async fn absent(&mut self, key: &ObjectKey, place: &Key) -> Result<Option<Current>, ApiError> {
        if self.draft.writes(place) {
            return if self.draft.holds(place) { Err(self.already_exists(key)) } else { Ok(None) };
        }
        if self.options.dry_run && self.current(place).await?.is_some() {
            return Err(self.already_exists(key));
        }
        self.draft.compare(Compare::Absent { key: place.clone() }, Origin::Create(self.index));
        Ok(None)
    }
}
