//! What kind of request this is.

/// The kinds of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Intent {
    /// Wants to know something.
    Question,
    /// Wants something done.
    Command,
    /// Wants something new made: a program, a function, a skill.
    Create,
    /// Says that the last answer was wrong, or what was meant.
    Correction,
    /// Wants the last turn again, with or without a change.
    Repeat,
    /// Greets or thanks; wants nothing.
    Chat,
    /// Says nothing that could be read.
    Unclear,
}

impl Intent {
    /// Its name in records and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Intent::Question => "question",
            Intent::Command => "command",
            Intent::Create => "create",
            Intent::Correction => "correction",
            Intent::Repeat => "repeat",
            Intent::Chat => "chat",
            Intent::Unclear => "unclear",
        }
    }
}

/// The kind of `text`.
pub fn of(text: &str) -> Intent {
    let text = text.trim();
    match text.chars().last() {
        None => Intent::Unclear,
        Some('?' | '？' | '؟') => Intent::Question,
        Some(_) => Intent::Command,
    }
}
