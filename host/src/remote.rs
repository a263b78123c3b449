//! What goes between this and other systems: the model that turns requests into vectors, and spans for a collector.

pub mod index;
pub mod model;
pub mod otlp;

pub use model::{Installed, MODEL, Model, Progress, PullError, installed, path, pull, remove, vectors_path};
