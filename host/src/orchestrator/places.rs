//! How many tasks run at one time, and who waits: daemon-wide and for each principal.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::base::{Failure, FailureKind};

/// Tasks that wait in the whole daemon.
const QUEUE_MAX: usize = 1_024;
/// Tasks of one principal that wait.
const QUEUE_OF_ONE_MAX: usize = 256;

/// The places of running tasks.
pub struct Places {
    state: Mutex<State>,
}

struct State {
    running_max: usize,
    running: usize,
    owners: HashMap<Arc<str>, Owner>,
    queue: VecDeque<Waiter>,
}

#[derive(Default)]
struct Owner {
    running: usize,
    waiting: usize,
}

struct Waiter {
    owner: Arc<str>,
    admit: oneshot::Sender<Place>,
}

/// A place among the running tasks; dropping it lets the next one in.
pub struct Place {
    places: Arc<Places>,
    owner: Arc<str>,
    given_back: bool,
}

/// A place, or the wait for one.
pub enum Ticket {
    /// There was a free place.
    Place(Place),
    /// It comes in its turn.
    Turn(oneshot::Receiver<Place>),
}

impl Places {
    /// Room for `running_max` tasks.
    pub fn new(running_max: usize) -> Arc<Places> {
        let state = State { running_max, running: 0, owners: HashMap::new(), queue: VecDeque::new() };
        Arc::new(Places { state: Mutex::new(state) })
    }

    /// Running and waiting tasks.
    pub fn load(&self) -> (usize, usize) {
        let state = self.lock();
        (state.running, state.queue.iter().filter(|waiter| !waiter.admit.is_closed()).count())
    }

    /// Makes room for `running_max` from now on. Tasks that run stay.
    pub fn resize(self: &Arc<Self>, running_max: usize) {
        let mut state = self.lock();
        state.running_max = running_max.max(1);
        self.admit(&mut state);
    }

    /// A place for a task of `owner`.
    ///
    /// # Errors
    /// `unavailable` where too many wait already.
    pub fn ticket(self: &Arc<Self>, owner: &Arc<str>) -> Result<Ticket, Failure> {
        let mut state = self.lock();
        if state.queue.is_empty() && state.fits(owner) {
            return Ok(Ticket::Place(self.take(&mut state, owner.clone())));
        }
        state.forget_the_gone();
        let waiting = state.owners.get(owner).map_or(0, |owner| owner.waiting);
        if waiting >= QUEUE_OF_ONE_MAX {
            return Err(busy(format!("{waiting} requests of yours wait already")));
        }
        if state.queue.len() >= QUEUE_MAX {
            return Err(busy(format!("{QUEUE_MAX} requests wait already")));
        }
        Ok(self.enqueue(&mut state, owner))
    }

    /// A place for a task that was accepted before: it waits however long the queue is.
    pub fn ticket_of_accepted(self: &Arc<Self>, owner: &Arc<str>) -> Ticket {
        let mut state = self.lock();
        if state.queue.is_empty() && state.fits(owner) {
            return Ticket::Place(self.take(&mut state, owner.clone()));
        }
        self.enqueue(&mut state, owner)
    }

