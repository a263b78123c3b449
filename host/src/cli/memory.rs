//! `happyos memory`: what is remembered, searched, forgotten, given out and erased.

use std::fs::OpenOptions;
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fault::{Doing as _, Fault};
use super::tasks::checked;
use super::{Context, args, output};

/// Largest refusal that is read in the place of an export, in bytes.
const REFUSAL_BYTES_MAX: usize = 64 << 10;

#[derive(Deserialize)]
struct MemoryList {
    choices: Vec<Learned>,
}

#[derive(Serialize, Deserialize)]
struct Learned {
    id: String,
    text: String,
    skill: String,
    count: u64,
    last_ms: u64,
}

pub fn run(context: &Context, asked: &args::Memory) -> Result<(), Fault> {
    match asked {
        args::Memory::List => {
            let list: MemoryList =
                context.with_any(async |client| client.get("/v1/memory", "list what is remembered").await)?;
            if context.voice.json {
                return output::print_json(&json!({ "choices": list.choices }));
            }
            let mut table = output::table(&["id", "skill", "chosen", "last", "request"]);
            for one in &list.choices {
                let last = output::moment(one.last_ms);
                table.add_row([
                    &one.id,
                    &one.skill,
                    &output::count(one.count),
                    &last,
                    &output::first_line(&one.text, 60),
                ]);
            }
            output::print_table(&table)
        }
        args::Memory::Forget { id, all: _ } => {
            let path = match id {
                Some(id) => format!("/v1/memory/{}", checked(id)?),
                None => "/v1/memory".to_owned(),
            };
            let gone: Value = context
                .with_any(async |client| client.send(hyper::Method::DELETE, &path, None).await?.json("forget"))?;
            if context.voice.json {
                return output::print_json(&gone);
            }
            let n_gone = gone.get("forgotten").and_then(Value::as_u64).unwrap_or(0);
            output::print(&format!("forgot {}\n", output::count(n_gone)))
        }
        args::Memory::Search { text, limit } => search(context, &text.join(" "), *limit),
        args::Memory::Export { user, out } => export(context, user.as_deref(), out.as_deref()),
        args::Memory::Erase { user, yes } => erase(context, user, *yes),
    }
}

#[derive(Deserialize)]
struct Found {
    by: String,
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct Hit {
    task: String,
    at_ms: u64,
    request: String,
    answer: String,
    #[serde(default)]
    skill: String,
    words: bool,
    #[serde(default)]
    likeness: Option<f32>,
}

fn search(context: &Context, text: &str, limit: u32) -> Result<(), Fault> {
    let path = format!("/v1/memory/search?limit={limit}&q={}", encoded(text));
    context.with_any(async |client| {
        let reply = client.send(hyper::Method::GET, &path, None).await?;
        let found: Found = reply.json("search what was asked")?;
        if context.voice.json {
            return output::print(&format!("{}\n", String::from_utf8_lossy(&reply.body)));
        }
        let mut text = String::new();
        for hit in &found.hits {
            let skill = if hit.skill.is_empty() { String::new() } else { format!("  `{}`", hit.skill) };
            let alike = hit.likeness.map(|likeness| format!("alike {likeness:.2}"));
            let by: Vec<String> = hit.words.then(|| "words".to_owned()).into_iter().chain(alike).collect();
            text.push_str(&format!("{}  {}{skill}  ({})\n", hit.task, output::moment(hit.at_ms), by.join(", ")));
            text.push_str(&format!("  {}\n", output::first_line(&hit.request, 100)));
            text.push_str(&format!("  → {}\n", output::first_line(&hit.answer, 100)));
        }
        if found.hits.is_empty() {
            text.push_str("nothing that you asked has to do with it\n");
        }
        output::print(&text)?;
        if found.by == "words" {
            context.voice.note("note: compared by words alone; `happyos model pull` installs what compares meaning");
        }
        Ok(())
    })
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn export(context: &Context, user: Option<&str>, out: Option<&Path>) -> Result<(), Fault> {
    let path = match user {
        Some(user) => format!("/v1/memory/export?user={}", encoded(user)),
        None => "/v1/memory/export".to_owned(),
    };
    let doing = match out {
        Some(out) => format!("export to `{}`", out.display()),
        None => "export".to_owned(),
    };
    context.with_any(async |client| {
        let response = client.open(hyper::Method::GET, &path, None, "application/json").await?;
        if !response.status().is_success() {
            return Err(refusal(response, &doing).await?);
        }
        let mut to: Box<dyn std::io::Write> = match out {
            // What is kept of a person is for nobody else's eyes.
            Some(out) => {
                Box::new(OpenOptions::new().write(true).create_new(true).mode(0o600).open(out).doing(|| doing.clone())?)
            }
            None => Box::new(std::io::stdout().lock()),
        };
        let mut incoming = response.into_body();
        let mut n_bytes = 0u64;
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|error| {
                Fault::failed(format!("Failed to {doing}: it broke off: {error}"))
                    .hint("what was written is not whole: remove it and try again")
            })?;
            let data = frame.data_ref().map_or(&[][..], |data| data);
            n_bytes += data.len() as u64;
            to.write_all(data).doing(|| doing.clone())?;
        }
        to.flush().doing(|| doing.clone())?;
        if let Some(out) = out {
            context.voice.note(&format!("wrote {} to `{}`", output::bytes(n_bytes), out.display()));
        }
        Ok(())
    })
}

