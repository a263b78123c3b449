//! What is fetched from other systems: the model that turns requests into vectors.

pub mod index;
pub mod model;

pub use model::{Installed, MODEL, Model, Progress, PullError, installed, path, pull, remove, vectors_path};
