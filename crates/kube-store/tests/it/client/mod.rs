//! Components, tasks and events, on one thread without a runtime; and the real environment.

mod components;
mod election;
mod events;
mod real;
mod tasks;
