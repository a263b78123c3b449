//! The language a request is written in.

/// A language that requests are read in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// `en`
    English,
    /// `sv`
    Swedish,
    /// None of these, or too little text to tell.
    Unknown,
}

impl Language {
    /// Its BCP 47 tag; `und` where it is not known.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Swedish => "sv",
            Language::Unknown => "und",
        }
    }
}

/// The language of `text`.
pub fn detect(_text: &str) -> Language {
    Language::Unknown
}
