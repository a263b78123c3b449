//! What the user whom an agent acts for asked before.

use crate::SkillError;

/// One earlier request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What was asked, in the user's words.
    pub request: String,
    /// What came of it, in words.
    pub answer: String,
    /// What did it.
    pub skill: String,
}

/// Earlier requests that are about what `query` says, the nearest first: at most `limit`, and never more than 50.
/// Natively there are none.
///
/// # Errors
/// [`SkillError::Denied`] where the operator has not let this agent look.
pub fn search(query: &str, limit: u32) -> Result<Vec<Entry>, SkillError> {
    #[cfg(target_family = "wasm")]
    return crate::guest::search_memory(query, limit);
    #[cfg(not(target_family = "wasm"))]
    {
        let _ = (query, limit);
        Ok(Vec::new())
    }
}
