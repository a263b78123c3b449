//! What stands behind the interfaces that need a grant, for one call.

use std::sync::Arc;

use super::behalf::Behalf;
use super::egress::Target;
use crate::base::Grants;
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
}

impl Rehearsal {
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
        let rehearsal = Rehearsal { kv: MemoryKv::default(), stubs };
        Powers { rehearsal: Some(Arc::new(rehearsal)), ..Powers::default() }
    }
}
