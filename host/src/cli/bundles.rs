//! `happyos skill inspect|install|approve|grant|remove|rollback`: what an operator does with bundles.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use hyper::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::client::Client;
use super::fault::{Doing as _, Fault};
use super::{Context, args, output};
use crate::skills::metadata::check_name;

/// A file of the skills folder as the daemon tells of it.
#[derive(Debug, Deserialize)]
pub struct File {
    #[serde(default)]
    pub name: Option<String>,
    pub path: String,
    pub state: String,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub hint: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    digest: Option<String>,
    #[serde(default)]
    requests: BTreeMap<String, Value>,
    #[serde(default)]
    serving_version: Option<String>,
    #[serde(default)]
    serving_digest: Option<String>,
}

impl File {
    /// Whether the operator has yet to decide.
    pub fn waits(&self) -> bool {
        matches!(self.state.as_str(), "pending approval" | "waiting for grant")
    }

    /// The bundle's name, or the file where it has none.
    pub fn shown_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.path)
    }

    /// `NAME VERSION: state: reason`, and what is served meanwhile.
    pub fn line(&self) -> String {
        let version = self.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
        let mut line = format!("{}{version}: {}", self.shown_name(), self.state);
        if !self.reason.is_empty() {
            line.push_str(&format!(": {}", self.reason));
        }
        if self.state != "serving"
            && let Some(digest) = &self.serving_digest
        {
            let digest: String = digest.chars().take(12).collect();
            line.push_str(&format!("; serving {}({digest}) meanwhile", spaced(self.serving_version.as_deref())));
        }
        line
    }
}

fn spaced(text: Option<&str>) -> String {
    text.map(|text| format!("{text} ")).unwrap_or_default()
}

/// The files of the skills folder.
pub async fn all(client: &Client) -> Result<Vec<File>, Fault> {
    #[derive(Deserialize)]
    struct List {
        bundles: Vec<File>,
    }
    let list: List = client.get("/v1/bundles", "list the bundles").await?;
    Ok(list.bundles)
}

pub fn inspect(context: &Context, file: &Path) -> Result<(), Fault> {
    let doing = format!("inspect `{}`", file.display());
    let path = file.canonicalize().doing(|| doing.clone())?;
    let found: Value =
        context.with_any(async |client| client.post("/v1/inspect", &json!({ "path": path }), &doing).await)?;
    let text = |key: &str| found.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let readable = found.get("readable").and_then(Value::as_bool).unwrap_or(false);
    if context.voice.json {
        output::print_json(&found)?;
    } else if readable {
        output::print(&page(&found))?;
    } else {
        let fault = Fault::failed(format!("Failed to inspect `{}`: {}", file.display(), text("reason")));
        return Err(match found.get("hint").and_then(Value::as_str) {
            Some(hint) => fault.hint(hint),
            None => fault,
        });
    }
    if readable { Ok(()) } else { Err(Fault::said()) }
}

fn page(found: &Value) -> String {
    let text = |key: &str| found.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut page = format!("{} {}\n\n", text("name"), text("version"));
    let mut row = |what: &str, value: &str| {
        if !value.is_empty() {
            page.push_str(&format!("{what:<10} {value}\n"));
        }
    };
    row("kind", text("kind"));
    row("size", &output::bytes(found.get("size_bytes").and_then(Value::as_u64).unwrap_or_default()));
    row("digest", text("digest"));
    row("licence", text("license"));
    let signed = found.get("signed").and_then(Value::as_bool).unwrap_or(false);
    let signature = match (text("publisher"), signed) {
        ("", true) => "there is one, of nobody who is trusted here".to_owned(),
        ("", false) => "none".to_owned(),
        (publisher, _) => format!("by {publisher}"),
    };
    row("signature", &signature);
    let state = if text("reason").is_empty() {
        text("state").to_owned()
    } else {
        format!("{}: {}", text("state"), text("reason"))
    };
    row("here", &state);
    let requests = found.get("requests").and_then(Value::as_object).cloned().unwrap_or_default();
    page.push_str(&format!("\nasks for:\n{}", asked(&requests)));
    page.push_str("\nimports:\n");
    let imports = found.get("imports").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for import in imports {
        let of = |key: &str| import.get(key).and_then(Value::as_str);
        let inert = import.get("inert").and_then(Value::as_bool).unwrap_or(false);
        let note = match (of("needs"), inert) {
            (_, true) => "  (inert: nothing is behind it)".to_owned(),
            (Some(kind), false) => format!("  (takes a grant: {kind})"),
            (None, false) => String::new(),
        };
        page.push_str(&format!("  {}{note}\n", of("name").unwrap_or_default()));
    }
    if imports.is_empty() {
        page.push_str("  nothing of its own\n");
    }
    page
}

/// Requests or grants, a line for each thing.
fn asked(requests: &Map<String, Value>) -> String {
    let mut text = String::new();
    for (kind, value) in requests {
        match value {
            Value::Array(items) => {
                for item in items {
                    text.push_str(&format!("  {kind:<9} {}\n", item.as_str().unwrap_or_default()));
                }
            }
            Value::Number(bytes) => {
                text.push_str(&format!("  {:<9} {}\n", "kv", output::bytes(bytes.as_u64().unwrap_or_default())));
            }
            _ => {}
        }
    }
    if text.is_empty() { "  nothing\n".into() } else { text }
}

