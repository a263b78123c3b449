//! `bench answers [--data FILE] [--part NAME] [--verbose]`: what becomes of requests in plain words, put to the shipped
//! skills through the orchestrator as the daemon does it, with the model and without.

mod data;
pub mod expect;
mod outcome;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use happyos::orchestrator::event::Request;
use happyos::orchestrator::{Backing, Orchestrator, Retention, Settings};
use happyos::routing::Embed;
use happyos::security::{Principal, Role};
use happyos::skills::{Call, Skills};
use happyos::store::{Kv as _, MemoryLedger, Store};
use happyos_tests::Home;
use happyos_tests::home::operator;
use tokio_util::task::TaskTracker;

use data::Row;
use outcome::{Outcome, Verdict};

use crate::report::Report;

/// What the shipped skills may touch here: the notes keep theirs, and no page is fetched for real.
const POLICY: &str = "[bundles.notes]\ntrust = \"path\"\n[bundles.notes.grants]\nkv_bytes = 1048576\n\
    [bundles.web-fetch]\ntrust = \"path\"\n[bundles.web-fetch.grants]\nhttp = [\"GET https://answers.invalid\"]\n";

#[derive(Default)]
struct Options {
    data: Option<PathBuf>,
    part: Option<String>,
    verbose: bool,
}

/// Runs it.
///
/// # Errors
/// If the data cannot be read, or the skills or the model cannot be had.
pub fn run(args: &[&str]) -> anyhow::Result<()> {
    let mut options = Options::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            "--data" => options.data = Some(args.next().context("`--data` wants a file")?.into()),
            "--part" => options.part = Some((*args.next().context("`--part` wants a name")?).to_owned()),
            "--verbose" => options.verbose = true,
            other => anyhow::bail!(
                "Failed to understand `{other}`\nhint: `bench answers [--data FILE] [--part NAME] [--verbose]`"
            ),
        }
    }
    let path = options.data.clone().unwrap_or_else(|| happyos_tests::repo().join("tests/data/answers/shipped.jsonl"));
    let mut rows = data::read(&path)?;
    if let Some(part) = &options.part {
        rows.retain(|row| row.part.as_ref() == Some(part));
    }
    ensure!(!rows.is_empty(), "Failed to find a request in `{}`", path.display());
    let home = home()?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).event_interval(1).enable_all().build()?;
    runtime.block_on(async {
        let skills = home.open().await;
        let notes = Store::open(&home.config.data_dir)?;
        let (embed, _) = crate::model::open()?;
        let mut report = Report::new(
            "answers",
            "requests as people write them, each with its right outcome, through the orchestrator with the shipped skills; \
             by meaning and words, as after `cargo xtask up`, and by words alone",
        );
        let bench = Bench { rows: &rows, skills: &skills, notes: &notes, verbose: options.verbose };
        let by_meaning = bench.all(Some(Arc::new(embed)), "with the model").await?;
        let by_words = bench.all(None, "without the model").await?;
        figures(&mut report, &rows, &by_meaning, "");
        figures(&mut report, &rows, &by_words, "words_");
        by_kind(&mut report, &rows, &by_meaning);
        report.finish()
    })
}

/// A home with the shipped skills in it.
pub fn home() -> anyhow::Result<Home> {
    let home = Home::new();
    let target = happyos_tests::profile_dir();
    let built = target.parent().context("no target folder")?.join("happyos/skills");
    let entries = std::fs::read_dir(&built)
        .with_context(|| format!("Failed to read `{}`: run this by `cargo xtask bench answers`", built.display()))?;
    for entry in entries {
        let path = entry?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
            home.install(name, std::fs::read(&path)?);
        }
    }
    home.policy(POLICY);
    Ok(home)
}

struct Bench<'a> {
    rows: &'a [Row],
    skills: &'a Skills,
    notes: &'a Store,
    verbose: bool,
}

