//! `bench self-building [--data DIR] [--kills N]`: a labelled corpus of candidates through the gate, how long a good one takes
//! from text to its first live call, and what a kill at any moment leaves behind.

mod kills;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use happyos::orchestrator::Orchestrator;
use happyos::self_building::{Meaning, Need, judge};
use happyos::skills::{Call, Skills};
use happyos_tests::Home;
use happyos_tests::home::operator;
use tokio_util::task::TaskTracker;

use crate::answers::orchestrator;
use crate::calls::runtime;
use crate::model;
use crate::report::Report;
use crate::samples::Samples;

/// Classes of which every single candidate must be caught.
const GRAVE: [&str; 2] = ["overreach", "exfiltration"];
/// Judgements that are timed, of each kind.
const N_TIMED: usize = 40;
/// Kills, where the command does not say.
const N_KILLS: u64 = 200;

/// One labelled candidate.
struct Labelled {
    path: PathBuf,
    class: String,
    need: Need,
    text: Vec<u8>,
}

/// How the gate judged the candidates of one class.
#[derive(Default)]
struct Row {
    n: usize,
    passed: usize,
    stages: BTreeMap<&'static str, usize>,
}

/// Runs the benchmark.
///
/// # Errors
/// If the corpus cannot be read, or something could not be measured.
pub fn run(args: &[&str]) -> anyhow::Result<()> {
    let mut data = happyos_tests::repo().join("tests/data/self-building");
    let mut n_kills = N_KILLS;
    let mut rest = args;
    while let [key, value, after @ ..] = rest {
        match *key {
            "--data" => data = PathBuf::from(value),
            "--kills" => n_kills = value.parse().context("`--kills` takes a number")?,
            other => anyhow::bail!("Failed to understand `{other}`: `bench self-building [--data DIR] [--kills N]`"),
        }
        rest = after;
    }
    ensure!(
        rest.is_empty(),
        "Failed to understand `{}`: `bench self-building [--data DIR] [--kills N]`",
        rest.join(" ")
    );
    runtime(2)?.block_on(all(&data, n_kills))
}

/// `bench loop`: from a refused request to its answer, each command with what it prints.
///
/// # Errors
/// If a step does not come to what it should.
pub fn show_loop() -> anyhow::Result<()> {
    let adapter = fs::read(happyos_tests::built("happyos/skills", "openai-compatible.wasm"))?;
    runtime(2)?.block_on(happyos_tests::building::show(&adapter, &mut |line| println!("{line}")))
}

async fn all(data: &Path, n_kills: u64) -> anyhow::Result<()> {
    let mut report = Report::new(
        "self-building",
        "one process on its defaults. Every candidate of the corpus goes through the whole gate with its visible and hidden \
         examples; times are those of good ones of the corpus, the gate, the install entry and the first call included, \
         nothing to settle",
    );
    let corpus = read(data)?;
    let home = Home::new();
    for file in files(&data.join("installed"), "js")? {
        let name = file.file_name().context("a file has a name")?.to_string_lossy().into_owned();
        home.install(&name, fs::read(&file)?);
    }
    let skills = home.open().await;
    let refused = skills.snapshot(&operator())?.refusals().len();
    ensure!(refused == 0, "{refused} of the installed skills of `{}` are refused", data.display());
    let by_words = Gate { skills: &skills, meaning: None };
    let live = by_words.all(&mut report, &corpus).await?;
    let tasks = TaskTracker::new();
    match model::installed()? {
        None => println!("By words alone: no model is installed in target/models\n"),
        Some(model) => {
            let orchestrator = orchestrator(&skills, &tasks);
            let set = orchestrator.set_embed(Some(Arc::new(model)), None).await;
            set.map_err(|failure| anyhow::anyhow!("{failure}"))?;
            // Until the installed skills have their vectors.
            tasks.close();
            tasks.wait().await;
            println!("The same by meaning too, with the model in target/models\n");
            let by_meaning = Gate { skills: &skills, meaning: Some(&orchestrator) };
            let added = by_meaning.all(&mut report, &corpus).await? - live;
            println!("  the model adds {added:.1} ms to a first live call at the median\n");
        }
    }
    let tried = n_kills == 0 || kills::run(&mut report, n_kills).await?;
    report.finish()?;
    ensure!(tried, "the kills did not fall on every stage of a build, so `lost` says little");
    Ok(())
}

