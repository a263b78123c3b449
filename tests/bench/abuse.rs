//! `bench abuse [--only NAME,…]`: everything hostile that we could think of, tried on a running daemon.

mod alone;
mod components;
mod crowd;
mod egress;
mod folder;
mod measure;
mod requests;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use happyos_tests::abuse::{self, HostileCall, HostileFile};
use happyos_tests::http::Client;
use happyos_tests::process::Running;
use happyos_tests::{Home, SkillGuest};
use serde_json::{Value, json};

use crate::report::Report;
use measure::{NEIGHBOUR, Neighbour, PHASE, Row, Target};

/// Lines of the list that cannot reach this part, and why.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "host↔guest re-entry",
        "no host interface calls back into a guest; what the host does call while it hands something over, `realloc` \
         and `post-return`, is tried",
    ),
    (
        "DNS rebinding",
        "needs a name server of one's own; a name is looked up once for an exchange, and only an address that was \
         checked is connected to. Names that lead inside are tried",
    ),
];

/// How far the attackers' threads stand back behind the daemon's and the neighbour's.
const ATTACKERS_NICE: i32 = 10;

/// Runs the suite.
///
/// # Errors
/// If a case was not contained.
pub fn run(args: &[&str]) -> anyhow::Result<()> {
    let only = match args {
        [] => "",
        ["--only", name] => name,
        other => anyhow::bail!("Failed to understand `{}`: `bench abuse [--only NAME,…]`", other.join(" ")),
    };
    // An attacker's own work is done on the attacker's machine, not on the neighbour's.
    let stand_back = || {
        let _ = rustix::process::setpriority_process(None, ATTACKERS_NICE);
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .on_thread_start(stand_back)
        .enable_all()
        .build()?;
    // This thread, which starts the daemon, is none of those.
    runtime.block_on(all(only))
}

async fn all(only: &str) -> anyhow::Result<()> {
    let mut report = Report::new(
        "abuse",
        "a running daemon, its defaults (compiling: 3 processor seconds); each case once alone, then 1, 2 × cores and \
         16 at one time for 0.7 s each (4 s where the neighbour's p99, of some 250 calls, is then over its bar), while a \
         neighbour is called every 2 ms over a connection of its own. Contained: \
         the daemon lives, the error is typed, the neighbour's p99 is at most twice or 5 ms over what it was, and the \
         memory is back within 10 % + 16 MiB of what it was after a warm-up, within 5 s. The attackers' own threads stand \
         back (nice 10), as if they ran elsewhere",
    );
    let began = Instant::now();
    let calls = abuse::calls();
    let files = abuse::files();
    let outside = egress::Servers::start().await?;
    let home = home(&calls, &files, &outside)?;
    println!("{} hostile bundles made in {:.1} s", calls.len() + files.len(), began.elapsed().as_secs_f64());
    let mut running = Running::start(&home).await;
    println!("the daemon is ready after {:.1} s, having looked at all of them\n", began.elapsed().as_secs_f64());

    let folder = home.path().join("offered");
    std::fs::create_dir(&folder)?;
    let socket = home.socket();
    let mut cases = components::calls(&socket, &calls);
    egress::set_secret(&home, &outside).await?;
    refusals_are_listed(&home, &files).await?;
    warm_up(&home, &calls).await?;
    cases.extend(components::files(&socket, &folder, files));
    cases.extend(requests::cases(&door(&home).await?));
    cases.extend(folder::cases(&home.config.skills_dir, &folder, &socket));
    cases.extend(alone::cases());
    cases.extend(egress::cases(&home, &outside));
    cases.retain(|case| only.split(',').any(|only| case.name.contains(only) || case.line.contains(only)));
    ensure!(!cases.is_empty(), "no case is called `{only}`");

    let mut target = Target { socket: socket.clone(), id: running.id(), warm_bytes: 0 };
    target.warm_bytes = target.resident_bytes()?;
    println!("warm: {} MiB resident\n", target.warm_bytes >> 20);
    let neighbour = Neighbour::start(socket)?;
    neighbour.watch(PHASE).await;
    println!("{}", head());
    let mut rows = Vec::new();
    for case in cases {
        let row = measure::measure(&target, &neighbour, case).await;
        println!("{}", line(&row));
        rows.push(row);
        ensure!(running.alive(), "the daemon has ended:\n{}", running.said.join("\n"));
    }
    drop(neighbour);
    drop(running);
    for (line, why) in ELSEWHERE {
        println!("{line}: {why}");
    }
    if only.is_empty() {
        crowd::run(&mut report).await?;
    }
    finish(report, &rows, began.elapsed())
}

/// A home with the hostile bundles, files that will be refused, and the neighbour.
fn home(calls: &[HostileCall], files: &[HostileFile], outside: &egress::Servers) -> anyhow::Result<Home> {
    let home = Home::new();
    let mut policy = String::new();
    for call in calls {
        home.install(&call.file, &call.bytes);
        if let Some(bytes) = call.memory_bytes {
            writeln!(
                policy,
                "[bundles.{0}]\ntrust = \"path\"\n[bundles.{0}.limits]\nmemory_bytes = {bytes}",
                call.name
            )?;
        }
    }
    for file in files {
        home.install(&file.file, &file.bytes);
    }
    home.install_guest(&SkillGuest { name: NEIGHBOUR, ..Default::default() });
    home.install_guest(&SkillGuest { name: requests::CALLED, ..Default::default() });
    for number in 0..HUNGRY {
        home.install(&format!("hungry-{number}.wasm"), hungry(number));
    }
    egress::install(&home, outside, &mut policy)?;
    std::fs::write(home.config.policy_path(), policy)?;
    home.configure("compile.cpu_s = 3");
    Ok(home)
}

/// Every refused file is in the daemon's own list, with its reason.
async fn refusals_are_listed(home: &Home, files: &[HostileFile]) -> anyhow::Result<()> {
    let status = Client::unix(&home.socket()).await?.get("/v1/status").await?.json();
    let refusals = status.pointer("/components/catalog/refusals").and_then(Value::as_array).context("no refusals")?;
    let mut wrong = String::new();
    for HostileFile { name, file, says, .. } in files {
        let path = home.config.skills_dir.join(file).display().to_string();
        let found = refusals.iter().find(|refusal| refusal["path"] == json!(path));
        match found.and_then(|refusal| refusal["reason"].as_str()) {
            None => writeln!(wrong, "`{name}` is not refused")?,
            Some(reason) if !reason.contains(says) => {
                writeln!(wrong, "`{name}` is refused for another reason: {reason}")?
            }
            Some(_) => {}
        }
    }
    ensure!(wrong.is_empty(), "{wrong}");
    Ok(())
}

async fn door(home: &Home) -> anyhow::Result<requests::Door> {
    let token = std::fs::read_to_string(home.config.data_dir.join("first-token"))?.trim().to_owned();
    let status = Client::unix(&home.socket()).await?.get("/v1/status").await?.json();
    let address = status.pointer("/components/doors/http").and_then(Value::as_str).context("no address")?;
    Ok(requests::Door { address: address.trim_start_matches("http://").parse()?, token })
}

/// Everything that is served is called, sixteen at one time, and as many hungry guests run as may run at all.
async fn warm_up(home: &Home, calls: &[HostileCall]) -> anyhow::Result<()> {
    for call in calls {
        let body = json!({"input": call.input, "limits": {"wall_ms": 300, "fuel": 20_000_000}});
        let attack = components::calling(&home.socket(), &call.skill, &body);
        let all: Vec<_> = (0..16).map(|number| tokio::spawn(attack(number))).collect();
        for one in all {
            one.await??;
        }
    }
    // Last, so that the memory that the pool keeps of each place is full: as many at one time as may run.
    let at_once = home.config.admission.running_max.div_ceil(HUNGRY) + 1;
    let body = json!({"input": {}, "limits": {"wall_ms": 5_000}});
    let calls = (0..HUNGRY).map(|number| components::calling(&home.socket(), &format!("hungry-{number}"), &body));
    let all: Vec<_> =
        calls.flat_map(|attack| (0..at_once as u64).map(move |number| attack(number))).map(tokio::spawn).collect();
    for one in all {
        one.await??;
    }
    Ok(())
}

/// Bundles that fill memory for the warm-up; one alone may not have all places.
const HUNGRY: usize = 8;

/// Fills four megabytes and goes on for a while, so that many are there at one time.
fn hungry(number: usize) -> Vec<u8> {
    SkillGuest {
        name: &format!("hungry-{number}"),
        memory: "80",
        call: "(memory.fill (i32.const 131072) (i32.const 7) (i32.const 4194304))
            (local.set $i (i32.const 4000000))
            (loop $more (br_if $more (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
            (call $answer (i32.const 240) (i32.const 2))",
        ..Default::default()
    }
    .component()
}

fn head() -> String {
    format!(
        "{:<10}{:<28} {:>7} {:>7} {:>6} {:>6} {:>6}  answer",
        "contained", "input", "quiet", "p99 ms", "before", "after", "acts"
    )
}

fn line(row: &Row) -> String {
    let Row { line, name, answer, quiet_p99_ms, busy_p99_ms, before_bytes, after_bytes, n_acts, wrong, .. } = row;
    let answer: String = answer.chars().map(|c| if c.is_control() { ' ' } else { c }).take(150).collect();
    let mut text = format!(
        "{:<10}{name:<28} {quiet_p99_ms:>7.2} {busy_p99_ms:>7.2} {:>6} {:>6} {n_acts:>6}  {answer}",
        if wrong.is_empty() { "yes" } else { "NO" },
        before_bytes >> 20,
        after_bytes >> 20,
    );
    if !name.eq(line) {
        let _ = write!(text, "  [{line}]");
    }
    for wrong in wrong {
        let _ = write!(text, "\n          WRONG: {}", wrong.chars().take(400).collect::<String>());
    }
    text
}

fn finish(mut report: Report, rows: &[Row], took: Duration) -> anyhow::Result<()> {
    let contained = rows.iter().filter(|row| row.wrong.is_empty()).count();
    let worst = rows.iter().map(Row::ratio).fold(1.0, f64::max);
    let fewest = rows.iter().map(|row| row.n_samples).min().unwrap_or(0);
    report.add("cases", rows.len() as f64, "cases", "");
    report.add("contained", contained as f64, "cases", "");
    report.add("uncontained", (rows.len() - contained) as f64, "cases", "");
    report.add(
        "neighbour_p99_ratio_max",
        worst,
        "×",
        "1 + (p99 beside the worst case − quiet p99) / (quiet p99, at least 5 ms): 2 is twice or 5 ms more",
    );
    let times = rows.iter().map(|row| row.busy_p99_ms / row.quiet_p99_ms).fold(0.0, f64::max);
    report.add("neighbour_p99_times_max", times, "×", "p99 beside the worst case / quiet p99");
    let busiest = rows.iter().map(|row| row.busy_p99_ms).fold(0.0, f64::max);
    report.add("neighbour_p99_max_ms", busiest, "ms", "beside the worst case");
    report.add("neighbour_samples_min", fewest as f64, "calls", "in one phase");
    report.add("took_s", took.as_secs_f64(), "s", "");
    report.finish()?;
    ensure!(contained == rows.len(), "{} of {} cases were not contained", rows.len() - contained, rows.len());
    Ok(())
}