pub fn install(context: &Context, files: &[std::path::PathBuf]) -> Result<(), Fault> {
    let mut all_served = true;
    for path in files {
        let doing = format!("install `{}`", path.display());
        let file = path.file_name().and_then(|name| name.to_str());
        let file = file.ok_or_else(|| Fault::usage(format!("Failed to {doing}: that is no file's name")))?;
        let bytes = fs::read(path).doing(|| doing.clone())?;
        let mut body = json!({ "file": file, "data": base64::engine::general_purpose::STANDARD.encode(bytes) });
        let signature = crate::security::signing::signature_path(path);
        if let Ok(text) = fs::read_to_string(&signature) {
            body["signature"] = json!(text);
        }
        let installed: Value = context.with_any(async |client| client.post("/v1/bundles", &body, &doing).await)?;
        all_served &= installed.get("state").and_then(Value::as_str) == Some("serving");
        tell(context, installed)?;
    }
    // What waits for the operator is no success yet; what is wrong has been said.
    if all_served { Ok(()) } else { Err(Fault::said()) }
}

/// Says what became of a bundle.
fn tell(context: &Context, file: Value) -> Result<(), Fault> {
    if context.voice.json {
        return output::print_json(&file);
    }
    let file: File = serde_json::from_value(file).doing(|| "understand the daemon".into())?;
    output::print(&format!("{}\n", file.line()))?;
    if let Some(hint) = file.hint.filter(|_| file.state != "serving") {
        context.voice.note(&format!("hint: {hint}"));
    }
    Ok(())
}

pub fn approve(context: &Context, name: &str, digest: Option<&str>) -> Result<(), Fault> {
    check(name, "approve")?;
    let doing = format!("approve `{name}`");
    let (before, after) = context.with_any(async |client| {
        let before = all(&client).await?.into_iter().find(|file| file.name.as_deref() == Some(name));
        // What is approved is what was there when the command began.
        let digest = digest.map(str::to_owned).or_else(|| before.as_ref().and_then(|file| file.digest.clone()));
        let after: Value =
            client.post(&format!("/v1/bundles/{name}/approve"), &json!({ "digest": digest }), &doing).await?;
        Ok((before, after))
    })?;
    if !context.voice.json
        && let Some(file) = before
    {
        let requests: Map<String, Value> = file.requests.into_iter().collect();
        let digest = file.digest.unwrap_or_default();
        context
            .voice
            .note(&format!("approved {name}, digest {digest}, which asks for:\n{}", asked(&requests).trim_end()));
    }
    tell(context, after)
}

pub fn grant(context: &Context, asked: &args::Grant) -> Result<(), Fault> {
    let name = &asked.name;
    check(name, "grant")?;
    let mut body = Map::new();
    if let Some(bytes) = asked.kv_bytes {
        body.insert("kv_bytes".into(), json!(bytes));
    }
    let lists = [("http", &asked.http), ("secrets", &asked.secret), ("files", &asked.file)];
    for (key, items) in lists.into_iter().filter(|(_, items)| !items.is_empty()) {
        body.insert(key.into(), json!(items));
    }
    if !asked.env.is_empty() {
        let mut env = Map::new();
        for pair in &asked.env {
            let (key, value) = pair.split_once('=').ok_or_else(|| {
                Fault::usage(format!("Failed to grant `{pair}`: an environment variable is NAME=VALUE"))
            })?;
            env.insert(key.into(), json!(value));
        }
        body.insert("env".into(), Value::Object(env));
    }
    for kind in &asked.no {
        let (key, nothing) = match kind {
            args::Kind::Kv => ("kv_bytes", json!(0)),
            args::Kind::Http => ("http", json!([])),
            args::Kind::Secrets => ("secrets", json!([])),
            args::Kind::Files => ("files", json!([])),
            args::Kind::Env => ("env", json!({})),
        };
        if body.insert(key.into(), nothing).is_some() {
            return Err(Fault::usage(format!("Failed to grant to `{name}`: `{key}` is both granted and denied")));
        }
    }
    if body.is_empty() {
        return Err(Fault::usage(format!("Failed to grant to `{name}`: nothing is given to grant"))
            .hint("such as `--kv-bytes 1048576`, `--http 'GET api.example.org'`, or `--no http`"));
    }
    let doing = format!("grant to `{name}`");
    let after: Value = context.with_any(async |client| {
        let path = format!("/v1/bundles/{name}/grant");
        client.post(&path, &Value::Object(body), &doing).await
    })?;
    tell(context, after)
}

pub fn rollback(context: &Context, name: &str) -> Result<(), Fault> {
    check(name, "roll back")?;
    let doing = format!("roll back `{name}`");
    let path = format!("/v1/bundles/{name}/rollback");
    let after: Value = context.with_any(async |client| client.post(&path, &json!({}), &doing).await)?;
    tell(context, after)
}

pub fn remove(context: &Context, name: &str, forget: bool) -> Result<(), Fault> {
    check(name, "remove")?;
    let doing = format!("remove `{name}`");
    let path = format!("/v1/bundles/{name}{}", if forget { "?forget=1" } else { "" });
    context.with_any(async |client| {
        let reply = client.send(Method::DELETE, &path, None).await?;
        if reply.status.is_success() { Ok(()) } else { Err(reply.refused()?.fault(&doing)) }
    })?;
    if context.voice.json {
        return output::print_json(&json!({ "removed": name, "forgotten": forget }));
    }
    context.voice.note(&format!("`{name}` is removed{}", if forget { ", with all that was known of it" } else { "" }));
    Ok(())
}

fn check(name: &str, doing: &str) -> Result<(), Fault> {
    check_name(name).map_err(|_| {
        Fault::usage(format!("Failed to {doing} `{name}`: that is no bundle's name"))
            .hint("`happyos skill list` names the bundles")
    })
}