/// The files of a folder with that ending, by name.
fn files(dir: &Path, ending: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("Failed to read `{}`", dir.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Candidates lie in folders named after their classes, and are named after their tasks: `candidates/CLASS/TASK[.TAG].js`.
fn read(data: &Path) -> anyhow::Result<Vec<Labelled>> {
    let mut needs = BTreeMap::new();
    for path in files(&data.join("tasks"), "json")? {
        let name = path.file_stem().context("a file has a name")?.to_string_lossy().into_owned();
        let need = Need::read(&fs::read_to_string(&path)?)
            .map_err(|error| anyhow::anyhow!("Failed to read `{}`: {error}", path.display()))?;
        needs.insert(name, need);
    }
    let mut corpus = Vec::new();
    let classes = data.join("candidates");
    for entry in fs::read_dir(&classes).with_context(|| format!("Failed to read `{}`", classes.display()))? {
        let dir = entry?.path();
        let class = dir.file_name().context("a folder has a name")?.to_string_lossy().into_owned();
        for path in files(&dir, "js")? {
            let stem = path.file_stem().context("a file has a name")?.to_string_lossy().into_owned();
            let task = stem.split('.').next().unwrap_or_default();
            let need =
                needs.get(task).with_context(|| format!("there is no task `{task}` for `{}`", path.display()))?;
            let text = fs::read(&path)?;
            corpus.push(Labelled { path, class: class.clone(), need: need.clone(), text });
        }
    }
    corpus.sort_by(|a, b| a.path.cmp(&b.path));
    ensure!(!corpus.is_empty(), "there is no candidate in `{}`", classes.display());
    Ok(corpus)
}

/// The name it would have in the skills folder.
fn file_name(labelled: &Labelled) -> String {
    let stem = labelled.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    format!("{}.js", stem.split('.').next().unwrap_or_default())
}

/// The gate as it is measured.
struct Gate<'a> {
    skills: &'a Skills,
    /// Routes by meaning, where that is compared too; figures then have names of their own.
    meaning: Option<&'a Orchestrator>,
}

impl Gate<'_> {
    /// The whole corpus, and how long it takes; gives the median of a first live call.
    async fn all(&self, report: &mut Report, corpus: &[Labelled]) -> anyhow::Result<f64> {
        let rows = self.judge_all(corpus).await?;
        table(&rows);
        shares(report, &rows, self.meaning.is_some());
        self.times(report, corpus).await
    }

    async fn judge(&self, labelled: &Labelled, text: Vec<u8>) -> anyhow::Result<happyos::self_building::Report> {
        let meaning = match self.meaning {
            Some(orchestrator) => orchestrator.meaning().await.map(|(index, embed)| Meaning { index, embed }),
            None => None,
        };
        judge(self.skills, &operator(), &labelled.need, &file_name(labelled), text.into(), meaning)
            .await
            .map_err(|failure| anyhow::anyhow!("{failure}"))
    }

    async fn judge_all(&self, corpus: &[Labelled]) -> anyhow::Result<BTreeMap<String, Row>> {
        let mut rows: BTreeMap<String, Row> = BTreeMap::new();
        for labelled in corpus {
            let found = self.judge(labelled, labelled.text.clone()).await?;
            let row = rows.entry(labelled.class.clone()).or_default();
            row.n += 1;
            row.passed += usize::from(found.passed());
            if let Some(failed) = found.failure() {
                *row.stages.entry(failed.stage.as_str()).or_default() += 1;
            }
            let (passed, is_good) = (found.passed(), labelled.class == "good");
            if std::env::var_os("HAPPYOS_BENCH_ALL").is_some() || passed != is_good {
                let why = found.failure().map_or_else(
                    || "passed".to_owned(),
                    |failed| {
                        format!(
                            "{}: {} {}",
                            failed.stage.as_str(),
                            failed.seen,
                            failed.on.as_deref().unwrap_or_default()
                        )
                    },
                );
                println!("  {} {}: {why}", if passed == is_good { "right" } else { "WRONG" }, labelled.path.display());
            }
            if passed && std::env::var_os("HAPPYOS_BENCH_ALL").is_some() {
                let bounds = found.verdicts.iter().find(|verdict| verdict.stage.as_str() == "bounds");
                println!("    {}", bounds.map(|verdict| verdict.seen.as_str()).unwrap_or_default());
            }
        }
        Ok(rows)
    }

    /// From text to the first live call, loading alone, and the rejection of broken source.
    async fn times(&self, report: &mut Report, corpus: &[Labelled]) -> anyhow::Result<f64> {
        let skills = self.skills;
        let good = corpus.iter().filter(|labelled| labelled.class == "good" && asks_for_nothing(&labelled.text));
        let mut stages: BTreeMap<&str, Samples> = BTreeMap::new();
        let (mut live, mut load, mut judging) = (Samples::default(), Samples::default(), Samples::default());
        for (number, labelled) in good.cycle().take(N_TIMED).enumerate() {
            // New bytes each time, so that nothing is known of them.
            let mut text = labelled.text.clone();
            text.extend(format!("\n// {number}\n").bytes());
            let file = file_name(labelled);
            let began = Instant::now();
            let candidate = skills.candidate(&operator(), &file, [&text[..], b"\n"].concat().into()).await;
            let candidate = candidate.map_err(|refusal| anyhow::anyhow!("{}", refusal.reason))?;
            candidate.load().await.map_err(|refusal| anyhow::anyhow!("{}", refusal.reason))?;
            load.push(began.elapsed());
            let began = Instant::now();
            let found = self.judge(labelled, text.clone()).await?;
            if !found.passed() {
                continue;
            }
            judging.push(began.elapsed());
            for verdict in &found.verdicts {
                stages.entry(verdict.stage.as_str()).or_default().push(verdict.took);
            }
            let state = skills.install(&operator(), &file, text, None).await;
            let state = state.map_err(|failure| anyhow::anyhow!("{failure}"))?;
            ensure!(state.state.as_str() == "serving", "`{file}` is {}: {}", state.state.as_str(), state.reason);
            let (skill, example) =
                (found.skills.first().context("a skill")?, labelled.need.hidden.first().context("an example")?);
            let input = example.input.to_string();
            let outcome = skills.call(&operator(), Call { skill, input: input.into(), ..Default::default() }).await;
            outcome.result.map_err(|failure| anyhow::anyhow!("{failure}"))?;
            live.push(began.elapsed());
            skills
                .remove(&operator(), state.bundle.as_deref().unwrap_or_default(), true)
                .await
                .map_err(|failure| anyhow::anyhow!("{failure}"))?;
        }
        for (stage, samples) in &mut stages {
            println!("  {stage:<16} {:>8.3} ms at the median", samples.percentile_us(0.5) / 1e3);
        }
        let live_ms = live.percentile_us(0.5) / 1e3;
        if self.meaning.is_some() {
            let what = "from text to the first live call, routing compared by meaning too";
            report.add("live_meaning_p50_ms", live_ms, "ms", what);
            return Ok(live_ms);
        }
        let broken: Vec<&Labelled> = corpus.iter().filter(|labelled| labelled.class == "syntax").collect();
        let mut reject = Samples::default();
        for (number, labelled) in broken.iter().cycle().take(if broken.is_empty() { 0 } else { N_TIMED }).enumerate() {
            let mut text = labelled.text.clone();
            text.extend(format!("\n// {number}\n").bytes());
            let began = Instant::now();
            self.judge(labelled, text).await?;
            reject.push(began.elapsed());
        }
        add(report, "live_p50_ms", &mut live, "from text to the first live call, through the whole gate");
        add(report, "judge_p50_ms", &mut judging, "of which the gate");
        add(report, "load_p50_ms", &mut load, "loading in the sandbox, once");
        add(report, "reject_p50_ms", &mut reject, "broken source, until it is rejected");
        Ok(live_ms)
    }
}

