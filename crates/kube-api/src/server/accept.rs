//! Which form of an answer a client wants.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/handlers/negotiation`.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// Whether the first form that the client names, and that there is, is a `Table`.
pub(super) fn wants_table(headers: &HeaderMap) -> bool {
    let named = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|value| value.split(',')).find_map(form).unwrap_or(false)
}

/// Whether it is a table; `None` for a form that there is not.
fn form(text: &str) -> Option<bool> {
    let mut parts = text.split(';').map(str::trim);
    let json = matches!(parts.next()?, "application/json" | "*/*" | "application/*");
    let mut table = None;
    let (mut group, mut version) = (true, true);
    for part in parts {
        match part.split_once('=')? {
            ("as", what) => table = Some(what == "Table"),
            ("g", name) => group = name == "meta.k8s.io",
            ("v", name) => version = name == "v1",
            _ => {}
        }
    }
    match table {
        _ if !json => None,
        None => Some(false),
        Some(true) if group && version => Some(true),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::wants_table;
    use axum::http::{HeaderMap, HeaderValue, header::ACCEPT};

    #[test]
    fn the_first_form_that_there_is_counts() {
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io";
        for (accept, expected) in [
            ("application/json", false),
            (table, true),
            (&format!("{table},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"), true),
            (&format!("application/vnd.kubernetes.protobuf, {table}, application/json"), true),
            ("application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json", false),
            ("application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_str(accept).unwrap());
            assert_eq!(wants_table(&headers), expected, "{accept}");
        }
        assert!(!wants_table(&HeaderMap::new()));
    }
}
