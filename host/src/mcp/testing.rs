//! A catalog for the tests of this door and of HTTP: one plain component, `math`, whose functions are skills.

use std::path::Path;
use std::sync::Arc;

use crate::agents::{self, Agents};
use crate::base::CallLimits;
use crate::config::{AdmissionConfig, CompileConfig, Config, HttpConfig};
use crate::orchestrator::{self, Orchestrator, Retention, Settings};
use crate::runtime::{Outside, Runtime};
use crate::security::{Audit, PolicyFile, Principal, Role, Secrets};
use crate::skills::{Backing, Skills};
use crate::store::{MemoryLedger, Store};
use crate::telemetry::GuestLog;

/// `add` adds; `spin` never ends.
const MATH: &str = r#"(component
    (core module $math
        (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
        (func (export "spin") (loop $for_ever (br $for_ever))))
    (core instance $math (instantiate $math))
    (func (export "add") (param "a" s32) (param "b" s32) (result s32) (canon lift (core func $math "add")))
    (func (export "spin") (canon lift (core func $math "spin"))))"#;

/// A catalog below `dir`, and the configuration it was read with.
pub(crate) async fn open(dir: &Path) -> (Config, Skills) {
    let config = config(dir);
    std::fs::create_dir_all(&config.skills_dir).unwrap();
    std::fs::create_dir_all(&config.data_dir).unwrap();
    std::fs::write(config.skills_dir.join("math.wasm"), wat::parse_str(MATH).unwrap()).unwrap();
    std::fs::write(config.skills_dir.join("broken.wasm"), "not a component").unwrap();
    let own = std::env::current_exe().unwrap();
    let helper = own.parent().unwrap().parent().unwrap().join("happyos");
    assert!(helper.is_file(), "no `{}`\nhint: `cargo build` it with the same profile first", helper.display());
    let log = GuestLog::new(config.log_lines_kept);
    let (store, audit) = (Store::open(&config.data_dir).unwrap(), Audit::open(&config.data_dir).unwrap());
    let secrets = Arc::new(Secrets::open(&config.data_dir).unwrap());
    let outside = Outside { kv: Arc::new(store.clone()), secrets, audit: audit.clone() };
    let runtime = Runtime::start(&config, &helper, log.clone(), outside).unwrap();
    let backing = Backing { store, policy: PolicyFile::at(config.policy_path()), audit };
    let skills = Skills::open(&config, runtime, backing, log, |_| {}).await.unwrap();
    (config, skills)
}

/// No agents yet, over `skills`.
pub(crate) async fn agents(skills: &Skills, config: &Config) -> Agents {
    let backing = agents::Backing {
        skills: skills.clone(),
        store: Store::open(&config.data_dir).unwrap(),
        audit: Audit::open(&config.data_dir).unwrap(),
        principal: Principal::authenticated("daemon", Role::User),
    };
    Agents::open(backing, 4).await.unwrap()
}

/// An orchestrator over `skills` that keeps everything in memory.
pub(crate) fn orchestrator(skills: &Skills) -> Orchestrator {
    let backing = orchestrator::Backing {
        skills: skills.clone(),
        agents: Arc::new(crate::orchestrator::NoAgents),
        ledger: Arc::new(MemoryLedger::default()),
        principal: Principal::authenticated("daemon", Role::User),
        act_as: |owner| Principal::authenticated(owner, Role::User),
        tasks: Default::default(),
    };
    let day_ms = 86_400_000;
    let retention = Retention {
        tasks_max: 100,
        tasks_bytes_max: 1 << 20,
        tasks_age_ms: day_ms,
        question_age_ms: day_ms,
        gaps_max: 10,
        gaps_age_ms: day_ms,
        performance_age_ms: day_ms,
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
    Orchestrator::new(backing, settings)
}

fn config(dir: &Path) -> Config {
    Config {
        data_dir: dir.join("data"),
        skills_dir: dir.join("skills"),
        http: HttpConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            allow_remote: false,
            hosts: vec!["skills.example".into()],
            origins: vec!["https://page.example".into()],
            body_bytes_max: 1 << 20,
            connections_max: 16,
        },
        limits: CallLimits { fuel: 1 << 60, wall_ms: 600_000, ..CallLimits::SKILL },
        admission: AdmissionConfig {
            running_max: 4,
            memory_bytes_max: 1 << 30,
            queue_max: 64,
            bundle_running_max: 4,
            bundle_queue_max: 64,
        },
        compile: CompileConfig {
            bundle_bytes_max: 1 << 20,
            memory_bytes_max: 2 << 30,
            cpu_s: 10,
            cpu_s_per_mib: 5,
            cache_bytes_max: 64 << 20,
            loaded_bytes_max: 64 << 20,
            warm_scripts_max: 0,
        },
        model_index_urls: Vec::new(),
        tasks: Config::new(dir.join("data")).tasks,
        fleet: Default::default(),
        planned: Config::new(dir.join("data")).planned,
        skill_discovery_interval_s: 300,
        policy_file: None,
        files: Vec::new(),
        log_lines_kept: 100,
        drain_ms: 100,
    }
}
