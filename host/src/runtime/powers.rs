//! What stands behind the interfaces that need a grant, for one call.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::behalf::Behalf;
use super::egress::Target;
use crate::base::{GrantKind, Grants};
use crate::security::{Audit, Secrets};
use crate::store::{Kv, MemoryKv};

/// What the sandbox reaches on behalf of guests.
#[derive(Clone)]
pub struct Outside {
    /// The state of bundles.
    pub kv: Arc<dyn Kv>,
    /// Secrets that requests carry.
    pub secrets: Arc<Secrets>,
    /// Where denied access is recorded.
    pub audit: Audit,
}

/// What one call may touch. Clones share what is behind it.
#[derive(Clone, Default)]
pub struct Powers {
    /// What the operator decided.
    pub grants: Arc<Grants>,
    /// The space of its state: publisher and name.
    pub space: Arc<str>,
    /// Where this is set, nothing outside is touched: state is scratch, HTTP answers come from stubs.
    pub rehearsal: Option<Arc<Rehearsal>>,
    /// What an agent may have done for it; `None` for skills.
    pub behalf: Option<Arc<dyn Behalf>>,
}

/// What an example runs against.
pub struct Rehearsal {
    pub(super) kv: MemoryKv,
    stubs: Vec<HttpStub>,
    /// Where this is set, what the guest does beside answering is noted here, and its log lines go nowhere else.
    watch: Option<Mutex<Seen>>,
}

/// What a watched guest did beside answering, within bounds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// What it reached for that takes a grant: `kv`, a secret's name, or a method and a URL.
    pub touched: BTreeSet<(GrantKind, String)>,
    /// Requests that no stub answered, as methods and URLs.
    pub unanswered: BTreeSet<String>,
    /// The lines that it logged, as it wrote them.
    pub logged: Vec<String>,
    /// It read a clock.
    pub read_clock: bool,
    /// It drew random numbers.
    pub drew_random: bool,
}

/// Things that are noted of one guest, of each kind.
const SEEN_MAX: usize = 256;
/// Longest of them, in characters.
const SEEN_CHARS_MAX: usize = 4_000;

impl Seen {
    /// Notes that it reached for something.
    pub(super) fn touch(&mut self, kind: GrantKind, what: &str) {
        if self.touched.len() < SEEN_MAX {
            self.touched.insert((kind, what.chars().take(SEEN_CHARS_MAX).collect()));
        }
    }

    /// Notes a request that nothing answers.
    pub(super) fn miss(&mut self, what: String) {
        if self.unanswered.len() < SEEN_MAX {
            self.unanswered.insert(what.chars().take(SEEN_CHARS_MAX).collect());
        }
    }

    /// Notes a line of its log.
    pub(super) fn line(&mut self, message: &str) {
        if self.logged.len() < SEEN_MAX {
            self.logged.push(message.chars().take(SEEN_CHARS_MAX).collect());
        }
    }
}

impl Rehearsal {
    /// Notes something of a watched guest; `false` if it is not watched.
    pub(super) fn note(&self, what: impl FnOnce(&mut Seen)) -> bool {
        let Some(watch) = &self.watch else { return false };
        what(&mut watch.lock().unwrap_or_else(PoisonError::into_inner));
        true
    }

    /// What a watched guest has done so far.
    pub fn seen(&self) -> Seen {
        let seen = self.watch.as_ref().map(|watch| watch.lock().unwrap_or_else(PoisonError::into_inner).clone());
        seen.unwrap_or_default()
    }

    /// The stub for a request, by method and URL.
    pub(super) fn stub(&self, method: &str, url: &str) -> Option<&HttpStub> {
        let same = |stub: &&HttpStub| {
            stub.method == method && Target::parse(&stub.url).is_ok_and(|target| target.url() == url)
        };
        self.stubs.iter().find(same)
    }
}

/// An answer that an example gives itself to one HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpStub {
    /// In capitals.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The status.
    pub status: u16,
    /// Headers of the answer.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Powers {
    /// What a call of a bundle's skill may touch: `space` is its publisher and name.
    pub fn granted(grants: Arc<Grants>, space: Arc<str>) -> Powers {
        Powers { grants, space, rehearsal: None, behalf: None }
    }

    /// For running an example, with nothing real behind it: state that goes with it, the stubs' answers, and any
    /// secret. What the bundle asks for is the operator's to decide; an example only shows what the skill does with it.
    pub fn rehearsal(stubs: Vec<HttpStub>) -> Powers {
        let rehearsal = Rehearsal { kv: MemoryKv::default(), stubs, watch: None };
        Powers { rehearsal: Some(Arc::new(rehearsal)), ..Powers::default() }
    }

    /// The same, noting what the guest does beside answering.
    pub fn watched(stubs: Vec<HttpStub>) -> Powers {
        let rehearsal = Rehearsal { kv: MemoryKv::default(), stubs, watch: Some(Mutex::default()) };
        Powers { rehearsal: Some(Arc::new(rehearsal)), ..Powers::default() }
    }
}
