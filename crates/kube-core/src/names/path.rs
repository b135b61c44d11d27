//! Names that become a segment of a URL path or of a storage key.

/// Complaints about `name` as one segment of a path. The empty name and any length are allowed.
///
/// Source: `IsPathSegmentName` of `k8s.io/apimachinery/pkg/api/validate/content`.
pub fn is_path_segment_name(name: &str) -> Vec<String> {
    if matches!(name, "." | "..") {
        return vec![format!("may not be '{name}'")];
    }
    is_path_segment_prefix(name)
}

/// Complaints about `name` as the beginning of one segment of a path.
///
/// Source: `IsPathSegmentPrefix` of `k8s.io/apimachinery/pkg/api/validate/content`.
pub fn is_path_segment_prefix(name: &str) -> Vec<String> {
    ['/', '%'].into_iter().filter(|&c| name.contains(c)).map(|c| format!("may not contain '{c}'")).collect()
}
