//! Drivers that took over; limits are held to the vectors.

use crate::fixtures::pod;
use crate::volumes::{driver_of_class, driver_of_inline};
use serde_json::json;

#[test]
fn a_disk_that_is_named_inline_is_its_csi_drivers() {
    let pod = pod("p", json!({"volumes": [{"awsElasticBlockStore": {"volumeID": "aws://zone/vol-1"}}, {}]}));
    let volumes = &pod.spec.volumes;
    assert_eq!(driver_of_inline(&volumes[0]), Some(("ebs.csi.aws.com".to_owned(), "vol-1".to_owned())));
    assert_eq!(driver_of_inline(&volumes[1]), None);
    assert_eq!(driver_of_class("kubernetes.io/gce-pd"), ("pd.csi.storage.gke.io", true));
    assert_eq!(driver_of_class("block.example.com"), ("block.example.com", false));
}
