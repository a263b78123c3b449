//! A test guest that does to the host's interfaces what its input says, step by step.

use std::time::Duration;

use happyos_sdk::{http, kv, log, secrets, skill};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "do")]
enum Step {
    Get {
        key: String,
    },
    Set {
        key: String,
        value: String,
    },
    Delete {
        key: String,
    },
    List {
        prefix: String,
        after: Option<String>,
        limit: Option<u32>,
    },
    Swap {
        key: String,
        expected: Option<String>,
        value: Option<String>,
    },
    /// A value of this many bytes.
    Fill {
        key: String,
        bytes: usize,
    },
    Secret {
        name: String,
    },
    Log {
        line: String,
    },
    Http(Request),
}

#[derive(Deserialize, JsonSchema)]
struct Request {
    method: Option<String>,
    url: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// Name, header, prefix.
    #[serde(default)]
    secrets: Vec<(String, String, String)>,
    /// Written in parts if there is more than one.
    #[serde(default)]
    body: Vec<String>,
    /// Written this many times.
    repeat: Option<usize>,
    timeout_ms: Option<u64>,
    redirects: Option<u32>,
    /// Reads so many bytes at a time, and logs each.
    log_body: Option<bool>,
    /// How often to ask, keeping all responses open.
    times: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Text(Option<String>),
    Done(bool),
    Keys(Vec<String>),
    Response { status: u16, url: String, headers: Vec<(String, String)>, body: String },
    Error { kind: String, message: String },
}

/// Does the steps one after another and says what came of each.
#[skill]
fn reach(
    /// What to do.
    steps: Vec<Step>,
) -> Vec<Outcome> {
    steps
        .into_iter()
        .map(|step| step.run().unwrap_or_else(|(kind, message)| Outcome::Error { kind, message }))
        .collect()
}

happyos_sdk::bundle!(reach);

type Fault = (String, String);

fn fault(error: impl std::fmt::Debug + std::fmt::Display) -> Fault {
    let kind = format!("{error:?}");
    (kind.split('(').next().unwrap_or_default().to_owned(), error.to_string())
}

impl Step {
    fn run(self) -> Result<Outcome, Fault> {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(match self {
            Step::Get { key } => Outcome::Text(kv::get(&key).map_err(fault)?.map(text)),
            Step::Set { key, value } => kv::set(&key, value).map(|()| Outcome::Done(true)).map_err(fault)?,
            Step::Fill { key, bytes } => {
                kv::set(&key, vec![b'x'; bytes]).map(|()| Outcome::Done(true)).map_err(fault)?
            }
            Step::Delete { key } => Outcome::Done(kv::delete(&key).map_err(fault)?),
            Step::List { prefix, after, limit } => {
                Outcome::Keys(kv::list(&prefix, after.as_deref(), limit.unwrap_or(100)).map_err(fault)?)
            }
            Step::Swap { key, expected, value } => {
                let (expected, value) = (expected.map(String::into_bytes), value.map(String::into_bytes));
                Outcome::Done(kv::swap(&key, expected.as_deref(), value.as_deref()).map_err(fault)?)
            }
            Step::Secret { name } => Outcome::Text(Some(format!("{:?}", secrets::open(&name).map_err(fault)?))),
            Step::Log { line } => {
                log::info(line);
                Outcome::Done(true)
            }
            Step::Http(request) => request.run()?,
        })
    }
}

impl Request {
    fn run(self) -> Result<Outcome, Fault> {
        let mut kept = Vec::new();
        for _ in 1..self.times.unwrap_or(1) {
            kept.push(self.send()?);
        }
        let mut response = self.send()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().map_err(fault)? {
            if self.log_body == Some(true) {
                log::info(String::from_utf8_lossy(&chunk));
            }
            // The answer is bounded; what is read is not.
            if body.len() < 100_000 {
                body.extend(chunk);
            }
        }
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Outcome::Response { status: response.status, url: response.url, headers: response.headers, body })
    }

    fn send(&self) -> Result<http::Response, Fault> {
        let opened: Vec<secrets::Secret> =
            self.secrets.iter().map(|(name, ..)| secrets::open(name)).collect::<Result<_, _>>().map_err(fault)?;
        let mut request = http::request(self.method.as_deref().unwrap_or("GET"), &self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        for ((_, header, prefix), secret) in self.secrets.iter().zip(&opened) {
            request = request.credential(secret, header, prefix);
        }
        if let Some(time) = self.timeout_ms {
            request = request.timeout(Duration::from_millis(time));
        }
        if let Some(max) = self.redirects {
            request = request.redirects(max);
        }
        let repeat = self.repeat.unwrap_or(1);
        match self.body.as_slice() {
            [] => request.send().map_err(fault),
            [whole] => request.body(whole.repeat(repeat)).send().map_err(fault),
            parts => {
                let mut outgoing = request.start().map_err(fault)?;
                for _ in 0..repeat {
                    for part in parts {
                        outgoing.write(part).map_err(fault)?;
                    }
                }
                outgoing.finish().map_err(fault)
            }
        }
    }
}

/// Natively nobody calls it.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_done() {
        let outcomes = reach(vec![Step::Set { key: "a".into(), value: "1".into() }, Step::Get { key: "a".into() }]);
        assert!(matches!(&outcomes[..], [Outcome::Done(true), Outcome::Text(Some(text))] if text == "1"));
    }
}
