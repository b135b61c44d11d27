//! Kubernetes' own controllers.
