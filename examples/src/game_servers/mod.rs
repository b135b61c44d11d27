//! An operator for a kind of its own: a pod per game server.

use kube_controllers::runtime::{Context, Controller, Error, Outcome, OwnedBy, Reconciler, Request};
use kube_core::custom::{CustomKind, Object};
use kube_core::kinds::core::v1::{Container, Pod, PodSpec};
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::resource::ResourceExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is wanted of a game server.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GameServerSpec {
    /// The map that is played.
    pub map: String,
    /// How many may play.
    pub players: u32,
}

/// What is known of a game server.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct GameServerStatus {
    /// The phase of its pod; empty while there is none.
    pub phase: String,
}

impl CustomKind for GameServerSpec {
    const GROUP: &'static str = "games.example.com";
    const VERSION: &'static str = "v1";
    const KIND: &'static str = "GameServer";
    const PLURAL: &'static str = "gameservers";
    type Status = GameServerStatus;
}

/// A game server.
pub type GameServer = Object<GameServerSpec>;

/// The operator.
pub fn controller() -> Controller {
    Controller::builder(GameServers).owns::<Pod>().build()
}

struct GameServers;

impl Reconciler for GameServers {
    type Resource = GameServer;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(server) = cx.get::<GameServer>(&request.key) else { return Ok(Outcome::Done) };
        // The pod of a server that is going goes with it.
        if server.is_terminating() {
            return Ok(Outcome::Done);
        }
        cx.apply(pod_of(&server)).await?;
        let pod = cx.get::<Pod>(&request.key);
        let phase = pod.and_then(|pod| pod.status.as_ref()?.phase.clone()).unwrap_or_default();
        cx.patch_status(&*server, |status| status.phase = phase).await?;
        Ok(Outcome::Done)
    }
}

fn pod_of(server: &GameServer) -> Pod {
    let players = ("games.example.com/players".to_owned(), server.spec.players.to_string());
    let container = Container {
        name: "server".to_owned(),
        image: Some(format!("example.org/games/{}:1", server.spec.map)),
        ..Container::default()
    };
    let pod = Pod {
        metadata: ObjectMeta {
            name: Some(server.name().to_owned()),
            annotations: Some(BTreeMap::from([players])),
            ..ObjectMeta::default()
        },
        spec: Some(PodSpec { containers: vec![container], ..PodSpec::default() }),
        status: None,
    };
    pod.owned_by(server)
}
