//! Planning one write: what a create, an update or a deletion adds to the draft of its request.

use super::candidate::{Candidate, Stored, with_meta};
use super::contribution::{Contribution, Operation, TxnBuilder};
use super::draft::{Current, Draft, Origin};
use super::registry::Served;
use super::{Objects, metadata};
use crate::service::{Subresource, WriteOptions};
use crate::storage::{Compare, Key, Revision};
use bytes::Bytes;
use kube_core::codec::{Extent, TypedObject, is_head};
use kube_core::error::{ApiError, FieldError, Reason};
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::resource::{ObjectKey, ResourceVersion};
use kube_core::view::{Meta, RawObject};
use kube_core::wire::{Scanned, field, fields};
use serde_json::Value;
use std::sync::Arc;

/// What a planned write will leave behind.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) bytes: Bytes,
    pub(crate) end: End,
    /// The metadata in `bytes`, where somebody has it at hand.
    pub(crate) meta: Option<Arc<Meta>>,
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
    /// An object that is written, with its metadata.
    pub(crate) fn written(bytes: Bytes, meta: &ObjectMeta) -> Self {
        Self { bytes, end: End::Written, meta: Some(Arc::new(meta.into())) }
    }

    /// The object, once its request was stored at `revision`.
    pub(crate) fn into_object(self, revision: Revision) -> Result<RawObject, ApiError> {
        let version = match self.end {
            End::Unchanged(Some(version)) => version,
            _ => revision,
        };
        match self.meta {
            Some(meta) => Ok(RawObject::of(meta, self.bytes, ResourceVersion::new(version.get()))),
            None => object(self.bytes, version),
        }
    }
}

/// What a create is given.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given<'a> {
    /// What a client sent.
    Json(&'a Value),
    /// What a program made.
    Typed(&'a dyn TypedObject),
}

impl<'a> Given<'a> {
    /// The name; empty for one that is to be made up.
    pub(crate) fn name(self) -> &'a str {
        match self {
            Self::Json(object) => metadata::text(object, "name"),
            Self::Typed(object) => object.meta().name.as_deref().unwrap_or_default(),
        }
    }

    /// What a name that is made up begins with.
    pub(crate) fn generate_name(self) -> &'a str {
        match self {
            Self::Json(object) => metadata::text(object, "generateName"),
            Self::Typed(object) => object.meta().generate_name.as_deref().unwrap_or_default(),
        }
    }
}

/// What a write does, to which part of which object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act<'a> {
    pub(crate) key: &'a ObjectKey,
    pub(crate) operation: Operation,
    pub(crate) part: Subresource,
    /// What a request to assign a pod says.
    pub(crate) binding: Option<&'a Value>,
}

impl<'a> Act<'a> {
    /// Something done to the object itself.
    pub(crate) fn on(key: &'a ObjectKey, operation: Operation) -> Self {
        Self { key, operation, part: Subresource::Main, binding: None }
    }
}

/// An object that a write found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) place: Key,
    pub(crate) current: Current,
    pub(crate) stored: Stored,
}

impl Found {
    /// The stored version; `None` when the same request wrote it.
    pub(crate) fn version(&self) -> Option<u64> {
        self.current.revision.map(Revision::get)
    }
}

/// An object of these bytes, which this layer has written, at this revision.
pub(crate) fn object(bytes: Bytes, revision: Revision) -> Result<RawObject, ApiError> {
    let version = ResourceVersion::new(revision.get());
    match field(&bytes, "metadata") {
        Some(meta) => {
            let meta = Arc::new(serde_json::from_slice(meta).map_err(ApiError::internal)?);
            Ok(RawObject::of(meta, bytes, version))
        }
        None => RawObject::new(bytes, version).map_err(ApiError::internal),
    }
}

/// Bytes that one object may have, as the API server's largest request body.
///
/// Source: `k8s.io/apiserver/pkg/server` (`MaxRequestBodyBytes`).
const MAX_BYTES: usize = 3 * 1024 * 1024;

/// The bytes of an object.
///
/// # Errors
/// 413 for an object that is too large for any store.
pub(crate) fn print(object: &Candidate) -> Result<Bytes, ApiError> {
    let bytes = object.print().map_err(ApiError::internal)?;
    if bytes.len() <= MAX_BYTES {
        return Ok(bytes);
    }
    let text = format!("Request entity too large: limit is {MAX_BYTES}");
    Err(ApiError::new(Reason::RequestEntityTooLarge, text))
}

