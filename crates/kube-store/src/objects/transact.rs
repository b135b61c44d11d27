//! Several writes as one.

use super::Objects;
use super::commit::{Stored, attempts, exhausted};
use super::draft::Draft;
use super::metadata;
use super::plan::{Given, Planned, Planner};
use super::update::Change;
use crate::service::{Subresource, TransactError, Write, WriteOptions};
use kube_core::error::ApiError;
use kube_core::resource::{KindInfo, ObjectKey};
use kube_core::view::RawObject;
use serde_json::Value;

impl Objects {
    /// Plans all writes in one draft and stores it, unless it is a dry run.
    pub(super) async fn write_all(
        &self,
        writes: &[Write],
        options: &WriteOptions,
    ) -> Result<Vec<RawObject>, TransactError> {
        for _ in 0..attempts() {
            let mut draft = Draft::fenced(options.fence.as_ref());
            let mut planned = Vec::with_capacity(writes.len());
            for (index, write) in writes.iter().enumerate() {
                let one = self.plan_one(&mut draft, index, write, options).await;
                planned.push(one.map_err(|error| TransactError { write: Some(index), error })?);
            }
            match self.store(draft, options.dry_run).await? {
                Stored::At(revision) => {
                    let objects = planned.into_iter().map(|p| p.into_object(revision));
                    return Ok(objects.collect::<Result<_, _>>()?);
                }
                Stored::Taken(index) => taken(writes, index)?,
                Stored::Stale => {}
            }
        }
        Err(exhausted().into())
    }

    async fn plan_one(
        &self,
        draft: &mut Draft,
        index: usize,
        write: &Write,
        options: &WriteOptions,
    ) -> Result<Planned, ApiError> {
        let served = self.kinds.served(kind_of(write))?;
        served.expect_written()?;
        let mut planner = Planner { objects: self, served, options, draft, index };
        match write {
            Write::Create { namespace, object, .. } => planner.create(namespace, Given::Json(object)).await,
            Write::Update { key, subresource, object, .. } => {
                planner.update(key, *subresource, Change::Replace(object)).await
            }
            Write::Patch { key, subresource, patch, .. } => {
                planner.update(key, *subresource, Change::Patch(patch)).await
            }
            Write::Bind { key, binding, .. } => {
                planner.update(key, Subresource::Binding, Change::Bind(binding)).await
            }
            Write::Apply { kind, namespace, object } => {
                let given = metadata::text(object, "namespace");
                let namespace = if namespace.is_empty() { given } else { namespace };
                let name = metadata::text(object, "name");
                let key = ObjectKey::new(if kind.is_namespaced() { namespace } else { "" }, name);
                let place = planner.place(&key);
                if name.is_empty() || planner.current(&place).await?.is_none() {
                    planner.create(namespace, Given::Json(object)).await
                } else {
                    planner.update(&key, Subresource::Main, Change::Apply(object)).await
                }
            }
        }
    }
}

/// What it means that the name of a create is taken: an error for a name that was given, another attempt for
/// one that was made up, or for an apply that will now find the object.
fn taken(writes: &[Write], index: usize) -> Result<(), TransactError> {
    let Some(Write::Create { kind, object, .. }) = writes.get(index) else { return Ok(()) };
    if is_generated(object) {
        return Ok(());
    }
    let error = ApiError::already_exists(&kind.group, &kind.plural, metadata::text(object, "name"));
    Err(TransactError { write: Some(index), error })
}

/// Whether the name of a new object is made up.
fn is_generated(object: &Value) -> bool {
    metadata::text(object, "name").is_empty()
}

fn kind_of(write: &Write) -> &KindInfo {
    match write {
        Write::Create { kind, .. }
        | Write::Update { kind, .. }
        | Write::Patch { kind, .. }
        | Write::Apply { kind, .. }
        | Write::Bind { kind, .. } => kind,
    }
}
