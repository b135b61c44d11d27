//! Durable objects with revisions: storage engines, API semantics, typed handles, informers.
//!
//! From below: [`storage`] (bytes with revisions, transactions, watches), [`objects`] (Kubernetes' API semantics over
//! any storage), [`service`] (the contract of an object service), [`api`] (typed handles), [`informer`] (caches with
//! indexes), [`client`] (components, events). [`rt`] is the real environment: clocks, tokio tasks, randomness.
//!
//! ```
//! use kube_core::kinds::core::v1::ConfigMap;
//! use kube_store::api::Api;
//! use kube_store::objects::Objects;
//! use kube_store::storage::MemoryStorage;
//! use kube_store::rt;
//! use std::sync::Arc;
//!
//! # fn main() -> Result<(), kube_core::error::ApiError> {
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
//! # runtime.block_on(async {
//! let objects = Objects::new(Arc::new(MemoryStorage::new()), rt::env());
//! let maps: Api<ConfigMap> = Api::namespaced(objects, "default");
//!
//! let mut settings = ConfigMap::default();
//! settings.metadata.name = Some("settings".to_owned());
//! let created = maps.create(&settings).await?;
//! maps.edit("settings", |map| { map.data.get_or_insert_default().insert("lives".into(), "3".into()); }).await?;
//!
//! let stale = maps.update(&created).await.unwrap_err(); // somebody wrote in between
//! assert!(stale.is_conflict());
//! # Ok(())
//! # }) }
//! ```

pub mod api;
pub mod cache;
pub mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod informer;
pub mod mutant;
pub mod objects;
pub mod rt;
pub mod service;
pub mod storage;
pub mod unreadable;
