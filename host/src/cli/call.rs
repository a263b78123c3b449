//! `happyos call`: one call of one skill, with its answer and what it used.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::client::{Client, Reply, Usage};
use super::fault::{Code, Doing as _, Fault};
use super::output::{self, Voice};
use super::steps::Waiting;
use super::{Context, args};
use crate::skills::metadata::check_name;

/// Most bytes of input read from standard input.
const INPUT_BYTES_MAX: u64 = 1 << 30;

#[derive(Serialize)]
struct CallBody<'a> {
    input: &'a RawValue,
    limits: LimitsBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
}

#[derive(Serialize)]
struct LimitsBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    fuel: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wall_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host_calls: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_bytes: Option<u64>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    output: &'a RawValue,
    #[serde(default)]
    attachments: Vec<Attachment>,
    usage: Usage,
}

#[derive(Deserialize)]
pub(super) struct Attachment {
    name: String,
    media_type: String,
    data: String,
}

pub fn run(context: &Context, asked: &args::Call) -> Result<(), Fault> {
    check(&asked.name)?;
    context.with_any(async |client| {
        let input = input(&client, asked).await?;
        let reply = send(&client, asked, &input, context.voice).await?;
        show(&asked.name, &reply, asked.out.as_deref(), context.voice)
    })
}

/// Calls a skill with nothing asked for but `input`, and prints its answer.
pub async fn plain(client: &Client, name: &str, input: Option<&str>, voice: Voice) -> Result<(), Fault> {
    check(name)?;
    let asked = args::Call {
        name: name.to_owned(),
        input: input.map(str::to_owned).into_iter().collect(),
        limits: args::Limits::default(),
        locale: None,
        seed: None,
        session: None,
        out: None,
    };
    let input = self::input(client, &asked).await?;
    show(name, &send(client, &asked, &input, voice).await?, None, voice)
}

fn check(name: &str) -> Result<(), Fault> {
    check_name(name)
        .map_err(|why| Fault::usage(format!("Failed to call `{name}`: {why}")).hint("see `happyos skill list`"))
}

async fn send(client: &Client, asked: &args::Call, input: &RawValue, voice: Voice) -> Result<Reply, Fault> {
    let args::Limits { fuel, wall_ms, memory_bytes, host_calls, output_bytes } = asked.limits.clone();
    let body = CallBody {
        input,
        limits: LimitsBody { fuel, wall_ms, memory_bytes, host_calls, output_bytes },
        locale: asked.locale.as_deref(),
        session_id: asked.session.as_deref(),
        seed: asked.seed,
    };
    let body = serde_json::to_string(&body).doing(|| format!("call `{}`", asked.name))?;
    let _waiting = Waiting::new(voice, format!("calling {}", asked.name));
    client.send(hyper::Method::POST, &format!("/v1/skills/{}/call", asked.name), Some(body)).await
}

fn show(name: &str, reply: &Reply, out: Option<&Path>, voice: Voice) -> Result<(), Fault> {
    let doing = || format!("call `{name}`");
    if !reply.status.is_success() {
        let refused = reply.refused()?;
        if voice.json {
            output::print(&format!("{}\n", String::from_utf8_lossy(&reply.body)))?;
            return Err(Fault::said());
        }
        let usage = refused.usage;
        refused.fault(&doing()).print();
        if let Some(usage) = usage {
            voice.note(&used(&usage));
        }
        return Err(Fault::said());
    }
    let answer: Answer<'_> = serde_json::from_slice(&reply.body).doing(doing)?;
    let written = match out {
        Some(out) => write_attachments(&answer.attachments, out)?,
        None => Vec::new(),
    };
    if voice.json {
        return output::print(&format!("{}\n", String::from_utf8_lossy(&reply.body)));
    }
    let text = answer.output.get();
    let text = if io::stdout().is_terminal() { output::indented(text) } else { text.to_owned() };
    output::print(&format!("{text}\n"))?;
    for attachment in &answer.attachments {
        if out.is_none() {
            let size = attachment.data.len() as u64 / 4 * 3;
            voice.note(&format!(
                "attachment `{}` ({}, about {}): write it with `--out DIR`",
                attachment.name.escape_debug(),
                attachment.media_type.escape_debug(),
                output::bytes(size)
            ));
        }
    }
    for path in written {
        voice.note(&format!("wrote `{path}`"));
    }
    voice.note(&used(&answer.usage));
    Ok(())
}

pub(super) fn used(usage: &Usage) -> String {
    format!(
        "used {} fuel, {} memory, {}, {} host calls",
        output::count(usage.fuel),
        output::bytes(usage.memory_peak_bytes),
        output::duration(Duration::from_micros(usage.wall_us)),
        output::count(usage.host_calls)
    )
}

/// Writes attachments to `out`. Their names come from a guest: only plain file names are taken, and nothing is replaced.
pub(super) fn write_attachments(attachments: &[Attachment], out: &Path) -> Result<Vec<String>, Fault> {
    if !attachments.is_empty() {
        fs::create_dir_all(out).doing(|| format!("make the folder `{}`", out.display()))?;
    }
    let mut written = Vec::new();
    for attachment in attachments {
        let name = attachment.name.as_str();
        let plain = Path::new(name).file_name().is_some_and(|file| file == name)
            && !name.starts_with('.')
            && !name.chars().any(char::is_control);
        if !plain {
            return Err(Fault::failed(format!(
                "Failed to write the attachment `{}`: it is no plain file name",
                name.escape_debug()
            )));
        }
        let path = out.join(name);
        let doing = || format!("write `{}`", path.display());
        let bytes = base64::engine::general_purpose::STANDARD.decode(&attachment.data).doing(doing)?;
        let mut file = fs::File::options().write(true).create_new(true).open(&path).doing(doing)?;
        io::Write::write_all(&mut file, &bytes).doing(doing)?;
        written.push(path.display().to_string());
    }
    Ok(written)
}

