//! What a candidate asks for, against what it may ask for and what it uses.

use super::calls::Came;
use super::{Fault, Found, Need};
use crate::base::{GrantKind, HttpGrant, Requests};
use crate::self_building::source::Source;
use crate::skills::{Candidate, Loaded};

/// Whether the manifest asks for no more than it may, and the text uses no more than the manifest asks for.
pub fn of_manifest(candidate: &Candidate, need: &Need, source: Option<&Source<'_>>) -> Found {
    let asks = &candidate.requests;
    if let Some(may_ask) = &need.may_ask
        && let Some(what) = beyond(asks, may_ask)
    {
        return Err(Fault::new(format!("it asks for {what}, which is more than it may")));
    }
    let kinds = asks.kinds();
    for found in source.map(Source::uses).unwrap_or_default() {
        if !kinds.contains(&found.kind) {
            let kind = found.kind;
            return Err(Fault::new(format!("line {} uses `{kind}`, for which its manifest does not ask", found.line)));
        }
    }
    if kinds.contains(&GrantKind::Http) {
        let hosts = source.map(Source::hosts).unwrap_or_default();
        let covered = |host: &String| asks.http.iter().any(|grant| covers_host(grant, host));
        if let Some(host) = hosts.iter().find(|host| !covered(host)) {
            return Err(Fault::new(format!("it names the host `{host}`, for which its manifest does not ask")));
        }
    }
    if let Some(any) = asks.http.iter().find(|grant| grant.host == "*") {
        return Err(Fault::new(format!("it asks for every host there is (`{}`)", any.host)));
    }
    let names: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
    Ok(Some(if names.is_empty() { "asks for nothing".into() } else { format!("asks for {}", names.join(", ")) }))
}

/// What is asked for beyond `bound`.
fn beyond(asks: &Requests, bound: &Requests) -> Option<String> {
    if let Some(bytes) = asks.kv_bytes.filter(|bytes| bound.kv_bytes.is_none_or(|most| *bytes > most)) {
        return Some(format!("{bytes} bytes of state"));
    }
    let within = |grant: &&HttpGrant| !bound.http.iter().any(|most| within(grant, most));
    if let Some(grant) = asks.http.iter().find(within) {
        return Some(format!("requests to `{}`", grant.host));
    }
    if let Some(name) = asks.secrets.iter().find(|name| !bound.secrets.contains(name)) {
        return Some(format!("the secret `{name}`"));
    }
    if asks.files.iter().any(|file| !bound.files.contains(file)) {
        return Some("a folder".into());
    }
    asks.env.iter().find(|name| !bound.env.contains(name)).map(|name| format!("the variable `{name}`"))
}

/// Whether everything that `grant` lets through, `most` does, too.
fn within(grant: &HttpGrant, most: &HttpGrant) -> bool {
    let methods = most.methods.is_empty()
        || (!grant.methods.is_empty() && grant.methods.iter().all(|method| most.methods.contains(method)));
    let port = most.port.is_none() || most.port == grant.port;
    methods && port && covers_host(most, &grant.host) && most.tls == grant.tls && (most.private || !grant.private)
}

/// Whether a grant's host covers another, which may have a star itself.
fn covers_host(grant: &HttpGrant, host: &str) -> bool {
    match grant.host.strip_prefix('*') {
        Some("") => true,
        Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix) || host == grant.host,
        None => grant.host == host,
    }
}

/// Whether it uses all that it asks for: in its examples, or, where those need the outside world, by its text.
pub fn needless(loaded: &Loaded, all: &[&Came], source: Option<&Source<'_>>) -> Found {
    let candidate = loaded.candidate();
    let mentioned: Vec<GrantKind> =
        source.map(Source::uses).unwrap_or_default().iter().map(|found| found.kind).collect();
    let touched =
        |kind: GrantKind| all.iter().any(|came| came.seen.touched.iter().any(|(touched, _)| *touched == kind));
    for kind in candidate.requests.kinds() {
        let by_text = source.is_none() || mentioned.contains(&kind);
        let judged = matches!(kind, GrantKind::Kv | GrantKind::Http | GrantKind::Secrets);
        let untold = by_text && (all.is_empty() || source.is_none());
        if judged && !touched(kind) && !untold {
            let seen = if by_text { "in none of its examples it uses that" } else { "it never uses that" };
            return Err(Fault::new(format!("it asks for {kind}, and {seen}")).at(super::Stage::Grants));
        }
        if !judged && source.is_some() {
            return Err(Fault::new(format!("it asks for {kind}, which a script cannot use")).at(super::Stage::Grants));
        }
    }
    Ok(Some("reached for nothing that it did not ask for".into()))
}