async fn refusal(response: hyper::Response<hyper::body::Incoming>, doing: &str) -> Result<Fault, Fault> {
    let status = response.status();
    let body = http_body_util::Limited::new(response.into_body(), REFUSAL_BYTES_MAX).collect().await;
    let body = body.map_err(|error| Fault::daemon(format!("Failed to {doing}: {error}")))?.to_bytes();
    Ok(super::client::Reply { status, body }.refused()?.fault(doing))
}

#[derive(Deserialize)]
struct Erased {
    user: String,
    tasks: u64,
    artifacts: u64,
    gaps: u64,
    choices: u64,
    errors: u64,
}

fn erase(context: &Context, user: &str, yes: bool) -> Result<(), Fault> {
    if !yes && !agreed(user)? {
        return Err(Fault::failed(format!("Failed to erase what is kept of `{user}`: it was not confirmed"))
            .hint("`--yes` does it without asking; `happyos memory export` keeps a copy"));
    }
    context.with_any(async |client| {
        let body = json!({ "user": user }).to_string();
        let reply = client.send(hyper::Method::POST, "/v1/memory/erase", Some(body)).await?;
        let erased: Erased = reply.json(&format!("erase what is kept of `{user}`"))?;
        if context.voice.json {
            return output::print(&format!("{}\n", String::from_utf8_lossy(&reply.body)));
        }
        let Erased { user, tasks, artifacts, gaps, choices, errors } = erased;
        let counts =
            [(tasks, "requests"), (artifacts, "files"), (gaps, "gaps"), (choices, "choices"), (errors, "errors")];
        let counts: Vec<String> = counts.iter().map(|(n, what)| format!("{} {what}", output::count(*n))).collect();
        output::print(&format!("erased of `{user}`: {}\n", counts.join(", ")))
    })
}

/// Asks, where there is somebody to ask.
fn agreed(user: &str) -> Result<bool, Fault> {
    let mut input = std::io::stdin().lock();
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    let ask =
        format!("erase all requests of `{user}` with their answers, gaps and choices? This cannot be undone. [y/N] ");
    std::io::stderr().write_all(ask.as_bytes()).doing(|| "ask".into())?;
    let mut said = String::new();
    std::io::BufRead::read_line(&mut input, &mut said).doing(|| "read the answer".into())?;
    Ok(matches!(said.trim(), "y" | "yes" | "j" | "ja"))
}
