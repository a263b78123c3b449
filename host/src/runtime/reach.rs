//! How far one call reaches outside its sandbox: its grants, what they cost it so far, and the record of what it was refused.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::behalf::Behalf;
use super::egress::{EXCHANGES_MAX, Gateway, HttpError, REQUEST_BYTES_MAX, RESPONSE_BYTES_MAX, Target};
use super::powers::{Powers, Rehearsal, Seen};
use super::state::CallLog;
use crate::base::{GrantKind, HttpGrant};
use crate::security::Event;
use crate::security::secrets::SecretValue;
use crate::store::Kv;
use crate::telemetry::LogLevel;

/// Refusals that one call puts on record.
const REFUSALS_MAX: usize = 16;
/// The space that an example keeps its state in.
const REHEARSAL_SPACE: &str = "example";
/// Bytes of state that an example may keep.
const REHEARSAL_KV_BYTES: u64 = 1 << 20;

/// What one call may touch, with what is behind it.
pub struct Reach {
    powers: Powers,
    gateway: Arc<Gateway>,
    log: Arc<CallLog>,
    refused: Mutex<BTreeSet<(GrantKind, String)>>,
    sent_bytes: AtomicU64,
    received_bytes: AtomicU64,
    open: AtomicUsize,
}

/// One exchange that is open.
pub struct Open(Arc<Reach>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Reach {
    /// What a call with these powers may touch.
    pub fn new(powers: Powers, gateway: Arc<Gateway>, log: Arc<CallLog>) -> Reach {
        Reach {
            powers,
            gateway,
            log,
            refused: Mutex::default(),
            sent_bytes: AtomicU64::new(0),
            received_bytes: AtomicU64::new(0),
            open: AtomicUsize::new(0),
        }
    }

    /// The grants.
    pub fn powers(&self) -> &Powers {
        &self.powers
    }

    /// What all calls share on their way out.
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// What an example runs against; `None` for a real call.
    pub fn rehearsal(&self) -> Option<&Rehearsal> {
        self.powers.rehearsal.as_deref()
    }

    /// Notes something of a watched guest; `false` if it is not watched.
    pub fn note(&self, what: impl FnOnce(&mut Seen)) -> bool {
        self.rehearsal().is_some_and(|rehearsal| rehearsal.note(what))
    }

    /// What an agent may have done for it.
    pub fn behalf(&self) -> Option<&dyn Behalf> {
        self.powers.behalf.as_deref()
    }

    /// Records that a call of a skill or an agent was refused.
    pub fn refuse_call(&self, name: &str, why: &str) {
        self.refuse(GrantKind::Delegate, name, why);
    }

    /// The bundle's state: the store, its space and its quota in bytes.
    ///
    /// # Errors
    /// Words for the guest where there is no grant.
    pub fn state(&self) -> Result<(&dyn Kv, &str, u64), String> {
        if let Some(rehearsal) = self.rehearsal() {
            rehearsal.note(|seen| seen.touch(GrantKind::Kv, "kv"));
            return Ok((&rehearsal.kv, REHEARSAL_SPACE, REHEARSAL_KV_BYTES));
        }
        match self.powers.grants.kv_bytes {
            Some(quota_bytes) if quota_bytes > 0 && !self.powers.space.is_empty() => {
                Ok((self.gateway.outside.kv.as_ref(), &self.powers.space, quota_bytes))
            }
            _ => Err(self.refuse(GrantKind::Kv, "kv", "keeping state is not granted to this bundle")),
        }
    }

    /// Whether a secret is granted.
    ///
    /// # Errors
    /// Words for the guest where it is not.
    pub fn admit_secret(&self, name: &str) -> Result<(), String> {
        let granted = |names: &Vec<String>| names.iter().any(|known| known == name);
        self.note(|seen| seen.touch(GrantKind::Secrets, name));
        if self.rehearsal().is_some() || self.powers.grants.secrets.as_ref().is_some_and(granted) {
            return Ok(());
        }
        Err(self.refuse(GrantKind::Secrets, name, &format!("the secret `{name}` is not granted to this bundle")))
    }

    /// Whether a granted secret has been set.
    pub fn has_secret(&self, name: &str) -> bool {
        self.rehearsal().is_some() || self.gateway.outside.secrets.has(name)
    }

    /// A secret's value for a request, if the secret's own hosts cover that too.
    pub fn secret(&self, name: &str, method: &str, target: &Target) -> Result<SecretValue, HttpError> {
        self.admit_secret(name).map_err(HttpError::Denied)?;
        let Some((value, hosts)) = self.gateway.outside.secrets.value(name) else {
            return Err(HttpError::Denied(format!(
                "the secret `{name}` is not set (hint: `happyos secret set {name}`)"
            )));
        };
        if covering(&hosts, method, target).next().is_none() {
            let why = format!("the secret `{name}` may not go out with `{method} {target}`");
            return Err(HttpError::Denied(self.refuse(GrantKind::Secrets, &format!("{name} {target}"), &why)));
        }
        Ok(value)
    }

    /// Whether a request may be made; `true` if to addresses that are not public, too.
    pub fn admit_request(&self, method: &str, target: &Target) -> Result<bool, HttpError> {
        if self.rehearsal().is_some() {
            self.note(|seen| seen.touch(GrantKind::Http, &format!("{method} {}", target.url())));
            return Ok(true);
        }
        let grants = self.powers.grants.http.as_deref().unwrap_or_default();
        let mut covering = covering(grants, method, target).peekable();
        if covering.peek().is_none() {
            let what = format!("{method} {target}");
            return Err(HttpError::Denied(self.refuse(
                GrantKind::Http,
                &what,
                &format!("`{what}` is not granted to this bundle"),
            )));
        }
        Ok(covering.any(|grant| grant.private))
    }

    /// Records that something was refused, once for each target and a bounded number of times; gives the words for the
    /// guest.
    pub fn refuse(&self, kind: GrantKind, target: &str, why: &str) -> String {
        self.refuse_naming(kind, target, why, why)
    }

    /// The same with `record` for the operator's eyes.
    pub fn refuse_naming(&self, kind: GrantKind, target: &str, why: &str, record: &str) -> String {
        let target: String = target.chars().take(300).collect();
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = refused.len() < REFUSALS_MAX && refused.insert((kind, target));
        drop(refused);
        if is_new && self.rehearsal().is_none() {
            self.log.write(LogLevel::Warn, &format!("[refused by the host: {why}]"));
            // While a bundle is only asked for its skills there is nobody for whom it was refused.
            if !self.powers.space.is_empty() {
                let event = Event { who: "daemon", what: "access.denied", on: self.log.bundle(), why: record };
                self.gateway.outside.audit.record(&event);
            }
        }
        why.to_owned()
    }

    /// Counts bytes of request bodies; `false` if that is too many.
    pub fn charge_sent(&self, bytes: usize) -> bool {
        charge(&self.sent_bytes, bytes, REQUEST_BYTES_MAX)
    }

    /// Counts bytes of response bodies; `false` if that is too many.
    pub fn charge_received(&self, bytes: usize) -> bool {
        charge(&self.received_bytes, bytes, RESPONSE_BYTES_MAX)
    }

    /// A place for one more open exchange.
    pub fn open(self: &Arc<Reach>) -> Result<Open, HttpError> {
        let open = Open(self.clone());
        if self.open.fetch_add(1, Ordering::Relaxed) >= EXCHANGES_MAX {
            return Err(HttpError::Unavailable(format!(
                "this call has {EXCHANGES_MAX} exchanges open, which is as many as it may (hint: drop responses that are done with)"
            )));
        }
        Ok(open)
    }
}

fn charge(total: &AtomicU64, bytes: usize, max: u64) -> bool {
    let bytes = bytes as u64;
    total.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) <= max
}

/// The grants under which a request may be made.
fn covering<'a>(grants: &'a [HttpGrant], method: &'a str, target: &'a Target) -> impl Iterator<Item = &'a HttpGrant> {
    let host = target.host().to_string();
    grants.iter().filter(move |grant| grant.covers(method, target.tls(), &host, target.port()))
}