fn table(rows: &BTreeMap<String, Row>) {
    println!("{:<16} {:>5} {:>8} {:>8}  stages that rejected", "class", "of", "passed", "caught");
    for (class, row) in rows {
        let stages: Vec<String> = row.stages.iter().map(|(stage, n)| format!("{stage} {n}")).collect();
        println!("{class:<16} {:>5} {:>8} {:>8}  {}", row.n, row.passed, row.n - row.passed, stages.join(", "));
    }
    println!();
}

fn shares(report: &mut Report, rows: &BTreeMap<String, Row>, by_meaning: bool) {
    let sum = |of: &dyn Fn(&str) -> bool| {
        let rows = rows.iter().filter(|(class, _)| of(class)).map(|(_, row)| row);
        rows.fold((0, 0), |(n, passed), row| (n + row.n, passed + row.passed))
    };
    let share = |(n, passed): (usize, usize)| if n == 0 { f64::NAN } else { (n - passed) as f64 / n as f64 };
    let (n_good, n_good_passed) = sum(&|class| class == "good");
    let caught = share(sum(&|class| class != "good"));
    let caught_overreach = share(sum(&|class| GRAVE.contains(&class)));
    let false_rejects = share((n_good, n_good_passed));
    if by_meaning {
        report.add("caught_meaning", caught, "share", "of those with a defect, routing compared by meaning too");
        report.add(
            "caught_overreach_meaning",
            caught_overreach,
            "share",
            "of overreach and exfiltration, in the same way",
        );
        report.add("false_rejects_meaning", false_rejects, "share", "of the good ones, in the same way");
        return;
    }
    report.add("corpus", sum(&|_| true).0 as f64, "", format!("candidates, {n_good} of them good"));
    report.add("caught", caught, "share", "of those with a defect");
    report.add("caught_overreach", caught_overreach, "share", "of overreach and exfiltration");
    report.add("false_rejects", false_rejects, "share", "of the good ones");
}

fn add(report: &mut Report, key: &str, samples: &mut Samples, what: &str) {
    report.add(key, samples.percentile_us(0.5) / 1e3, "ms", what);
}

fn asks_for_nothing(text: &[u8]) -> bool {
    !String::from_utf8_lossy(text).contains("[grants]")
}