/// Whether anything but metadata and status differs between two objects in canonical form.
pub(crate) fn wants_differ(old: &Scanned, new: &[u8]) -> bool {
    let before = old.fields().filter(|field| !is_head(field.name));
    !before.eq(fields(new).filter(|field| !is_head(field.name)))
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

    /// The stored object.
    ///
    /// # Errors
    /// 404.
    pub(crate) async fn stored(&self, key: &ObjectKey) -> Result<Found, ApiError> {
        let place = self.place(key);
        let Some(current) = self.current(&place).await? else { return Err(self.not_found(key)) };
        let stored = Stored::read(
            current.value.clone(),
            self.served.strategy.codec(),
            self.objects.env.wall_seconds(),
        )?;
        Ok(Found { place, current, stored })
    }

    /// An object that stays as it is.
    pub(crate) fn unchanged(&self, found: Found) -> Planned {
        let version = if self.draft.writes(&found.place) { None } else { found.current.revision };
        Planned { bytes: found.current.value, end: End::Unchanged(version), meta: None }
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

    /// The write under way, as plugins and contributions see it.
    pub(crate) fn contribution<'b>(&'b self, act: Act<'b>) -> Contribution<'b> {
        Contribution {
            objects: self.objects,
            draft: self.draft,
            kind: &self.served.info,
            key: act.key,
            operation: act.operation,
            subresource: act.part,
            binding: act.binding,
            options: self.options,
        }
    }

    /// Lets admission change the object of a create or update. What plugins may have left out is filled in.
    pub(crate) async fn mutate(
        &self,
        act: Act<'_>,
        old: Option<&Stored>,
        object: &mut Candidate,
    ) -> Result<(), ApiError> {
        let cx = self.contribution(act);
        let mut gaps = false;
        for plugin in self.objects.admission.iter().filter(|plugin| plugin.handles(&cx)) {
            object.complete().map_err(ApiError::internal)?;
            plugin.mutate(&cx, old, object).await?;
            gaps |= !plugin.leaves_nothing_out();
        }
        if gaps { self.served.strategy.set_defaults(object) } else { Ok(()) }
    }

    /// Lets admission refuse the write.
    pub(crate) async fn validate(
        &self,
        act: Act<'_>,
        old: Option<&Stored>,
        object: Option<&Candidate>,
    ) -> Result<(), ApiError> {
        let cx = self.contribution(act);
        for plugin in self.objects.admission.iter().filter(|plugin| plugin.handles(&cx)) {
            plugin.validate(&cx, old, object).await?;
        }
        Ok(())
    }

    /// Lets the strategy, its contributors and admission add to the transaction.
    pub(crate) async fn contribute(
        &mut self,
        act: Act<'_>,
        old: Option<&Stored>,
        mut new: Option<&mut Candidate>,
    ) -> Result<(), ApiError> {
        let mut txn = TxnBuilder::default();
        let served = self.served.clone();
        let cx = self.contribution(act);
        for contributor in served.contributors.iter().filter(|contributor| contributor.handles(&cx)) {
            if let Some(new) = new.as_deref_mut() {
                new.complete().map_err(ApiError::internal)?;
            }
            contributor.contribute(&cx, old, new.as_deref_mut(), &mut txn).await?;
        }
        for plugin in self.objects.admission.iter().filter(|plugin| plugin.handles(&cx)) {
            plugin.contribute(&cx, old, new.as_deref(), &mut txn).await?;
        }
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
    pub(crate) async fn create(&mut self, namespace: &str, given: Given<'_>) -> Result<Planned, ApiError> {
        let served = self.served.clone();
        let kind = &*served.info;
        let mut new = self.brought(given)?;
        let key = metadata::begin_create(kind, namespace, new.meta_mut(), &self.objects.env)?;
        served.strategy.set_defaults(&mut new)?;
        let act = Act::on(&key, Operation::Create);
        self.mutate(act, None, &mut new).await?;
        served.strategy.prepare_create(&mut new)?;
        let mut errors =
            metadata::check_created(new.meta(), kind.is_namespaced(), served.strategy.name_rule());
        errors.extend(served.strategy.validate(&new)?);
        self.invalid(&key, &errors)?;
        self.validate(act, None, Some(&new)).await?;
        let place = self.place(&key);
        let before = self.absent(&key, &place).await?;
        self.contribute(act, None, Some(&mut new)).await?;
        if served.strategy.counts_generation() {
            new.meta_mut().generation = Some(1);
        }
        self.tell(&new, None)?;
        let bytes = print(&new)?;
        self.draft.put(place, bytes.clone(), self.options.ttl, before.as_ref());
        Ok(Planned::written(bytes, new.meta()))
    }

    /// The object that a create brings, without a status where creates set none.
    fn brought(&self, given: Given<'_>) -> Result<Candidate, ApiError> {
        let Served { info: kind, strategy, .. } = &*self.served;
        let without_status = kind.has_status() && !strategy.keeps_status_on_create();
        let written;
        let object = match given {
            Given::Json(object) => object,
            Given::Typed(object) => {
                let extent = if without_status { Extent::WithoutStatus } else { Extent::Whole };
                let codec = strategy.codec().filter(|_| strategy.takes_over(object));
                if let Some(codec) = codec
                    && let Some(own) = codec.copy(object, extent)
                {
                    return Ok(Candidate::of_typed(own, codec));
                }
                written = object.to_json().map_err(ApiError::internal)?;
                &written
            }
        };
        let mut object = metadata::accept_type(kind, object, strategy.codec())?;
        if without_status && object.get("status").is_some() {
            drop(object.to_mut().as_object_mut().and_then(|fields| fields.remove("status")));
        }
        let new = strategy.read(&object)?;
        if self.is_strict() {
            self.judge_unknown(&strategy.unknown_fields(&object, &new)?)?;
        }
        Ok(new)
    }

    /// The bytes of an object as the successor of `old`: its generation grows when what is wanted has changed.
    pub(crate) fn succeed(&self, old: &Stored, new: &mut Candidate) -> Result<Bytes, ApiError> {
        let bytes = print(new)?;
        if !self.served.strategy.counts_generation() || !wants_differ(old.scanned(), &bytes) {
            return Ok(bytes);
        }
        let meta = new.meta_mut();
        meta.generation = Some(old.meta().generation.unwrap_or(0) + 1);
        with_meta(&bytes, meta).map_err(ApiError::internal)
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