/// The input as JSON, from whichever way it was given.
async fn input(client: &Client, asked: &args::Call) -> Result<Box<RawValue>, Fault> {
    let wrong = |why: String| {
        Fault::usage(format!("Failed to read the input of `{}`: {why}", asked.name))
            .hint("give one JSON object in quotes, `key=value` for each key, or `-` to read JSON from standard input")
    };
    match asked.input.as_slice() {
        [] => json("{}").map_err(wrong),
        [one] if one == "-" => {
            let mut text = String::new();
            io::stdin()
                .lock()
                .take(INPUT_BYTES_MAX)
                .read_to_string(&mut text)
                .map_err(|error| wrong(error.to_string()))?;
            json(&text).map_err(wrong)
        }
        [one] if one.trim_start().starts_with('{') => json(one).map_err(wrong),
        many => {
            let schema = schema(client, &asked.name).await?;
            let input = from_pairs(many, &schema).map_err(wrong)?;
            json(&Value::Object(input).to_string()).map_err(wrong)
        }
    }
}

fn json(text: &str) -> Result<Box<RawValue>, String> {
    RawValue::from_string(text.trim().to_owned()).map_err(|error| error.to_string())
}

#[derive(Deserialize)]
struct Detail {
    #[serde(default)]
    input_schema: Value,
}

async fn schema(client: &Client, name: &str) -> Result<Value, Fault> {
    match client.get::<Detail>(&format!("/v1/skills/{name}"), &format!("call `{name}`")).await {
        Ok(detail) => Ok(detail.input_schema),
        Err(fault) if fault.code == Code::Failed => Err(fault.hint_if_none("see `happyos skill list`")),
        Err(fault) => Err(fault),
    }
}

/// `key=value` pairs as an object. A value is text where the schema says `string`, otherwise JSON if it reads as JSON.
/// One argument alone, without a key, is the value of the only property, or of the only required one.
fn from_pairs(pairs: &[String], schema: &Value) -> Result<Map<String, Value>, String> {
    let mut input = Map::new();
    for pair in pairs {
        let split = pair.split_once('=').filter(|(key, _)| is_key(key));
        let (key, value) = match (split, pairs) {
            (Some(split), _) => split,
            (None, [only]) => {
                (lone_property(schema).ok_or_else(|| format!("`{only}` is no `key=value`"))?, only.as_str())
            }
            (None, _) => return Err(format!("`{pair}` is no `key=value`")),
        };
        let value = if is_string(schema, key) {
            Value::String(value.to_owned())
        } else {
            serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()))
        };
        if input.insert(key.to_owned(), value).is_some() {
            return Err(format!("`{key}` is given twice"));
        }
    }
    Ok(input)
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

fn is_string(schema: &Value, key: &str) -> bool {
    schema.get("properties").and_then(|all| all.get(key)?.get("type")) == Some(&Value::String("string".into()))
}

fn lone_property(schema: &Value) -> Option<&str> {
    if let Some([only]) = schema.get("required").and_then(Value::as_array).map(Vec::as_slice) {
        return only.as_str();
    }
    let properties = schema.get("properties")?.as_object()?;
    let mut names = properties.keys();
    match (names.next(), names.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(pairs: &[&str]) -> Result<Value, String> {
        let schema = json!({
            "properties": { "text": { "type": "string" }, "most": { "type": "integer" } },
            "required": ["text"],
        });
        let pairs: Vec<String> = pairs.iter().map(|&pair| pair.into()).collect();
        from_pairs(&pairs, &schema).map(Value::Object)
    }

    #[test]
    fn pairs_follow_the_schema() {
        assert_eq!(read(&["text=12", "most=3"]), Ok(json!({ "text": "12", "most": 3 })));
        assert_eq!(read(&["most=[1]", "text=a=b"]), Ok(json!({ "text": "a=b", "most": [1] })));
        assert_eq!(read(&["most=many"]), Ok(json!({ "most": "many" })));
        assert_eq!(read(&["to be = not"]), Ok(json!({ "text": "to be = not" })));
        assert_eq!(read(&["text=a", "text=b"]), Err("`text` is given twice".into()));
        assert_eq!(read(&["a", "b"]), Err("`a` is no `key=value`".into()));
    }

    #[test]
    fn attachments_stay_in_their_folder() {
        let out = tempfile::tempdir().unwrap();
        let attachment =
            |name: &str| Attachment { name: name.into(), media_type: "text/plain".into(), data: "aGk=".into() };
        write_attachments(&[attachment("a.txt")], out.path()).unwrap();
        assert_eq!(fs::read(out.path().join("a.txt")).unwrap(), b"hi");
        for name in ["../a", "/a", ".bashrc", "a/b", "", "..", "a\u{1b}", "a.txt"] {
            assert!(write_attachments(&[attachment(name)], out.path()).is_err(), "{name:?}");
        }
    }
}
