//! Kinds of your own, without macros: a spec type and [`CustomKind`] give a full
//! [`Resource`](crate::resource::Resource).
//!
//! ```
//! use kube_core::custom::{CustomKind, Object, crd};
//! use kube_core::resource::Resource;
//!
//! #[derive(Clone, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
//! struct GameServerSpec { map: String, players: u32 }
//!
//! #[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
//! struct GameServerStatus { phase: String }
//!
//! impl CustomKind for GameServerSpec {
//!     const GROUP: &'static str = "games.example.com";
//!     const VERSION: &'static str = "v1";
//!     const KIND: &'static str = "GameServer";
//!     const PLURAL: &'static str = "gameservers";
//!     type Status = GameServerStatus;
//! }
//! type GameServer = Object<GameServerSpec>;
//!
//! let server = GameServer::new("ctf", GameServerSpec { map: "dust".into(), players: 16 });
//! assert_eq!(GameServer::kind_info().api_version(), "games.example.com/v1");
//! assert_eq!(crd::<GameServerSpec>().metadata.name.as_deref(), Some("gameservers.games.example.com"));
//! assert_eq!(serde_json::to_value(&server).unwrap()["spec"]["players"], 16);
//! ```

mod crd;
mod object;
mod shape;
#[cfg(test)]
mod tests;

pub use crd::crd;
pub use object::{CustomKind, Object};
