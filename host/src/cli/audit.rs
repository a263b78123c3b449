//! `happyos audit`: who did what, and why.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::fault::Fault;
use super::{Context, args, output};
use crate::security::Audit;

#[derive(Deserialize)]
struct AuditList {
    entries: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    number: u64,
    time_ms: u64,
    who: String,
    what: String,
    on: String,
    why: String,
}

pub fn run(context: &Context, asked: &args::Audit) -> Result<(), Fault> {
    if asked.verify {
        return verify(context);
    }
    let path = format!("/v1/audit?limit={}", asked.limit);
    let list: AuditList = context.with_any(async |client| client.get(&path, "read the audit log").await)?;
    if context.voice.json {
        return output::print_json(&json!({ "entries": list.entries }));
    }
    let mut table = output::table(&["number", "time", "who", "what", "on", "why"]);
    for entry in &list.entries {
        let Entry { number, time_ms, who, what, on, why } = entry;
        table.add_row([&number.to_string(), &output::moment(*time_ms), who, what, on, why]);
    }
    output::print_table(&table)
}

/// From the files themselves: whoever could change them could change what a daemon says of them.
fn verify(context: &Context) -> Result<(), Fault> {
    let n_entries = Audit::verify(&context.config.data_dir).map_err(|what| {
        let fault = Fault::failed(format!("Failed to verify the audit log: {what}"));
        match what.contains("\nhint: ") {
            true => fault,
            false => fault
                .hint("keep the files `audit.*` of the data folder as they are: what comes before that place is sound"),
        }
    })?;
    if context.voice.json {
        return output::print_json(&json!({ "ok": true, "entries": n_entries }));
    }
    output::print(&format!("ok: {}, none of them changed or missing\n", entries(n_entries)))
}

fn entries(n_entries: u64) -> String {
    match n_entries {
        1 => "1 entry".into(),
        _ => format!("{} entries", output::count(n_entries)),
    }
}
