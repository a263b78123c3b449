//! What the MCP server does with requests: lists tools, and calls them as the principal it was made for.

use std::borrow::Cow;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use axum::http::request::Parts;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, Implementation, ListToolsResult, PaginatedRequestParams,
    ProgressNotificationParam, ProgressToken, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{Peer, RequestContext, RoleServer};
use rmcp::{ErrorData, ServerHandler};
use serde_json::Value;
use tokio::sync::watch;

use super::{Server, ask, convert};
use crate::base::Failure;
use crate::security::{Action, authorise};
use crate::skills::{Call, Outcome, Progress};
use crate::telemetry::spans::CallerSpan;

/// Tools on one page of `tools/list`.
const TOOLS_PAGE: usize = 500;
/// `_meta` key of a request with the caller's language, a BCP 47 tag.
const LOCALE_KEY: &str = "dev.happyos/locale";
/// `_meta` key of a request with what groups the requests of one conversation.
const SESSION_KEY: &str = "dev.happyos/session-id";
/// Longest language tag and session id, in bytes.
const TAG_BYTES_MAX: usize = 128;
/// The key of the span that a call is a part of, as W3C Trace Context writes it.
const TRACE_KEY: &str = "traceparent";

/// The server for one principal: one connection with lines, or one HTTP request.
#[derive(Clone)]
pub(super) struct Handler {
    server: Server,
    /// The connection stays, so that the client can be told when the tools change.
    stays: bool,
}

impl Handler {
    /// A server for one request.
    pub(super) fn new(server: Server) -> Handler {
        Handler { server, stays: false }
    }

    /// A server for a connection that stays.
    pub(super) fn staying(server: Server) -> Handler {
        Handler { stays: true, ..Handler::new(server) }
    }

    /// Calls a skill for a client that waits for nothing but the answer. Dropping the future cancels the call.
    pub(super) async fn call_plain(
        &self,
        skill: &str,
        input: Cow<'_, str>,
        told: &Told<'_>,
    ) -> Result<CallToolResult, ErrorData> {
        let Server { skills, orchestrator, principal } = &self.server;
        if skill == ask::NAME {
            // Aside, so that the calls of skills are no larger for it.
            return Ok(Box::pin(ask::call(orchestrator, principal, &input, told, None)).await);
        }
        convert::result(skills.call(principal, told.call(skill, input)).await)
    }

    async fn call(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        let input = match &request.arguments {
            None => "{}".to_owned(),
            Some(arguments) => serde_json::to_string(arguments)
                .map_err(|error| ErrorData::invalid_params(format!("`arguments` cannot be read: {error}"), None))?,
        };
        let mut told = Told::of(|key| context.meta.get(key));
        // The library works on it in a task of its own.
        let headers = context.extensions.get::<Parts>().map(|parts| &parts.headers);
        told.caller = told.caller.or_else(|| headers.and_then(CallerSpan::of_headers));
        let calling = async {
            let Some(token) = context.meta.get_progress_token() else {
                return self.call_plain(&request.name, input.into(), &told).await;
            };
            let Server { skills, orchestrator, principal } = &self.server;
            let teller = Teller { peer: &context.peer, token, n_told: 0 };
            if request.name == ask::NAME {
                return Ok(Box::pin(ask::call(orchestrator, principal, &input, &told, Some(teller))).await);
            }
            let (sink, progress) = watch::channel(None);
            let call = Call { progress: Some(Arc::new(sink)), ..told.call(&request.name, input.into()) };
            let Teller { peer, token, .. } = teller;
            convert::result(with_progress(skills.call(principal, call), progress, token, peer).await)
        };
        tokio::select! {
            biased;
            result = calling => result,
            () = context.ct.cancelled() => Err(cancelled()),
        }
    }
}

/// What a request's `_meta` says of a call.
pub(super) struct Told<'a> {
    pub(super) session_id: Option<&'a str>,
    pub(super) locale: Option<&'a str>,
    /// The span that it is a part of; where there is none, what the transport says of that counts.
    pub(super) caller: Option<CallerSpan>,
}

impl<'a> Told<'a> {
    /// Reads what is there; values that are no short text are as good as none.
    pub(super) fn of(get: impl Fn(&str) -> Option<&'a Value>) -> Told<'a> {
        let tag = |key: &str| get(key).and_then(Value::as_str).filter(|value| value.len() <= TAG_BYTES_MAX);
        let caller = get(TRACE_KEY).and_then(Value::as_str).and_then(CallerSpan::read);
        Told { session_id: tag(SESSION_KEY), locale: tag(LOCALE_KEY), caller }
    }

    fn call<'b>(&'b self, skill: &'b str, input: Cow<'b, str>) -> Call<'b> {
        Call { skill, input, session_id: self.session_id, locale: self.locale, ..Call::default() }
    }
}

