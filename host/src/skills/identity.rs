//! Who a bundle is and whether it may be served: its signature or approved digest against the operator's policy. Pure.

use semver::Version;

use super::catalog::BundleKind;
use crate::base::{CallLimits, Digest, GrantKind, Grants, Requests};
use crate::security::signing::{self, Signed};
use crate::security::{BundlePolicy, Policy};

/// What is said of a bundle's file, by itself and by its place.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The bundle's name.
    pub name: &'a str,
    /// Its version, where the manifest gives one.
    pub version: Option<&'a str>,
    /// The digest of its bytes.
    pub digest: Digest,
    /// What it asks for.
    pub requests: &'a Requests,
    /// The text of the signature file beside it.
    pub signature: Option<&'a str>,
    /// The file's name without its ending.
    pub stem: &'a str,
}

/// What is known of the name from before.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// The publisher that signed it.
    pub publisher: Option<&'a str>,
    /// The highest version that a signature was accepted for, and its digest.
    pub highest: Option<(&'a str, Option<Digest>)>,
}

/// Whether a bundle may be served.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "made once for each look at a file, and taken apart at once")]
pub enum Standing {
    /// It may, as this.
    Served(Served),
    /// Its digest needs the operator's approval.
    Pending {
        /// Who signed it; nobody, where approval is by digest.
        publisher: Option<String>,
    },
    /// These kinds of its requests are not decided.
    Waiting {
        /// Who signed it.
        publisher: Option<String>,
        /// The kinds.
        kinds: Vec<GrantKind>,
    },
    /// It may not.
    Refused {
        /// Why.
        reason: String,
        /// What to do about it.
        hint: String,
    },
}

/// What a served bundle is and may do.
#[derive(Debug, Clone, PartialEq)]
pub struct Served {
    /// Who signed it; `None` for `local`.
    pub publisher: Option<String>,
    /// What it may touch.
    pub grants: Grants,
    /// The limits of its calls, if it holds skills.
    pub limits: CallLimits,
    /// The limits of its runs, if it is an agent.
    pub agent_limits: CallLimits,
    /// Its concurrent calls, in place of the daemon's figure.
    pub running_max: Option<usize>,
}

impl Served {
    /// The limits for a bundle of that kind.
    pub fn limits_of(&self, kind: BundleKind) -> CallLimits {
        if kind == BundleKind::Agent { self.agent_limits } else { self.limits }
    }
}

/// The publisher of bundles that nobody signed.
pub const LOCAL: &str = "local";

/// Decides whether a bundle may be served. `again` is said of a version that was accepted before: it may be lower than
/// the highest.
pub fn decide(facts: &Facts<'_>, policy: &Policy, base: &CallLimits, known: Known<'_>, again: bool) -> Standing {
    let nothing = BundlePolicy::default();
    let decided = policy.bundles.get(facts.name).map_or(&nothing, |decided| &**decided);
    match facts.signature {
        Some(signature) => signed(facts, policy, base, known, again, decided, signature),
        None => unsigned(facts, base, known, decided),
    }
}

fn signed(
    facts: &Facts<'_>,
    policy: &Policy,
    base: &CallLimits,
    known: Known<'_>,
    again: bool,
    decided: &BundlePolicy,
    signature: &str,
) -> Standing {
    let Some(version) = facts.version else {
        return refused("it is signed but its manifest gives no version", "a signature is for one version: add one");
    };
    let signed = Signed { digest: facts.digest, name: facts.name, version, requests: facts.requests };
    let keys = policy.keys.iter().map(|(publisher, key)| (publisher.as_str(), key));
    let publisher = match signing::verify(signature, &signed, keys) {
        Ok(publisher) => publisher.to_owned(),
        Err(why) => {
            return refused(
                format!("its signature is not accepted: {why}"),
                "sign it again with `happyos skill sign`, or trust its key with `happyos key trust`",
            );
        }
    };
    if let Some(other) = known.publisher.filter(|other| *other != publisher) {
        return refused(
            format!("the name `{}` belongs to publisher `{other}`, and this is signed by `{publisher}`", facts.name),
            FORGET,
        );
    }
    if let (false, Some((highest, digest))) = (again, known.highest)
        && let Some(refusal) = behind(version, facts.digest, highest, digest)
    {
        return refusal;
    }
    let own = decided.publisher.as_deref() == Some(publisher.as_str());
    let grants = if own { decided.grants.clone() } else { Grants::default() };
    let kinds = grants.undecided(facts.requests);
    if !kinds.is_empty() {
        return Standing::Waiting { publisher: Some(publisher), kinds };
    }
    Standing::Served(Served {
        publisher: Some(publisher),
        grants,
        limits: limits(base, decided, own),
        agent_limits: limits(&CallLimits::AGENT, decided, own),
        running_max: decided.running_max,
    })
}

