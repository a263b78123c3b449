//! Writing, building and testing skills.

pub mod build;
pub mod component;
pub mod new;
pub mod sdk;
pub mod sources;
pub mod toolchain;

use std::path::{Path, PathBuf};

use super::fault::Fault;

/// A mistake of a skill's author: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub path: PathBuf,
    /// Line and column from 1, where they are known.
    pub position: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Mistake {
    /// A mistake in `path`.
    pub fn new(path: &Path, position: Option<(usize, usize)>, message: impl Into<String>) -> Mistake {
        Mistake { path: path.to_path_buf(), position, message: message.into(), hint: None }
    }

    /// The same with what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Mistake {
        self.hint = Some(hint.into());
        self
    }
}

impl From<Mistake> for Fault {
    fn from(mistake: Mistake) -> Fault {
        let path = mistake.path.display();
        let place = match mistake.position {
            Some((line, column)) => format!("{path}:{line}:{column}"),
            None => path.to_string(),
        };
        Fault { hint: mistake.hint, ..Fault::failed(format!("{place}: {}", mistake.message)) }
    }
}