/// Tells a client how far something is that has no measure: it counts what was told.
pub(super) struct Teller<'a> {
    peer: &'a Peer<RoleServer>,
    token: ProgressToken,
    n_told: u32,
}

impl Teller<'_> {
    /// The next thing that happened.
    pub(super) async fn tell(&mut self, message: String) {
        self.n_told = self.n_told.saturating_add(1);
        let told = ProgressNotificationParam::new(self.token.clone(), f64::from(self.n_told)).with_message(message);
        if let Err(error) = self.peer.notify_progress(told).await {
            tracing::debug!(%error, "progress could not be sent");
        }
    }
}

/// Runs a call and tells the client of its progress. The latest word counts: what comes faster than it can be sent is
/// skipped, and so is what is not more than before, as the protocol wants it.
async fn with_progress(
    calling: impl Future<Output = Outcome>,
    mut progress: watch::Receiver<Option<Progress>>,
    token: ProgressToken,
    peer: &Peer<RoleServer>,
) -> Outcome {
    let mut calling = pin!(calling);
    let mut done = f64::NEG_INFINITY;
    loop {
        tokio::select! {
            biased;
            Ok(()) = progress.changed() => {
                let Some(now) = progress.borrow_and_update().clone().filter(|now| now.done > done) else {
                    continue;
                };
                done = now.done;
                let mut told = ProgressNotificationParam::new(token.clone(), now.done).with_message(now.message);
                told.total = now.total;
                if let Err(error) = peer.notify_progress(told).await {
                    tracing::debug!(%error, "progress could not be sent");
                }
            }
            outcome = calling.as_mut() => return outcome,
        }
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let mut capabilities = ServerCapabilities::builder().enable_tools().build();
        if let Some(tools) = &mut capabilities.tools {
            tools.list_changed = self.stays.then_some(true);
        }
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("happyos", env!("CARGO_PKG_VERSION")))
            .with_instructions(
                "Every tool but `ask` is a skill that runs in a sandbox under limits; `ask` finds the skill for a \
                 request in plain words. A failed call says its kind, what failed and what to do next.",
            )
    }

    /// Asked for at every call of the newer protocol, and of use only where a schema names headers.
    fn get_tool(&self, name: &str) -> Option<Tool> {
        let snapshot = self.server.skills.snapshot(&self.server.principal).ok()?;
        let skill = snapshot.skill(name).filter(|skill| skill.input_schema().contains("x-mcp-header"))?;
        convert::tool(skill).ok()
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let snapshot = self.server.skills.snapshot(&self.server.principal).map_err(refused)?;
        let skills = snapshot.skills();
        // The cursor is the last name of the page before, so pages stay right when the catalog changes in between.
        let cursor = request.and_then(|request| request.cursor);
        let is_first = cursor.is_none();
        let start = match cursor {
            None => 0,
            Some(after) if crate::skills::metadata::check_name(&after).is_ok() => {
                skills.partition_point(|skill| **skill.name() <= *after)
            }
            Some(_) => return Err(ErrorData::invalid_params("`cursor` is not one that this server gave", None)),
        };
        let page = skills.get(start..).unwrap_or_default();
        let page = page.get(..TOOLS_PAGE).unwrap_or(page);
        let may_ask = authorise(&self.server.principal, Action::Ask).is_ok();
        let own = (is_first && may_ask).then(|| Ok(ask::tool()));
        // A skill with the name of that tool would stand for it.
        let of_skills = page.iter().filter(|skill| &**skill.name() != ask::NAME).map(|skill| convert::tool(skill));
        let mut result = ListToolsResult::with_all_items(own.into_iter().chain(of_skills).collect::<Result<_, _>>()?);
        if start + page.len() < skills.len() {
            result.next_cursor = page.last().map(|last| last.name().to_string());
        }
        Ok(result)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.call(request, context).await.map(Into::into)
    }
}

/// Nobody reads this: the client said it wants no answer, or is gone.
fn cancelled() -> ErrorData {
    ErrorData::internal_error("the call was cancelled", None)
}

fn refused(failure: Failure) -> ErrorData {
    ErrorData::invalid_request(failure.to_string(), None)
}
