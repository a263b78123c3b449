//! Live reload and what operators decide: versions follow one another without a lost call, nothing is served that may
//! not be, and what was decided holds at once.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use happyos::base::{FailureKind, Grants};
use happyos::orchestrator::event::Request;
use happyos::orchestrator::{self, Orchestrator, Retention, Settings};
use happyos::routing::{Embed, EmbedError};
use happyos::security::signing::{KeyPair, Signed, signature_path};
use happyos::security::{Audit, PolicyFile, Principal, Role};
use happyos::skills::{FileState, Skills, State};
use happyos::store::MemoryLedger;
use happyos_tests::home::{answer, call, failure, operator, until};
use happyos_tests::{Home, SkillGuest};
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// A script whose skill `which` answers with `n`; `asks` is what its manifest asks for.
fn script(n: u32, asks: &str) -> String {
    format!(
        "/* happyos\nname = \"which\"\nversion = \"1.0.{n}\"\n{asks}\n*/\n\
         skill({{ name: 'which', description: 'Says which version it is.',\n\
         inputSchema: {{ type: 'object' }}, run() {{ return {n} }} }});\n"
    )
}

const KV: &str = "[grants]\nkv_bytes = 1024";

/// Skills that follow their directory until this is dropped.
struct Watched {
    skills: Skills,
    shutdown: CancellationToken,
}

impl Watched {
    async fn open(home: &Home) -> Watched {
        let (skills, shutdown) = (home.open().await, CancellationToken::new());
        let watched = Watched { skills: skills.clone(), shutdown: shutdown.clone() };
        tokio::spawn(async move { skills.watch(shutdown).await });
        watched
    }

    async fn version(&self) -> Option<u64> {
        call(&self.skills, "which", json!({})).await.result.ok().and_then(|answer| answer.json.parse().ok())
    }

    fn file(&self, bundle: &str) -> Option<FileState> {
        let snapshot = self.skills.snapshot(&operator()).unwrap();
        snapshot.file(bundle).map(|file| FileState::clone(file))
    }

    fn state(&self, bundle: &str) -> Option<State> {
        self.file(bundle).map(|file| file.state)
    }

