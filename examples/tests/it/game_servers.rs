//! The operator of the example survives everything that the simulator knows.

use kube_core::resource::{ObjectKey, ResourceExt};
use kube_core::view::PodView;
use kube_examples::game_servers::{GameServer, GameServerSpec, controller};
use kube_sim::{Faults, Sim, State, TestPlane, Verdict, converged_and_silent};

fn server(name: &str, players: u32) -> GameServer {
    GameServer::new(name, GameServerSpec { map: "dust".to_owned(), players })
}

#[test]
fn game_servers_survive_everything() {
    Sim::seeds(0..8)
        .nodes(5)
        .faults(Faults::all())
        .kind::<GameServer>()
        .add(controller)
        .scenario(|c| async move {
            c.create(server("ctf", 16)).await;
            c.create(server("duel", 2)).await;
            c.settle().await;
            c.edit::<GameServer>("default/ctf", |server| server.spec.players = 32).await;
            // A new server of the same name has nothing to do with the pod of the old one.
            c.delete::<GameServer>("default/duel").await;
            c.create(server("duel", 4)).await;
        })
        .always(one_pod_per_server)
        .finally(every_server_runs)
        .finally(converged_and_silent)
        .run();
}

fn one_pod_per_server(state: &State) -> Verdict {
    for server in state.all::<GameServer>() {
        let uid = server.uid();
        let owned = |pod: &PodView| pod.meta.controller().is_some_and(|owner| owner.uid == uid);
        let pods = state.pods().iter().filter(|pod| owned(pod)).count();
        if pods > 1 {
            return Err(format!("{} has {pods} pods", server.name()));
        }
    }
    Ok(())
}

fn every_server_runs(state: &State) -> Verdict {
    for (name, players) in [("ctf", "32"), ("duel", "4")] {
        let key = ObjectKey::new("default", name);
        let server = state.get::<GameServer>(&key).ok_or_else(|| format!("{name} is not there"))?;
        let pod = state.get::<PodView>(&key).ok_or_else(|| format!("{name} has no pod"))?;
        let phase = server.status.as_ref().map(|status| status.phase.as_str());
        let told = pod.meta.annotations.get("games.example.com/players").map(|text| &**text);
        if phase != Some("Running") || told != Some(players) || !pod.is_ready() {
            return Err(format!("{name}: phase {phase:?}, players {told:?}, ready {}", pod.is_ready()));
        }
    }
    Ok(())
}

#[test]
fn a_server_runs_on_a_plane_of_two_lines() {
    let mut plane = TestPlane::with_controller::<GameServer>(controller());
    plane.create(server("ctf", 16));
    plane.settle();
    assert_eq!(plane.get::<GameServer>("default/ctf").status.unwrap().phase, "Running");
}
