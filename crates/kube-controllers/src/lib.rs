//! Make actual match desired: the reconciler [`runtime`] and the [built-in](mod@builtin) controllers.
//!
//! A controller of your own is a type with one function. Here one that keeps a Pod for every `GameServer`:
//!
//! ```
//! use kube_controllers::runtime::{Context, Controller, Error, Outcome, OwnedBy, Reconciler, Request};
//! use kube_core::custom::{CustomKind, Object};
//! use kube_core::kinds::core::v1::{Container, Pod, PodSpec};
//! # use kube_controllers::runtime::Manager;
//! # use kube_core::kinds::meta::v1::ObjectMeta;
//! # use kube_core::resource::ResourceExt;
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//! use std::time::Duration;
//!
//! #[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
//! struct GameServerSpec { map: String }
//! #[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
//! struct GameServerStatus { phase: String }
//! impl CustomKind for GameServerSpec {
//!     const GROUP: &'static str = "games.example.com";
//!     const VERSION: &'static str = "v1";
//!     const KIND: &'static str = "GameServer";
//!     const PLURAL: &'static str = "gameservers";
//!     type Status = GameServerStatus;
//! }
//! type GameServer = Object<GameServerSpec>;
//!
//! struct GameServers;
//! impl Reconciler for GameServers {
//!     type Resource = GameServer;
//!     async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
//!         let Some(server) = cx.get::<GameServer>(&request.key) else { return Ok(Outcome::Done) };
//!         cx.apply(pod_for(&server).owned_by(&*server)).await?;   // writes nothing when nothing changes
//!         let pod = cx.get::<Pod>(&request.key);
//!         let phase = pod.and_then(|pod| pod.status.clone()?.phase).unwrap_or_default();
//!         cx.patch_status(&*server, |status| status.phase = phase).await?;
//!         Ok(Outcome::RequeueAfter(Duration::from_secs(30)))
//!     }
//! }
//! let controller = Controller::builder(GameServers).owns::<Pod>().build();
//! # fn pod_for(server: &GameServer) -> Pod {
//! #     let container = Container { name: "game".into(), image: Some(format!("game:{}", server.spec.map)), ..Container::default() };
//! #     Pod {
//! #         metadata: ObjectMeta { name: server.metadata.name.clone(), ..ObjectMeta::default() },
//! #         spec: Some(PodSpec { containers: vec![container], ..PodSpec::default() }),
//! #         status: None,
//! #     }
//! # }
//! # use kube_store::{api::Api, client::Running, informer::Informers, objects::Objects, storage::memory::MemoryStorage};
//! # use std::sync::Arc;
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! # let env = kube_store::rt::env();
//! # let objects = Objects::new(Arc::new(MemoryStorage::new()), env.clone());
//! # objects.register_kind::<GameServer>();
//! # let informers = Informers::new(objects.clone());
//! # let running = Running::start(&env, Box::new(Manager::new(&informers, [controller])));
//! # let servers: Api<GameServer> = Api::namespaced(objects.clone(), "default");
//! # servers.create(&GameServer::new("ctf", GameServerSpec { map: "dust".into() })).await.unwrap();
//! # while servers.get("ctf").await.unwrap().status.is_none_or(|status| status.phase != "Pending") {
//! #     tokio::task::yield_now().await;
//! # }
//! # let pods: Api<Pod> = Api::namespaced(objects.clone(), "default");
//! # assert_eq!(pods.get("ctf").await.unwrap().metadata.owner_references.unwrap()[0].kind, "GameServer");
//! # running.stop();
//! # running.ended().await.unwrap();
//! # });
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [`Manager`](runtime::Manager) runs it beside the built-in ones, over one set of informers.

pub mod builtin;
pub mod runtime;

pub use builtin::builtin;