    /// A further place for a task of `owner` that runs already, where one is free and nobody waits.
    pub fn another(self: &Arc<Self>, owner: &Arc<str>) -> Option<Place> {
        let mut state = self.lock();
        (state.queue.is_empty() && state.fits(owner)).then(|| self.take(&mut state, owner.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enqueue(self: &Arc<Self>, state: &mut State, owner: &Arc<str>) -> Ticket {
        let (admit, turn) = oneshot::channel();
        state.owners.entry(owner.clone()).or_default().waiting += 1;
        state.queue.push_back(Waiter { owner: owner.clone(), admit });
        // Someone further back may fit although the one at the head does not.
        self.admit(state);
        Ticket::Turn(turn)
    }

    fn take(self: &Arc<Self>, state: &mut State, owner: Arc<str>) -> Place {
        state.running += 1;
        state.owners.entry(owner.clone()).or_default().running += 1;
        Place { places: self.clone(), owner, given_back: false }
    }

    fn admit(self: &Arc<Self>, state: &mut State) {
        let mut at = 0;
        while let Some(waiter) = state.queue.get(at) {
            let gone = waiter.admit.is_closed();
            if !gone && !state.fits(&waiter.owner) {
                at += 1;
                continue;
            }
            let Some(waiter) = state.queue.remove(at) else { break };
            state.waits_no_more(&waiter.owner);
            if gone {
                continue;
            }
            let place = self.take(state, waiter.owner);
            if let Err(mut place) = waiter.admit.send(place) {
                // Who waited left between the two looks; the lock is held here already.
                place.give_back(state);
            }
        }
    }
}

impl State {
    /// An eighth of the places is for principals with nothing running, so that one alone does not keep the others out.
    fn fits(&self, owner: &str) -> bool {
        let of_owner = self.owners.get(owner).map_or(0, |owner| owner.running);
        let reserved = if of_owner == 0 { 0 } else { self.running_max / 8 };
        self.running < self.running_max - reserved
    }

    fn waits_no_more(&mut self, owner: &Arc<str>) {
        if let Some(of_owner) = self.owners.get_mut(owner) {
            of_owner.waiting -= 1;
            if of_owner.waiting == 0 && of_owner.running == 0 {
                self.owners.remove(owner);
            }
        }
    }

    fn forget_the_gone(&mut self) {
        let mut gone = Vec::new();
        self.queue.retain(|waiter| {
            let closed = waiter.admit.is_closed();
            if closed {
                gone.push(waiter.owner.clone());
            }
            !closed
        });
        gone.iter().for_each(|owner| self.waits_no_more(owner));
    }
}

impl Place {
    fn give_back(&mut self, state: &mut State) {
        self.given_back = true;
        state.running -= 1;
        if let Some(owner) = state.owners.get_mut(&self.owner) {
            owner.running -= 1;
            if owner.waiting == 0 && owner.running == 0 {
                state.owners.remove(&self.owner);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.given_back {
            return;
        }
        let places = self.places.clone();
        let mut state = places.lock();
        self.give_back(&mut state);
        if !state.queue.is_empty() {
            places.admit(&mut state);
        }
    }
}

fn busy(message: String) -> Failure {
    Failure::new(FailureKind::Unavailable, message)
        .with_hint("try again shortly; an operator can raise `max_concurrent_tasks` in happyos.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(ticket: Ticket) -> Option<Place> {
        match ticket {
            Ticket::Place(place) => Some(place),
            Ticket::Turn(mut turn) => turn.try_recv().ok(),
        }
    }

    #[test]
    fn one_principal_cannot_keep_the_others_out() {
        let places = Places::new(8);
        let (greedy, quiet): (Arc<str>, Arc<str>) = ("greedy".into(), "quiet".into());
        let ticket = |owner| places.ticket(owner).unwrap();
        let held: Vec<_> = (0..7).map(|_| place(ticket(&greedy)).unwrap()).collect();
        let Ticket::Turn(mut turn) = ticket(&greedy) else { panic!("the last place is for others") };
        let other = place(ticket(&quiet)).unwrap();
        assert_eq!(places.load(), (8, 1));
        drop(other);
        assert!(turn.try_recv().is_err());
        drop(held);
        assert!(turn.try_recv().is_ok());
        assert_eq!(places.load(), (0, 0));
        assert!(places.lock().owners.is_empty());
    }

    #[test]
    fn the_queue_has_an_end_and_who_leaves_makes_room() {
        let places = Places::new(1);
        let me: Arc<str> = "me".into();
        let held = place(places.ticket(&me).unwrap()).unwrap();
        let waiting: Vec<_> = (0..QUEUE_OF_ONE_MAX).map(|_| places.ticket(&me).unwrap()).collect();
        assert_eq!(places.ticket(&me).err().unwrap().kind, FailureKind::Unavailable);
        assert!(place(places.ticket_of_accepted(&me)).is_none());
        drop(waiting);
        drop(held);
        assert!(place(places.ticket(&me).unwrap()).is_some());
        assert_eq!(places.load(), (0, 0));
    }
}
