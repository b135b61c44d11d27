//! Where pods run: the kubelet's state machine and a fleet of simulated nodes.
