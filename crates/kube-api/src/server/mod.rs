//! The server: requests in, the object layer called, answers out.

mod accept;
mod answer;
mod objects;
mod watch;

use crate::discovery;
use crate::path::ApiPath;
use crate::query::Parameters;
use answer::{failure, json_answer};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{Method, Request, Uri};
use axum::response::Response;
use kube_core::error::{ApiError, Reason};
use kube_store::client::{Component, StopToken};
use kube_store::service::{ObjectService, Warnings};
use serde_json::json;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, ToSocketAddrs};

/// Largest request body, in bytes.
///
/// Source: `k8s.io/apiserver/pkg/server` (`MaxRequestBodyBytes`).
const MAX_BODY_BYTES: usize = 3 * 1024 * 1024;

/// Serves an object service over HTTP, without TLS or authentication: for loopback addresses.
#[derive(Debug)]
pub struct ApiServer {
    listener: TcpListener,
    address: SocketAddr,
    service: Arc<dyn ObjectService>,
}

impl ApiServer {
    /// Listens on `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn bind(address: impl ToSocketAddrs, service: Arc<dyn ObjectService>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, service })
    }

    /// The address listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

#[async_trait]
impl Component for ApiServer {
    fn name(&self) -> &'static str {
        "api-server"
    }

    async fn run(self: Box<Self>, stop: StopToken) -> Result<(), ApiError> {
        let routes = router(self.service, stop.clone());
        axum::serve(self.listener, routes)
            .with_graceful_shutdown(async move { stop.stopped().await })
            .await
            .map_err(ApiError::internal)
    }
}

struct Served {
    service: Arc<dyn ObjectService>,
    stop: StopToken,
}

/// The routes of the API, to mount in a server of your own. Watches end when `stop` says so.
pub fn router(service: Arc<dyn ObjectService>, stop: StopToken) -> Router {
    Router::new().fallback(answer_request).with_state(Arc::new(Served { service, stop }))
}

async fn answer_request(
    State(served): State<Arc<Served>>,
    parameters: Result<Query<Parameters>, QueryRejection>,
    request: Request<Body>,
) -> Response {
    let parameters = match parameters {
        Ok(Query(parameters)) => parameters,
        Err(rejected) => return failure(&ApiError::bad_request(rejected.body_text())),
    };
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let content_type = objects::content_type(request.headers());
    let as_table = accept::wants_table(request.headers());
    let Ok(body) = axum::body::to_bytes(request.into_body(), MAX_BODY_BYTES).await else {
        let text = format!("Request entity too large: limit is {MAX_BODY_BYTES}");
        return failure(&ApiError::new(Reason::RequestEntityTooLarge, text));
    };
    let warnings = Warnings::default();
    let call = objects::Call { method, parameters, content_type, as_table, body, warnings: warnings.clone() };
    let mut response = dispatch(&served, &uri, call).await.unwrap_or_else(|error| failure(&error));
    answer::warn(&mut response, &warnings.texts());
    response
}

async fn dispatch(served: &Served, uri: &Uri, call: objects::Call) -> Result<Response, ApiError> {
    let service = &served.service;
    match uri.path() {
        "/healthz" | "/livez" | "/readyz" => {
            service.current().await?;
            return Ok(Response::new(Body::from("ok")));
        }
        "/version" => return Ok(version()),
        _ => {}
    }
    let not_found = || ApiError::new(Reason::NotFound, "the server could not find the requested resource");
    match ApiPath::parse(uri.path()).ok_or_else(not_found)? {
        ApiPath::CoreVersions => read_only(&call.method, json_answer(200, &discovery::core_versions())),
        ApiPath::Groups => read_only(&call.method, json_answer(200, &discovery::groups(&**service))),
        ApiPath::Group(group) => {
            let found = discovery::group(&**service, &group).ok_or_else(not_found)?;
            read_only(&call.method, json_answer(200, &found))
        }
        ApiPath::Resources { group, version } => {
            let found = discovery::resources(&**service, &group, &version).ok_or_else(not_found)?;
            read_only(&call.method, json_answer(200, &found))
        }
        ApiPath::Objects(path) => {
            let kind = service
                .kinds()
                .into_iter()
                .find(|k| k.group == path.group && k.version == path.version && k.plural == path.resource)
                .ok_or_else(not_found)?;
            objects::answer(served, &kind, &path, call).await
        }
    }
}

fn read_only(method: &Method, answer: Response) -> Result<Response, ApiError> {
    if method == Method::GET { Ok(answer) } else { Err(answer::method_not_allowed()) }
}

fn version() -> Response {
    json_answer(
        200,
        &json!({
            "major": "1", "minor": "36", "gitVersion": "v1.36.2", "platform": "linux/amd64",
        }),
    )
}
