//! `bench plans [--data FILE] [--part NAME] [--words] [--verbose]`: what becomes of requests of several parts, put to the
//! shipped skills through the orchestrator as the daemon does it. Steps that ask first are approved.

mod data;
mod outcome;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use happyos::orchestrator::Orchestrator;
use happyos::orchestrator::event::{Question, Request};
use happyos::orchestrator::task::Task;
use happyos::routing::Embed;
use happyos::skills::{Call, Skills};
use happyos::store::{Kv as _, Store};
use happyos_tests::home::operator;
use tokio_util::task::TaskTracker;

use data::Row;
use outcome::Verdict;

use crate::answers;
use crate::report::Report;

/// Most approvals of one request.
const APPROVALS_MAX: usize = 16;

#[derive(Default)]
struct Options {
    data: Option<PathBuf>,
    part: Option<String>,
    words: bool,
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
            "--words" => options.words = true,
            "--verbose" => options.verbose = true,
            other => anyhow::bail!(
                "Failed to understand `{other}`\nhint: `bench plans [--data FILE] [--part NAME] [--words] [--verbose]`"
            ),
        }
    }
    let path = options.data.clone().unwrap_or_else(|| happyos_tests::repo().join("tests/data/plans/shipped.jsonl"));
    let mut rows = data::read(&path)?;
    if let Some(part) = &options.part {
        rows.retain(|row| row.part.as_ref() == Some(part));
    }
    ensure!(!rows.is_empty(), "Failed to find a request in `{}`", path.display());
    let home = answers::home()?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).event_interval(1).enable_all().build()?;
    runtime.block_on(async {
        let skills = home.open().await;
        let notes = Store::open(&home.config.data_dir)?;
        let mut report = Report::new(
            "plans",
            "requests of two to five parts as people write them, through the orchestrator with the shipped skills, without \
             a planner; by meaning and words, as after `cargo xtask up`, and by words alone",
        );
        let bench = Bench { rows: &rows, skills: &skills, notes: &notes, verbose: options.verbose };
        if options.words {
            // To look at requests one by one; the figures that count are those of both.
            let by_words = bench.all(None, "by words").await?;
            println!("by words alone: {:.3} right, {:.3} wrong", share(&by_words, Verdict::is_right), share(&by_words, Verdict::is_wrong));
            return Ok(());
        }
        let (embed, _) = crate::model::open()?;
        let by_meaning = bench.all(Some(Arc::new(embed)), "by meaning and words").await?;
        let by_words = bench.all(None, "by words").await?;
        figures(&mut report, &by_meaning, "");
        figures(&mut report, &by_words, "words_");
        by_kind(&mut report, &rows, &by_meaning);
        report.finish()
    })
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
        let orchestrator = answers::orchestrator(self.skills, &tasks);
        orchestrator.set_embed(embed, None).await.map_err(|failure| anyhow::anyhow!("{failure}"))?;
        // Until the skills have their vectors.
        tasks.close();
        tasks.wait().await;
        let snapshot = self.skills.snapshot(&operator()).map_err(|failure| anyhow::anyhow!("{failure}"))?;
        let mut verdicts = Vec::with_capacity(self.rows.len());
        for row in self.rows {
            self.notes.clear("local/notes").await?;
            for call in &row.before {
                let input = call.input.to_string();
                let call = Call { skill: &call.skill, input: input.into(), ..Call::default() };
                let done = self.skills.call(&operator(), call).await;
                done.result.map_err(|failure| anyhow::anyhow!("before \"{}\": {failure}", row.text))?;
            }
            let task = self.settled(&orchestrator, row).await?;
            let got = outcome::Got::of(&task, &snapshot);
            let verdict = outcome::judge(row, &got);
            if self.verbose && !verdict.is_right() {
                let why = task.analysed.as_ref().map(|analysed| analysed.reasons.join("; ")).unwrap_or_default();
                println!(
                    "{verdict:?} ({how}, {}): {}\n  got {got}\n  because {why}",
                    row.part.as_deref().unwrap_or("-"),
                    row.text.replace('\n', "⏎")
                );
            }
            verdicts.push(verdict);
        }
        Ok(verdicts)
    }

    async fn settled(&self, orchestrator: &Orchestrator, row: &Row) -> anyhow::Result<Arc<Task>> {
        let refused = |failure: happyos::base::Failure| anyhow::anyhow!("\"{}\": {failure}", row.text);
        let request = Request { text: row.text.clone(), ..Request::default() };
        let accepted = orchestrator.ask(&operator(), request).await.map_err(refused)?;
        let mut task = accepted.settled().await.map_err(refused)?;
        for _ in 0..APPROVALS_MAX {
            let Some(Question::Approval(approval)) = &task.question else { break };
            let goes_on = orchestrator.approve(&operator(), task.id, approval.step, true).await.map_err(refused)?;
            task = goes_on.context("nobody else works on it")?.settled().await.map_err(refused)?;
        }
        Ok(task)
    }
}

fn figures(report: &mut Report, verdicts: &[Verdict], prefix: &str) {
    if prefix.is_empty() {
        report.add("requests", verdicts.len() as f64, "", "requests, by meaning and words");
    }
    let wrong_effects = verdicts.iter().filter(|verdict| **verdict == Verdict::WrongEffect).count();
    report.add(
        format!("{prefix}right"),
        share(verdicts, Verdict::is_right),
        "",
        "all right answers in the right order",
    );
    report.add(
        format!("{prefix}asked"),
        share(verdicts, |verdict| *verdict == Verdict::Asked),
        "",
        "asked, or said what is missing, and gave nothing wrong",
    );
    report.add(format!("{prefix}wrong"), share(verdicts, Verdict::is_wrong), "", "something else given as the answer");
    report.add(
        format!("{prefix}wrong_side_effects"),
        wrong_effects as f64,
        "",
        "requests that changed what they should not",
    );
}

/// The shares right of each kind of request, to see where it fails.
fn by_kind(report: &mut Report, rows: &[Row], verdicts: &[Verdict]) {
    let mut kinds: BTreeMap<String, Vec<Verdict>> = BTreeMap::new();
    for (row, verdict) in rows.iter().zip(verdicts) {
        for kind in row.kinds() {
            kinds.entry(kind).or_default().push(*verdict);
        }
    }
    for (kind, verdicts) in kinds {
        let n = verdicts.len();
        report.add(format!("right_{kind}"), share(&verdicts, Verdict::is_right), "", format!("of {n}"));
    }
}

fn share(verdicts: &[Verdict], wanted: impl Fn(&Verdict) -> bool) -> f64 {
    verdicts.iter().filter(|verdict| wanted(verdict)).count() as f64 / verdicts.len().max(1) as f64
}