/// A version that a signed bundle has left behind, or another file under a version that is known.
fn behind(version: &str, digest: Digest, highest: &str, of: Option<Digest>) -> Option<Standing> {
    // What does not parse was refused with the manifest; a record that does not parse is no bound.
    let (own, highest_parsed) = (Version::parse(version).ok()?, Version::parse(highest).ok()?);
    match own.cmp_precedence(&highest_parsed) {
        std::cmp::Ordering::Less => Some(refused(
            format!("its version {version} is lower than {highest}, which was accepted before"),
            "an older version is not taken again; `happyos skill rollback` returns to one that was kept",
        )),
        std::cmp::Ordering::Equal if of.is_some_and(|of| of != digest) => Some(refused(
            format!("another file was accepted as version {highest}"),
            "give a changed bundle a higher version, and sign it again",
        )),
        _ => None,
    }
}

fn unsigned(facts: &Facts<'_>, base: &CallLimits, known: Known<'_>, decided: &BundlePolicy) -> Standing {
    if let Some(publisher) = known.publisher.or(decided.publisher.as_deref()) {
        return refused(
            format!("the name `{}` belongs to publisher `{publisher}`, and this file is not signed", facts.name),
            FORGET,
        );
    }
    // A path is trusted only for the file that is named as the bundle is.
    let by_path = decided.trust_path && facts.stem == facts.name;
    let approved = by_path || decided.approved.contains(&facts.digest);
    let needs_none = facts.requests.is_empty() && decided.grants.is_empty();
    if !approved && !needs_none {
        return Standing::Pending { publisher: None };
    }
    let grants = if approved { decided.grants.clone() } else { Grants::default() };
    let kinds = grants.undecided(facts.requests);
    if !kinds.is_empty() {
        return Standing::Waiting { publisher: None, kinds };
    }
    Standing::Served(Served {
        publisher: None,
        grants,
        limits: limits(base, decided, approved),
        agent_limits: limits(&CallLimits::AGENT, decided, approved),
        running_max: decided.running_max,
    })
}

/// Tighter limits hold for whoever has the name; looser ones only for whom they were given to.
fn limits(base: &CallLimits, decided: &BundlePolicy, own: bool) -> CallLimits {
    let asked = &decided.limits;
    if !own {
        return base.tightened(asked);
    }
    CallLimits {
        fuel: asked.fuel.unwrap_or(base.fuel),
        wall_ms: asked.wall_ms.unwrap_or(base.wall_ms),
        memory_bytes: asked.memory_bytes.unwrap_or(base.memory_bytes),
        host_calls: asked.host_calls.unwrap_or(base.host_calls),
        output_bytes: asked.output_bytes.unwrap_or(base.output_bytes),
        ..*base
    }
}

const FORGET: &str = "give it another name; an operator can let the name go with `happyos skill remove NAME --forget`";