impl Bench<'_> {
    async fn all(&self, embed: Option<Arc<dyn Embed>>, how: &str) -> anyhow::Result<Vec<Verdict>> {
        let tasks = TaskTracker::new();
        let orchestrator = orchestrator(self.skills, &tasks);
        orchestrator.set_embed(embed, None).await.map_err(|failure| anyhow::anyhow!("{failure}"))?;
        // Until the skills have their vectors.
        tasks.close();
        tasks.wait().await;
        let principal = operator();
        let mut session = None;
        let mut before: Option<happyos::base::TaskId> = None;
        let mut verdicts = Vec::with_capacity(self.rows.len());
        for row in self.rows {
            // A session, or a request alone, begins with nothing kept.
            if row.session.is_none() || row.session != session {
                self.notes.clear("local/notes").await?;
                before = None;
            }
            session.clone_from(&row.session);
            for call in &row.before {
                let input = call.input.to_string();
                let done = self
                    .skills
                    .call(&principal, Call { skill: &call.skill, input: input.into(), ..Call::default() })
                    .await;
                done.result.map_err(|failure| anyhow::anyhow!("before \"{}\": {failure}", row.text))?;
            }
            let accepted = match before.filter(|_| row.reply) {
                Some(id) => orchestrator.answer(&principal, id, &row.text).await,
                None => orchestrator.ask(&principal, request(row)).await,
            };
            let mut why = String::new();
            let outcome = match accepted {
                Ok(accepted) => {
                    before = Some(accepted.id);
                    let task = accepted.settled().await.map_err(|failure| anyhow::anyhow!("{failure}"))?;
                    why = task.analysed.as_ref().map_or(why, |analysed| analysed.reasons.join("; "));
                    Outcome::of(&task)
                }
                Err(failure) => Outcome::Failed(failure.to_string()),
            };
            let verdict = outcome::judge(&row.outcomes, &outcome);
            if self.verbose && verdict != Verdict::Right {
                let wanted: Vec<String> = row.outcomes.iter().map(|wanted| format!("{wanted:?}")).collect();
                println!(
                    "{verdict:?} ({how}, {}): {}\n  wanted {}\n  got {outcome}\n  because {why}",
                    row.part.as_deref().unwrap_or("-"),
                    row.text.replace('\n', "⏎"),
                    wanted.join(" or ")
                );
            }
            verdicts.push(verdict);
        }
        Ok(verdicts)
    }
}

fn request(row: &Row) -> Request {
    Request {
        text: row.text.clone(),
        session: row.session.as_deref().map(Into::into),
        context: row.context.clone(),
        ..Request::default()
    }
}

/// An orchestrator that keeps its tasks in memory.
pub fn orchestrator(skills: &Skills, tasks: &TaskTracker) -> Orchestrator {
    let backing = Backing {
        skills: skills.clone(),
        agents: Arc::new(happyos::orchestrator::NoAgents),
        ledger: Arc::new(MemoryLedger::default()),
        principal: Principal::authenticated("daemon", Role::User),
        act_as: |owner| Principal::authenticated(owner, Role::User),
        tasks: tasks.clone(),
    };
    let year_ms = 365 * 86_400_000;
    let retention = Retention {
        tasks_max: 100_000,
        tasks_bytes_max: 1 << 30,
        tasks_age_ms: year_ms,
        question_age_ms: year_ms,
        gaps_max: 10_000,
        gaps_age_ms: year_ms,
        performance_age_ms: year_ms,
    };
    let settings = Settings {
        running_max: 10,
        parallel_max: 8,
        ask_first: Vec::new(),
        fallback: true,
        memory: true,
        performance: true,
        planner: true,
        retention,
    };
    Orchestrator::new(backing, settings)
}

fn figures(report: &mut Report, rows: &[Row], verdicts: &[Verdict], prefix: &str) {
    let share = |wanted: Verdict| share_of(verdicts.iter(), wanted);
    let (right, wrong, needless) = (share(Verdict::Right), share(Verdict::Wrong), share(Verdict::Needless));
    if prefix.is_empty() {
        report.add("requests", rows.len() as f64, "", "requests, by meaning and words");
    }
    report.add(format!("{prefix}right"), right, "", "the right answer, the right question or a right refusal");
    report.add(format!("{prefix}wrong"), wrong, "", "something else given as the answer");
    report.add(format!("{prefix}needless_questions"), needless, "", "asked back where there was nothing to ask");
}

/// The shares right of each kind of request, to see where it fails.
fn by_kind(report: &mut Report, rows: &[Row], verdicts: &[Verdict]) {
    let mut kinds: BTreeMap<String, Vec<Verdict>> = BTreeMap::new();
    for (row, verdict) in rows.iter().zip(verdicts) {
        let mut add = |kind: String| kinds.entry(kind).or_default().push(*verdict);
        add(format!("right_{}", row.kind()));
        if let Some(language) = &row.language {
            add(format!("right_in_{language}"));
        }
        if row.typos {
            add("right_with_typos".into());
        }
        if row.session.is_some() {
            add("right_in_dialogues".into());
        }
        if let Some(part) = &row.part {
            add(format!("right_part_{part}"));
        }
    }
    for (kind, verdicts) in kinds {
        let n = verdicts.len();
        report.add(kind, share_of(verdicts.iter(), Verdict::Right), "", format!("of {n}"));
    }
}

fn share_of<'a>(verdicts: impl ExactSizeIterator<Item = &'a Verdict>, wanted: Verdict) -> f64 {
    let n = verdicts.len().max(1) as f64;
    verdicts.filter(|verdict| **verdict == wanted).count() as f64 / n
}
