//! Make actual match desired: the reconciler runtime and the built-in controllers.
