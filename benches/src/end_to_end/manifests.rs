//! The objects of a run.

/// A Deployment of no replicas, and a Service in front of it.
pub(super) const DEPLOYMENT_AND_SERVICE: &str = r"
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.example/web:1
          ports: [{containerPort: 8080}]
          resources: {requests: {cpu: 100m, memory: 128Mi}}
";

/// A pod as the Deployment's template makes it.
pub(super) fn pod(name: &str) -> serde_json::Value {
    serde_json::json!({
        "metadata": {"name": name, "namespace": "default", "labels": {"app": "web"}},
        "spec": {"containers": [{
            "name": "web", "image": "registry.example/web:1", "ports": [{"containerPort": 8080}],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
        }]},
    })
}

/// A node.
pub(super) fn node(name: &str) -> serde_json::Value {
    serde_json::json!({"metadata": {"name": name}, "spec": {}})
}
