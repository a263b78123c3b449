//! Who asks: before any route sees a request, its `Host`, `Origin` and token are checked and its principal is set.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request, StatusCode, Uri, header, uri::Authority};

use super::error::HttpError;
use crate::config::Config;
use crate::security::Principal;
use crate::security::tokens::Tokens;

/// The path that answers without a token: it says nothing but that the daemon is there.
const OPEN_PATH: &str = "/healthz";

/// How a listener's requests are authenticated.
pub enum Gate {
    /// Over the network: a bearer token, and no foreign `Host` or `Origin`.
    Network(NetworkGate),
    /// Over the private socket, which only the daemon's own user can open: always this principal.
    Local(Principal),
}

/// What the network side accepts.
pub struct NetworkGate {
    tokens: Arc<Tokens>,
    config: Arc<ArcSwap<Config>>,
}

/// Marks a request that came over the private socket, whose paths and upgrades are therefore trusted.
#[derive(Clone, Copy)]
pub(crate) struct Local;

impl Gate {
    /// The gate of the network side, which knows the names and origins that `config` has at each request.
    pub fn network(tokens: Arc<Tokens>, config: Arc<ArcSwap<Config>>) -> Gate {
        Gate::Network(NetworkGate { tokens, config })
    }

    /// Checks a request and sets its principal.
    pub(crate) fn admit<B>(&self, request: &mut Request<B>) -> Result<(), HttpError> {
        match self {
            Gate::Local(principal) => {
                let principal = principal.clone();
                request.extensions_mut().insert(Local);
                request.extensions_mut().insert(principal);
            }
            Gate::Network(gate) => {
                let host = gate.check_host(request.uri(), request.headers())?;
                gate.check_origin(request.headers(), &host)?;
                if request.uri().path() != OPEN_PATH {
                    let principal = gate.authenticate(request.headers())?;
                    request.extensions_mut().insert(principal);
                }
            }
        }
        Ok(())
    }
}

impl NetworkGate {
    /// A page whose name was made to resolve to this machine still sends its own name: refusing it stops that attack.
    fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<Authority, HttpError> {
        let mut values = headers.get_all(header::HOST).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(HttpError::malformed("the request has not exactly one `Host` header"));
        };
        let host = Authority::try_from(value.as_bytes())
            .map_err(|_| HttpError::malformed("the `Host` header is not a host and port"))?;
        let foreign = [Some(&host), uri.authority()].into_iter().flatten().find(|host| !self.knows(host));
        match foreign {
            None => Ok(host),
            Some(foreign) => Err(HttpError::new(
                StatusCode::MISDIRECTED_REQUEST,
                "denied",
                format!("`Host: {foreign}` is not a name of this daemon"),
            )
            .with_hint("an operator can add it to `http.hosts` in happyos.toml")),
        }
    }

    fn knows(&self, authority: &Authority) -> bool {
        let host = authority.host().to_ascii_lowercase();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if bare == "localhost" {
            return true;
        }
        let config = self.config.load();
        let config = &config.http;
        if let Ok(ip) = bare.parse::<IpAddr>()
            && (ip.is_loopback() || ip == config.listen.ip() && !ip.is_unspecified())
        {
            return true;
        }
        let names = [&*host, bare, authority.as_str()];
        config.hosts.iter().any(|known| names.iter().any(|name| known.eq_ignore_ascii_case(name)))
    }

    /// Only browsers send `Origin`. One that is neither ours nor configured is another site's page.
    fn check_origin(&self, headers: &HeaderMap, host: &Authority) -> Result<(), HttpError> {
        for value in headers.get_all(header::ORIGIN) {
            let origin = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
            let own = origin.strip_prefix("http://").is_some_and(|rest| rest.eq_ignore_ascii_case(host.as_str()));
            let known = || self.config.load().http.origins.iter().any(|known| known.eq_ignore_ascii_case(&origin));
            if !own && !known() {
                let shown: String = origin.chars().take(200).collect();
                return Err(HttpError::new(
                    StatusCode::FORBIDDEN,
                    "denied",
                    format!("requests from the origin {shown:?} are refused"),
                )
                .with_hint("an operator can add it to `http.origins` in happyos.toml"));
            }
        }
        Ok(())
    }

    fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, HttpError> {
        let Some(value) = headers.get(header::AUTHORIZATION) else {
            return Err(unauthenticated("the request has no token").with_authenticate("Bearer realm=\"happyos\""));
        };
        let secret = value.to_str().ok().and_then(|value| {
            let (scheme, secret) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
        });
        secret.and_then(|secret| self.tokens.verify(secret, SystemTime::now())).ok_or_else(|| {
            unauthenticated("the token is not known here, has expired or was revoked")
                .with_authenticate("Bearer realm=\"happyos\", error=\"invalid_token\"")
        })
    }
}

fn unauthenticated(message: &str) -> HttpError {
    HttpError::new(StatusCode::UNAUTHORIZED, "unauthenticated", message).with_hint(
        "send `Authorization: Bearer SECRET`; `happyos token create NAME` makes one, and the first one is in the file \
         `first-token` of the data directory",
    )
}

/// The principal of a request; one without is refused, whatever the route.
pub(crate) struct Caller(pub Principal);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller, HttpError> {
        parts.extensions.get::<Principal>().cloned().map(Caller).ok_or_else(|| {
            unauthenticated("the request has no principal").with_authenticate("Bearer realm=\"happyos\"")
        })
    }
}

/// A request over the private socket.
pub(crate) struct LocalOnly;

impl<S: Sync> FromRequestParts<S> for LocalOnly {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<LocalOnly, HttpError> {
        if parts.extensions.get::<Local>().is_some() {
            return Ok(LocalOnly);
        }
        Err(HttpError::new(StatusCode::FORBIDDEN, "denied", "this is answered on the daemon's private socket only")
            .with_hint("use the `happyos` command on the daemon's machine, as the daemon's user"))
    }
}
