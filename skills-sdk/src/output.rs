//! Answers that carry files.

/// A file that comes with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// A file name without folders.
    pub name: String,
    /// Such as `text/csv`.
    pub media_type: String,
    /// The file itself.
    pub data: Vec<u8>,
}

/// An answer with files beside it. A skill returns it in place of a bare value.
#[derive(Debug, Clone, PartialEq)]
pub struct Output<T> {
    /// The answer.
    pub value: T,
    /// Files beside it.
    pub attachments: Vec<Attachment>,
}

impl<T> Output<T> {
    /// An answer without files yet.
    pub fn new(value: T) -> Self {
        Self { value, attachments: Vec::new() }
    }

    /// Adds one file.
    #[must_use]
    pub fn attach(mut self, name: impl Into<String>, media_type: impl Into<String>, data: impl Into<Vec<u8>>) -> Self {
        self.attachments.push(Attachment { name: name.into(), media_type: media_type.into(), data: data.into() });
        self
    }
}
