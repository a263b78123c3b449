//! What the host says of a call.

/// What the host says of a call. A skill takes it as an argument of type `&Context`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// Names this request in logs and traces.
    pub request_id: String,
    /// Groups the requests of one conversation.
    pub session_id: Option<String>,
    /// The caller's language, as a BCP 47 tag such as `sv-SE`.
    pub locale: String,
    /// Milliseconds left before the call's deadline.
    pub remaining_ms: u64,
    /// What [`random`](crate::random) draws from.
    pub seed: u64,
}

impl Context {
    /// Whether the caller's language is `language`, whatever the region: `is_language("sv")` holds
    /// for `sv`, `sv-SE` and `sv-FI`.
    pub fn is_language(&self, language: &str) -> bool {
        self.locale.split(['-', '_']).next().is_some_and(|primary| primary.eq_ignore_ascii_case(language))
    }
}

/// A context for tests: English, ten seconds left, seed 0.
impl Default for Context {
    fn default() -> Self {
        Self { request_id: "test".to_owned(), session_id: None, locale: "en".to_owned(), remaining_ms: 10_000, seed: 0 }
    }
}
