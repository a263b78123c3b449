//! The last turns of the sessions that are in use.

use std::collections::HashMap;
use std::sync::Arc;

use crate::routing::Turn;

/// Turns of one session that are remembered.
pub const TURNS_MAX: usize = 8;
/// Sessions whose turns are held ready; the one used longest ago goes first.
const SESSIONS_MAX: usize = 1_024;

/// Turns by owner and session.
#[derive(Default)]
pub struct Sessions {
    held: HashMap<(Arc<str>, Box<str>), Held>,
    clock: u64,
}

struct Held {
    turns: Arc<Vec<Turn>>,
    used: u64,
}

impl Sessions {
    /// The turns, oldest first, if they are held.
    pub fn turns(&mut self, owner: &Arc<str>, session: &str) -> Option<Arc<Vec<Turn>>> {
        self.clock += 1;
        let held = self.held.get_mut(&(owner.clone(), session.into()))?;
        held.used = self.clock;
        Some(held.turns.clone())
    }

    /// Holds the last of `turns`.
    pub fn fill(&mut self, owner: &Arc<str>, session: &str, mut turns: Vec<Turn>) -> Arc<Vec<Turn>> {
        turns.drain(..turns.len().saturating_sub(TURNS_MAX));
        let turns = Arc::new(turns);
        self.clock += 1;
        if self.held.len() >= SESSIONS_MAX
            && let Some(oldest) = self.held.iter().min_by_key(|(_, held)| held.used).map(|(key, _)| key.clone())
        {
            self.held.remove(&oldest);
        }
        self.held.insert((owner.clone(), session.into()), Held { turns: turns.clone(), used: self.clock });
        turns
    }

    /// Holds nothing of `owner` any more.
    pub fn forget(&mut self, owner: &str) {
        self.held.retain(|(of, _), _| &**of != owner);
    }

    /// Adds a turn where the others are held.
    pub fn add(&mut self, owner: &Arc<str>, session: &str, turn: Turn) {
        if let Some(turns) = self.turns(owner, session) {
            let mut turns = Vec::clone(&turns);
            turns.push(turn);
            self.fill(owner, session, turns);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(text: &str) -> Turn {
        Turn { text: text.into(), skill: None, arguments: Default::default(), answer: None }
    }

    #[test]
    fn the_last_turns_of_the_sessions_in_use_are_held() {
        let mut sessions = Sessions::default();
        let me: Arc<str> = "me".into();
        sessions.add(&me, "s", turn("not held, so not begun in the middle"));
        assert!(sessions.turns(&me, "s").is_none());
        sessions.fill(&me, "s", (0..20).map(|n| turn(&n.to_string())).collect());
        sessions.add(&me, "s", turn("last"));
        let turns = sessions.turns(&me, "s").unwrap();
        assert_eq!((turns.len(), &*turns[0].text, &*turns[7].text), (TURNS_MAX, "13", "last"));
        assert!(sessions.turns(&"you".into(), "s").is_none());
        for n in 0..SESSIONS_MAX {
            sessions.fill(&me, &n.to_string(), Vec::new());
            sessions.turns(&me, "s");
        }
        assert!(sessions.turns(&me, "s").is_some() && sessions.turns(&me, "0").is_none());
        assert_eq!(sessions.held.len(), SESSIONS_MAX);
    }
}