fn refused(reason: impl Into<String>, hint: impl Into<String>) -> Standing {
    Standing::Refused { reason: reason.into(), hint: hint.into() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::LimitOverrides;

    const BASE: CallLimits = CallLimits::SKILL;

    fn facts<'a>(requests: &'a Requests, bytes: &[u8]) -> Facts<'a> {
        Facts { name: "a", version: None, digest: Digest::of(bytes), requests, signature: None, stem: "a" }
    }

    fn policy(decided: BundlePolicy) -> Policy {
        Policy { bundles: [("a".to_owned(), Arc::new(decided))].into(), ..Policy::default() }
    }

    fn served(standing: Standing) -> Served {
        match standing {
            Standing::Served(served) => served,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_asks_for_nothing_is_served_and_gets_nothing() {
        let requests = Requests::default();
        let standing = decide(&facts(&requests, b"1"), &Policy::default(), &BASE, Known::default(), false);
        assert!(served(standing).grants.is_empty());
    }

    #[test]
    fn a_new_digest_never_inherits_grants_or_looser_limits() {
        let asking = Requests { kv_bytes: Some(10), ..Requests::default() };
        let decided = BundlePolicy {
            approved: vec![Digest::of(b"1")],
            grants: Grants { kv_bytes: Some(10), ..Grants::default() },
            limits: LimitOverrides { fuel: Some(u64::MAX), wall_ms: Some(5), ..LimitOverrides::default() },
            ..BundlePolicy::default()
        };
        let policy = policy(decided.clone());
        let of = |requests: &Requests, bytes: &[u8]| {
            decide(&facts(requests, bytes), &policy, &BASE, Known::default(), false)
        };
        assert_eq!(served(of(&asking, b"1")).limits.fuel, u64::MAX);
        assert_eq!(of(&asking, b"2"), Standing::Pending { publisher: None });
        assert_eq!(
            of(&Requests::default(), b"2"),
            Standing::Pending { publisher: None },
            "it would inherit the name's grants"
        );
        let only_limits = self::policy(BundlePolicy { grants: Grants::default(), ..decided });
        let requests = Requests::default();
        let limits = served(decide(&facts(&requests, b"2"), &only_limits, &BASE, Known::default(), false)).limits;
        assert_eq!((limits.fuel, limits.wall_ms), (BASE.fuel, 5));
    }

    #[test]
    fn approved_and_undecided_is_waiting_and_an_empty_grant_decides() {
        let asking = Requests { http: vec!["a.org".parse().unwrap()], ..Requests::default() };
        let mut decided = BundlePolicy { approved: vec![Digest::of(b"1")], ..BundlePolicy::default() };
        let of = |decided: &BundlePolicy| {
            decide(&facts(&asking, b"1"), &policy(decided.clone()), &BASE, Known::default(), false)
        };
        assert_eq!(of(&decided), Standing::Waiting { publisher: None, kinds: vec![GrantKind::Http] });
        decided.grants.http = Some(Vec::new());
        assert_eq!(served(of(&decided)).grants.http, Some(Vec::new()));
    }

    #[test]
    fn a_trusted_path_is_only_that_of_the_bundles_own_name() {
        let asking = Requests { kv_bytes: Some(10), ..Requests::default() };
        let grants = Grants { kv_bytes: Some(10), ..Grants::default() };
        let policy = policy(BundlePolicy { trust_path: true, grants, ..BundlePolicy::default() });
        let own = facts(&asking, b"any");
        assert_eq!(served(decide(&own, &policy, &BASE, Known::default(), false)).grants.kv_bytes, Some(10));
        let elsewhere = Facts { stem: "b", ..own };
        assert_eq!(decide(&elsewhere, &policy, &BASE, Known::default(), false), Standing::Pending { publisher: None });
    }

    #[test]
    fn a_signed_name_is_not_given_to_an_unsigned_file() {
        let requests = Requests::default();
        let known = Known { publisher: Some("acme"), ..Known::default() };
        let standing = decide(&facts(&requests, b"1"), &Policy::default(), &BASE, known, false);
        assert!(matches!(standing, Standing::Refused { reason, .. } if reason.contains("acme")));
    }

    #[test]
    fn an_older_version_and_another_file_under_the_same_one_are_behind() {
        let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
        assert!(behind("1.0.0", one, "1.0.1", None).is_some());
        assert!(behind("1.0.1-rc.1", one, "1.0.1", None).is_some());
        assert!(behind("1.0.1", two, "1.0.1", Some(one)).is_some());
        assert!(behind("1.0.1", one, "1.0.1", Some(one)).is_none());
        assert!(behind("1.1.0", two, "1.0.1", Some(one)).is_none());
    }
}
