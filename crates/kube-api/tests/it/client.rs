//! A client of a few lines, so that the tests see the bytes that a server sends.

use kube_api::ApiServer;
use kube_core::env::Env;
use kube_store::client::Running;
use kube_store::objects::Objects;
use kube_store::rt;
use kube_store::storage::MemoryStorage;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) objects: Arc<Objects>,
    pub(crate) running: Running,
}

pub(crate) async fn serve() -> Served {
    serve_in(rt::env()).await
}

pub(crate) async fn serve_in(env: Env) -> Served {
    let objects = Objects::new(Arc::new(MemoryStorage::new()), env.clone());
    let server = ApiServer::bind("127.0.0.1:0", objects.clone()).await.unwrap();
    let address = server.address();
    Served { address, objects, running: Running::start(&env, Box::new(server)) }
}

pub(crate) struct Client(pub(crate) SocketAddr);

impl Client {
    async fn open(&self, method: &str, path: &str, body: &Value) -> BufReader<TcpStream> {
        self.open_as("application/json", method, path, body).await
    }

    async fn open_as(&self, accept: &str, method: &str, path: &str, body: &Value) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(self.0).await.unwrap();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAccept: {accept}\r\nContent-Type: \
             application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        BufReader::new(stream)
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let mut text = String::new();
        self.open(method, path, body).await.read_to_string(&mut text).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let code = head.split(' ').nth(1).unwrap().parse().unwrap();
        (code, serde_json::from_str(body).unwrap())
    }

    /// The head of the answer, and its body.
    pub(crate) async fn send_as(
        &self,
        accept: &str,
        method: &str,
        path: &str,
        body: &Value,
    ) -> (String, Value) {
        let mut text = String::new();
        self.open_as(accept, method, path, body).await.read_to_string(&mut text).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), serde_json::from_str(body).unwrap())
    }

    pub(crate) async fn watch_as(&self, accept: &str, path: &str) -> Watch {
        Watch(self.open_as(accept, "GET", path, &Value::Null).await)
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, &Value::Null).await
    }

    pub(crate) async fn watch(&self, path: &str) -> Watch {
        Watch(self.open("GET", path, &Value::Null).await)
    }
}

/// The lines of a chunked answer that are JSON objects.
pub(crate) struct Watch(BufReader<TcpStream>);

impl Watch {
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).await.unwrap() == 0 {
                return None;
            }
            if line.starts_with('{') {
                return Some(serde_json::from_str(&line).unwrap());
            }
        }
    }
}
