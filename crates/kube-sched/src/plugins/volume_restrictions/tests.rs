//! Which disks go together.

use super::conflict::conflicts;
use crate::fixtures::pod;
use serde_json::{Value, json};

fn both(a: &Value, b: &Value) -> bool {
    let volumes = pod("p", json!({"volumes": [a, b]}));
    conflicts(&volumes.spec.volumes[0], &volumes.spec.volumes[1])
}

#[test]
fn a_disk_is_shared_only_by_readers() {
    let gce = |read_only: bool| json!({"gcePersistentDisk": {"pdName": "d", "readOnly": read_only}});
    assert!(both(&gce(false), &gce(true)));
    assert!(!both(&gce(true), &gce(true)));
    let ebs = json!({"awsElasticBlockStore": {"volumeID": "v", "readOnly": true}});
    assert!(both(&ebs, &ebs));
    let rbd = |pool: &Value| json!({"rbd": {"monitors": ["m1", "m2"], "image": "i", "pool": pool}});
    assert!(both(&rbd(&Value::Null), &rbd(&json!("rbd"))));
    assert!(!both(&rbd(&json!("a")), &rbd(&json!("b"))));
}