    async fn until_version(&self, version: u64) {
        let skills = self.skills.clone();
        let mut changes = skills.changes();
        let reached = async {
            while self.version().await != Some(version) {
                changes.changed().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reached)
            .await
            .unwrap_or_else(|_| panic!("version {version} is not served: {:?}", self.file("which")));
    }

    async fn until_state(&self, bundle: &str, state: State) {
        until(&format!("`{bundle}` is {}", state.as_str()), || self.state(bundle) == Some(state.clone())).await;
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// What the audit log has on `what`, as `who on`.
fn audited(home: &Home, what: &str) -> Vec<String> {
    let entries = Audit::open(&home.config.data_dir).unwrap().last(1_000).unwrap();
    entries.into_iter().filter(|entry| entry.what == what).map(|entry| format!("{} {}", entry.who, entry.on)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_saved_version_is_served_and_a_bad_one_changes_nothing() {
    let home = Home::new();
    let watched = Watched::open(&home).await;
    let path = home.install("which.js", script(1, ""));
    watched.until_version(1).await;
    // As editors do it: a new file in the old one's place.
    let aside = home.path().join("which.js.new");
    fs::write(&aside, script(2, "")).unwrap();
    fs::rename(&aside, &path).unwrap();
    watched.until_version(2).await;
    fs::write(&path, "skill({").unwrap();
    watched.until_state("which", State::Refused).await;
    assert_eq!(watched.version().await, Some(2));
    assert!(!watched.file("which").unwrap().reason.is_empty());
    fs::write(&path, script(3, "")).unwrap();
    watched.until_version(3).await;
    fs::remove_file(&path).unwrap();
    until("the skill is gone", || watched.skills.snapshot(&operator()).unwrap().skills().is_empty()).await;
    assert_eq!(failure(&call(&watched.skills, "which", json!({})).await).kind, FailureKind::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_written_piece_by_piece_is_taken_when_it_is_whole() {
    use std::io::Write as _;
    let home = Home::new();
    let watched = Watched::open(&home).await;
    let whole = script(7, "").into_bytes();
    let mut file = fs::File::create(home.config.skills_dir.join("which.js")).unwrap();
    let mut changes = watched.skills.changes();
    for piece in whole.chunks(40) {
        file.write_all(piece).unwrap();
        // Longer than a closed file is left to settle.
        assert!(tokio::time::timeout(Duration::from_millis(30), changes.changed()).await.is_err(), "it was taken half");
    }
    drop(file);
    watched.until_version(7).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_in_flight_keep_the_version_they_began_with() {
    let home = Home::new();
    let slow = |n: u32| {
        format!(
            "skill({{ name: 'slow', description: 'Takes a while.', inputSchema: {{ type: 'object' }},\n\
             run() {{ let x = 0; for (let i = 0; i < 400000; i++) x += i; return {n} }} }});"
        )
    };
    let path = home.install("slow.js", slow(1));
    let watched = Watched::open(&home).await;
    let skills = watched.skills.clone();
    let began = tokio::spawn(async move { answer(&call(&skills, "slow", json!({})).await) });
    until("the call runs", || watched.skills.load().running > 0).await;
    fs::write(&path, slow(2)).unwrap();
    assert_eq!(began.await.unwrap(), json!(1));
    let skills = &watched.skills;
    let mut changes = skills.changes();
    while answer(&call(skills, "slow", json!({})).await) != json!(2) {
        changes.changed().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_asks_for_something_waits_for_approval_and_a_new_digest_waits_again() {
    let home = Home::new();
    let path = home.install("which.js", script(1, KV));
    let watched = Watched::open(&home).await;
    assert_eq!(watched.state("which"), Some(State::PendingApproval));
    assert_eq!(watched.version().await, None);
    let skills = &watched.skills;
    let other = happyos::base::Digest::of(b"another");
    let wrong = skills.approve(&operator(), "which", Some(other)).await.unwrap_err();
    assert_eq!(wrong.kind, FailureKind::InvalidInput, "{wrong}");
    let approved = skills.approve(&operator(), "which", None).await.unwrap();
    assert_eq!(approved.state, State::Serving);
    assert_eq!(watched.version().await, Some(1));
    let bundle = skills.snapshot(&operator()).unwrap().bundle("which").unwrap().clone();
    assert_eq!(bundle.grants.kv_bytes, Some(1024));

    fs::write(&path, script(2, KV)).unwrap();
    watched.until_state("which", State::PendingApproval).await;
    assert_eq!(watched.version().await, Some(1), "the approved one serves on");
    // One that asks for nothing does not get the name's grants either.
    fs::write(&path, script(3, "")).unwrap();
    let nothing_asked = happyos::base::Digest::of(script(3, "").as_bytes());
    until("the third is seen", || watched.file("which").and_then(|file| file.digest) == Some(nothing_asked)).await;
    assert_eq!(watched.state("which"), Some(State::PendingApproval));
    skills.approve(&operator(), "which", None).await.unwrap();
    assert_eq!(watched.version().await, Some(3));
    assert_eq!(audited(&home, "bundle.approved"), ["test which", "test which"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grants_are_decided_by_kind_and_hold_at_once() {
    let home = Home::new();
    home.install("which.js", script(1, "[grants]\nkv_bytes = 1024\nhttp = [\"api.example.org\"]"));
    let watched = Watched::open(&home).await;
    let skills = &watched.skills;
    let some = Grants { kv_bytes: Some(10), ..Grants::default() };
    let waiting = skills.grant(&operator(), "which", None, some).await.unwrap();
    assert!(matches!(waiting.state, State::WaitingForGrant(_)), "{waiting:?}");
    let no = Grants { http: Some(Vec::new()), ..Grants::default() };
    assert_eq!(skills.grant(&operator(), "which", None, no).await.unwrap().state, State::Serving);
    let grants = |skills: &Skills| skills.snapshot(&operator()).unwrap().bundle("which").unwrap().grants.clone();
    assert_eq!((grants(skills).kv_bytes, grants(skills).http.clone()), (Some(10), Some(Vec::new())));
    // Taken away by hand: the bundle is not served any longer.
    fs::write(home.config.policy_path(), "").unwrap();
    watched.until_state("which", State::PendingApproval).await;
    assert_eq!(watched.version().await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_change_without_a_restart_and_a_mistake_keeps_the_old() {
    let mut home = Home::new();
    home.configure("[limits]\nfuel = 1_000_000_000");
    home.config.files = vec![home.config_file()];
    home.install("which.js", script(1, ""));
    let watched = Watched::open(&home).await;
    let fuel = |watched: &Watched| watched.skills.snapshot(&operator()).unwrap().bundle("which").unwrap().limits().fuel;
    assert_eq!(fuel(&watched), 1_000_000_000);
    home.configure("[limits]\nfuel = 2_000_000_000");
    until("the configuration is read again", || fuel(&watched) == 2_000_000_000).await;
    home.policy("[bundles.which.limits]\nfuel = 5");
    until("the policy is read again", || fuel(&watched) == 5).await;
    assert_eq!(failure(&call(&watched.skills, "which", json!({})).await).kind.as_str(), "limit-exceeded");
    home.policy("nonsense = 1");
    until("the mistake is told", || watched.skills.problem().is_some_and(|text| text.contains("nonsense"))).await;
    assert_eq!(fuel(&watched), 5);
    fs::remove_file(home.config.policy_path()).unwrap();
    until("the policy is empty", || fuel(&watched) == 2_000_000_000 && watched.skills.problem().is_none()).await;
    assert_eq!(watched.version().await, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_whose_first_calls_trap_is_rolled_back_and_so_is_one_on_request() {
    let home = Home::new();
    let good = SkillGuest { name: "guest", ..Default::default() };
    let bad = SkillGuest { call: "unreachable", ..good };
    let path = home.install_guest(&good);
    let watched = Watched::open(&home).await;
    let skills = &watched.skills;
    assert_eq!(answer(&call(skills, "guest", json!({"a": 1})).await), json!({"a": 1}));
    fs::write(&path, bad.component()).unwrap();
    let digest = happyos::base::Digest::of(&bad.component());
    let serving = |skills: &Skills| skills.snapshot(&operator()).unwrap().bundle("guest").map(|bundle| bundle.digest);
    until("the bad version is served", || serving(skills) == Some(digest)).await;
    assert_eq!(failure(&call(skills, "guest", json!({})).await).kind, FailureKind::Trap);
    watched.until_state("guest", State::RolledBack).await;
    assert_eq!(answer(&call(skills, "guest", json!({"a": 2})).await), json!({"a": 2}));
    until("it is on record", || audited(&home, "bundle.rolled-back") == ["daemon guest"]).await;

    // It stays so across a restart, until the file changes.
    drop(watched);
    let watched = Watched::open(&home).await;
    let skills = &watched.skills;
    assert_eq!(watched.state("guest"), Some(State::RolledBack));
    assert_eq!(answer(&call(skills, "guest", json!({"a": 3})).await), json!({"a": 3}));
    let metadata = r#"{"description": "Another guest."}"#;
    let third = SkillGuest { metadata, ..good };
    fs::write(&path, third.component()).unwrap();
    let third = happyos::base::Digest::of(&third.component());
    until("the third version is served", || serving(skills) == Some(third)).await;
    assert_eq!(skills.rollback(&operator(), "guest").await.unwrap().state, State::RolledBack);
    assert_ne!(serving(skills), Some(third));
    until("both are on record", || audited(&home, "bundle.rolled-back") == ["daemon guest", "test guest"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_good_version_serves_on_after_a_restart() {
    let home = Home::new();
    let path = home.install("which.js", script(1, ""));
    drop(Watched::open(&home).await);
    fs::write(&path, "skill({").unwrap();
    let watched = Watched::open(&home).await;
    assert_eq!(watched.state("which"), Some(State::Refused));
    assert_eq!(watched.skills.snapshot(&operator()).unwrap().refusals().len(), 1);
    assert_eq!(watched.version().await, Some(1));
    fs::remove_file(&path).unwrap();
    until("it is gone", || watched.skills.snapshot(&operator()).unwrap().skills().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_name_is_refused_and_free_again_when_its_owner_is_gone() {
    let home = Home::new();
    let owner = home.install("zz-owner.js", script(1, ""));
    let watched = Watched::open(&home).await;
    home.install("a-thief.js", script(2, ""));
    let refused = || watched.skills.snapshot(&operator()).unwrap().refusals().first().cloned();
    until("the second is refused", || refused().is_some()).await;
    assert!(refused().unwrap().reason.contains("taken"), "{:?}", refused());
    assert_eq!(watched.version().await, Some(1));
    drop(watched);
    // The owner stays the owner across a restart, whatever the order of the names.
    let watched = Watched::open(&home).await;
    assert_eq!(watched.version().await, Some(1));
    fs::remove_file(owner).unwrap();
    watched.until_version(2).await;
}

fn sign(home: &Home, path: &Path, key: &KeyPair, n: u32, name: &str, bytes: &str) {
    let version = format!("1.0.{n}");
    let requests = Default::default();
    let digest = happyos::base::Digest::of(bytes.as_bytes());
    let text = key.sign(&Signed { digest, name, version: &version, requests: &requests });
    let aside = home.path().join("signature");
    fs::write(&aside, text).unwrap();
    fs::rename(aside, signature_path(path)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_bundle_is_not_downgraded_replayed_or_taken_over() {
    let home = Home::new();
    let (key, _) = KeyPair::create(&home.path().join("keys"), "acme").unwrap();
    PolicyFile::at(home.config.policy_path()).trust_key("acme", &key.public()).unwrap();
    let path = home.config.skills_dir.join("which.js");
    let watched = Watched::open(&home).await;
    let put = |n: u32, signed_as: u32, name: &str| {
        let bytes = script(n, "");
        sign(&home, &path, &key, signed_as, name, &bytes);
        fs::write(&path, bytes).unwrap();
    };
    put(5, 5, "which");
    watched.until_version(5).await;
    assert_eq!(watched.file("which").unwrap().publisher.as_deref(), Some("acme"));
    let refused = async |says: &str| {
        until(&format!("it is refused: {says}"), || {
            watched.file("which").is_some_and(|file| file.state == State::Refused && file.reason.contains(says))
        })
        .await;
        assert_eq!(watched.version().await, Some(5));
    };
    put(4, 4, "which");
    refused("lower than").await;
    put(6, 7, "which");
    refused("signature").await;
    put(6, 6, "other");
    refused("signature").await;
    fs::remove_file(signature_path(&path)).unwrap();
    refused("not signed").await;
    put(6, 6, "which");
    watched.until_version(6).await;
    // Trust that is withdrawn ends what stood on it.
    PolicyFile::at(home.config.policy_path()).distrust_key("acme").unwrap();
    until("it is not served", || watched.skills.snapshot(&operator()).unwrap().skills().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn installing_answers_with_what_became_of_it_and_removing_forgets() {
    let home = Home::new();
    let watched = Watched::open(&home).await;
    let skills = &watched.skills;
    let install = async |name: &str, bytes: String| skills.install(&operator(), name, bytes.into_bytes(), None).await;
    for name in ["../which.js", "which.txt", ".which.js", "a/b.js", ""] {
        assert_eq!(install(name, script(1, "")).await.unwrap_err().kind, FailureKind::InvalidInput, "{name}");
    }
    for n in 1..20 {
        assert_eq!(install("which.js", script(n, "")).await.unwrap().state, State::Serving);
        assert_eq!(watched.version().await, Some(u64::from(n)), "served when the install returns");
    }
    let bad = install("bad.js", "skill({".into()).await.unwrap();
    assert_eq!(bad.state, State::Refused);
    assert_eq!(install("which.js", script(30, KV)).await.unwrap().state, State::PendingApproval);
    skills.approve(&operator(), "which", None).await.unwrap();
    skills.remove(&operator(), "which", true).await.unwrap();
    assert_eq!(watched.state("which"), None);
    let policy = fs::read_to_string(home.config.policy_path()).unwrap();
    assert!(!policy.contains("which"), "{policy}");
    let user = happyos::security::Principal::authenticated("u", happyos::security::Role::User);
    let denied = skills.install(&user, "which.js", script(1, "").into_bytes(), None).await.unwrap_err();
    assert_eq!(denied.kind, FailureKind::Denied);
}

/// A model that says when it is asked for descriptions, and makes them only once it may.
struct Slow {
    asked: mpsc::Sender<()>,
    go_on: Mutex<mpsc::Receiver<()>>,
}

impl Embed for Slow {
    fn query(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        Ok((0..32).map(|at| text.bytes().filter(|byte| byte % 32 == at).count() as f32).collect())
    }

    fn passages(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let _ = self.asked.send(());
        // Once the other end is gone nobody is waited for.
        let _ = self.go_on.lock().unwrap().recv();
        texts.iter().map(|text| self.query(text)).collect()
    }

    fn id(&self) -> &str {
        "slow"
    }
}

pub fn routing(skills: &Skills) -> Orchestrator {
    let retention = Retention {
        tasks_max: 10,
        tasks_bytes_max: 1 << 20,
        tasks_age_ms: 1 << 30,
        question_age_ms: 1 << 30,
        gaps_max: 10,
        gaps_age_ms: 1 << 30,
        performance_age_ms: 1 << 30,
    };
    let settings = Settings {
        running_max: 4,
        parallel_max: 8,
        ask_first: Vec::new(),
        fallback: true,
        memory: true,
        performance: true,
        planner: true,
        retention,
    };
    let backing = orchestrator::Backing {
        skills: skills.clone(),
        agents: Arc::new(happyos::orchestrator::NoAgents),
        ledger: Arc::new(MemoryLedger::default()),
        principal: Principal::authenticated("daemon", Role::User),
        act_as: |owner| Principal::authenticated(owner, Role::User),
        tasks: Default::default(),
    };
    Orchestrator::new(backing, settings)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reloaded_skill_is_routable_at_once_while_vectors_are_made_and_has_its_own_later() {
    let home = Home::new();
    let watched = Watched::open(&home).await;
    let install = async |does: &str, n: u32| {
        let script = script(n, "").replace("Says which version it is.", does);
        let installed = watched.skills.install(&operator(), "which.js", script.into_bytes(), None).await.unwrap();
        assert_eq!(installed.state, State::Serving);
    };
    install("Peels potatoes.", 1).await;
    let orchestrator = routing(&watched.skills);
    let (asked, was_asked) = mpsc::channel();
    let (may_go_on, go_on) = mpsc::channel();
    let kept = home.config.data_dir.join("slow.vectors");
    let slow = Slow { asked, go_on: Mutex::new(go_on) };
    orchestrator.set_embed(Some(Arc::new(slow)), Some(kept.clone())).await.unwrap();
    // The receiver comes back: dropped, it would let the model go on.
    let _was_asked = tokio::task::spawn_blocking(move || was_asked.recv().map(|()| was_asked)).await.unwrap().unwrap();

    let found = async |text: &str| {
        let request = Request { text: text.to_owned(), ..Request::default() };
        orchestrator.analyse(&operator(), &request).await.unwrap().analysis.ranking
    };
    for (n, does) in (2..).zip(["Juggles oranges.", "Waters the tulips.", "Tunes a violin."]) {
        install(does, n).await;
        let (ranking, other) = (found(does).await, found("Peels potatoes.").await);
        let reasons = ranking.candidates.first().map(|best| best.reasons.join("; ")).unwrap_or_default();
        assert!(ranking.fit > 0.9 && !reasons.contains("meaning"), "{does} {ranking:?}");
        assert!(other.fit < 0.5, "what it did before: {other:?}");
    }

    drop(may_go_on);
    until("its vector is made and kept", || kept.is_file()).await;
}
