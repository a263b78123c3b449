//! `happyos secret`: values that skills may send and never see.

use std::fs::File;
use std::io::{self, BufRead as _, IsTerminal as _, Read};
use std::path::Path;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::{Zeroize as _, Zeroizing};

use super::fault::Fault;
use super::{Context, args, output};
use crate::base::check_grant_name;
use crate::security::secrets::VALUE_BYTES_MAX;

#[derive(Deserialize)]
struct SecretList {
    secrets: Vec<Secret>,
}

#[derive(Serialize, Deserialize)]
struct Secret {
    name: String,
    hosts: Vec<String>,
    set_ms: u64,
}

pub fn run(context: &Context, asked: &args::Secret) -> Result<(), Fault> {
    let voice = context.voice;
    match asked {
        args::Secret::Set { name, hosts, value_file } => {
            let doing = format!("set the secret `{name}`");
            check_name(name, &doing)?;
            let value = value(name, value_file.as_deref(), &doing)?;
            let mut body = json!({ "hosts": hosts, "value": *value });
            let path = format!("/v1/secrets/{name}");
            let set: Result<Secret, Fault> = context.with_any(async |client| client.put(&path, &body, &doing).await);
            if let Some(serde_json::Value::String(value)) = body.get_mut("value") {
                value.zeroize();
            }
            let set = set?;
            if voice.json {
                return output::print_json(&json!(set));
            }
            voice.note(&format!("the secret `{name}` is set; only requests to {} may carry it", set.hosts.join(", ")));
            Ok(())
        }
        args::Secret::List => {
            let list: SecretList =
                context.with_any(async |client| client.get("/v1/secrets", "list the secrets").await)?;
            if voice.json {
                return output::print_json(&json!({ "secrets": list.secrets }));
            }
            let mut table = output::table(&["name", "hosts", "set"]);
            for secret in &list.secrets {
                table.add_row([&secret.name, &secret.hosts.join(", "), &output::moment(secret.set_ms)]);
            }
            output::print_table(&table)
        }
        args::Secret::Remove { name } => {
            let doing = format!("remove the secret `{name}`");
            check_name(name, &doing)?;
            context.with_any(async |client| client.delete(&format!("/v1/secrets/{name}"), &doing).await)?;
            if voice.json {
                return output::print_json(&json!({ "removed": name }));
            }
            voice.note(&format!("the secret `{name}` is gone"));
            Ok(())
        }
    }
}

fn check_name(name: &str, doing: &str) -> Result<(), Fault> {
    check_grant_name(name).map_err(|what| Fault::usage(format!("Failed to {doing}: the name {what}")))
}

/// The value: never from the command line, where others could read it. One line end at its end is not part of it.
fn value(name: &str, file: Option<&Path>, doing: &str) -> Result<Zeroizing<String>, Fault> {
    let failed = |from: &str, error: io::Error| Fault::failed(format!("Failed to {doing}: {from}: {error}"));
    let mut value = match file {
        Some(path) => {
            File::open(path).and_then(read).map_err(|error| failed(&format!("`{}`", path.display()), error))?
        }
        None if io::stdin().is_terminal() => {
            prompt(&format!("value of `{name}` (not shown): ")).map_err(|error| failed("the terminal", error))?
        }
        None => read(io::stdin().lock()).map_err(|error| failed("standard input", error))?,
    };
    let length = value.strip_suffix('\n').map_or(&**value, |line| line.strip_suffix('\r').unwrap_or(line)).len();
    value.truncate(length);
    if value.is_empty() {
        return Err(Fault::usage(format!("Failed to {doing}: the value is empty"))
            .hint(format!("type it when asked, or give it on standard input: `happyos secret set {name} … < FILE`")));
    }
    Ok(value)
}

/// All of it, with room from the start: growing would leave copies behind.
fn read(from: impl Read) -> io::Result<Zeroizing<String>> {
    // A line end may follow the longest value.
    let bytes_max = VALUE_BYTES_MAX + 2;
    let mut value = Zeroizing::new(String::with_capacity(bytes_max + 1));
    from.take(bytes_max as u64 + 1).read_to_string(&mut value)?;
    if value.len() > bytes_max {
        return Err(io::Error::other(format!("it has more than {VALUE_BYTES_MAX} bytes")));
    }
    Ok(value)
}

fn prompt(question: &str) -> io::Result<Zeroizing<String>> {
    eprint!("{question}");
    let _silent = Silent::start()?;
    let mut value = Zeroizing::new(String::with_capacity(VALUE_BYTES_MAX + 3));
    io::stdin().lock().take(VALUE_BYTES_MAX as u64 + 2).read_line(&mut value)?;
    eprintln!();
    Ok(value)
}

/// A terminal that does not show what is typed, until this is dropped.
struct Silent(Termios);

impl Silent {
    fn start() -> io::Result<Silent> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Silent(before))
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        // There is no other terminal to complain on.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
