//! Kinds of one's own: their definition, and what their schema refuses.

use super::{CustomKind, Object, crd};
use crate::codec::Codec;
use crate::resource::Resource;
use crate::table::PrinterColumn;
use serde_json::json;

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CacheSpec {
    replicas: u32,
    #[schemars(length(min = 1), regex(pattern = "^[a-z]+$"))]
    engine: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 64))]
    max_gigabytes: Option<u16>,
}

#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct CacheStatus {
    replicas: u32,
}

impl CustomKind for CacheSpec {
    const GROUP: &'static str = "cache.example.com";
    const VERSION: &'static str = "v1";
    const KIND: &'static str = "Cache";
    const PLURAL: &'static str = "caches";
    const CATEGORIES: &'static [&'static str] = &["all"];
    const SCALES: bool = true;
    const COLUMNS: &'static [PrinterColumn] = &[
        PrinterColumn::new("Engine", "string", ".spec.engine"),
        PrinterColumn::new("Replicas", "integer", ".status.replicas").wide(),
    ];
    type Status = CacheStatus;
}

fn refusals(spec: CacheSpec) -> Vec<String> {
    let object = Object::new("c", spec);
    let codec = Codec::of::<Object<CacheSpec>>();
    let errors = codec.check_created(&object);
    assert_eq!(errors, codec.check_updated(&object, &object));
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn the_schema_of_the_types_judges_objects() {
    let right = CacheSpec { replicas: 1, engine: "redis".to_owned(), max_gigabytes: Some(64) };
    assert_eq!(refusals(right.clone()), [""; 0]);
    assert_eq!(
        refusals(CacheSpec { engine: String::new(), max_gigabytes: Some(65), ..right }),
        [
            "spec.engine: Invalid value: \"\": spec.engine in body should be at least 1 chars long",
            "spec.engine: Invalid value: \"\": spec.engine in body should match '^[a-z]+$'",
            "spec.maxGigabytes: Invalid value: 65: spec.maxGigabytes in body should be less than or equal to 64",
        ]
    );
}

#[test]
fn the_definition_says_what_the_kind_says() {
    let definition = serde_json::to_value(crd::<CacheSpec>()).unwrap();
    let version = &definition["spec"]["versions"][0];
    assert_eq!(definition["spec"]["names"]["categories"], json!(["all"]));
    assert_eq!(definition["spec"]["names"]["listKind"], "CacheList");
    assert_eq!(
        version["subresources"],
        json!({
            "status": {},
            "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"},
        })
    );
    let spec = &version["schema"]["openAPIV3Schema"]["properties"]["spec"];
    assert_eq!(
        (&spec["type"], &spec["properties"]["engine"]["pattern"]),
        (&json!("object"), &json!("^[a-z]+$"))
    );
    let required = spec["required"].as_array().unwrap();
    assert!(
        required.len() == 2 && required.contains(&json!("engine")) && required.contains(&json!("replicas"))
    );
    let info = Object::<CacheSpec>::kind_info();
    assert!(info.subresources.contains("scale") && info.categories.contains("all"));
}

#[test]
fn the_definition_names_the_columns() {
    let definition = serde_json::to_value(crd::<CacheSpec>()).unwrap();
    assert_eq!(
        definition["spec"]["versions"][0]["additionalPrinterColumns"],
        json!([
            {"name": "Engine", "type": "string", "jsonPath": ".spec.engine"},
            {"name": "Replicas", "type": "integer", "jsonPath": ".status.replicas", "priority": 1},
        ])
    );
    assert_eq!(Codec::of::<Object<CacheSpec>>().printer_columns(), CacheSpec::COLUMNS);
}

#[test]
fn fields_that_the_schema_does_not_know_are_named() {
    let given = json!({
        "apiVersion": "cache.example.com/v1", "kind": "Cache", "extra": 1,
        "metadata": {"name": "c", "labels": {"any": "thing"}, "nam": "x"},
        "spec": {"replicas": 1, "engine": "redis", "size": 3, "maxGigabytes": null},
        "status": {"replicas": 1, "phase": "Good"},
    });
    let unknown = Object::<CacheSpec>::unknown_fields(&given);
    let unknown: Vec<&str> = unknown.iter().map(crate::error::FieldPath::as_str).collect();
    assert_eq!(unknown, ["extra", "metadata.nam", "spec.size", "status.phase"]);
}
