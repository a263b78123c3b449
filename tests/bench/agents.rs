//! Agents over replicas that are real HTTP servers in processes of their own: one that is slow, one that is killed, and
//! slots that follow a load, beside a fixed number of them.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use happyos::agents::{Agents, Ask, Backing, EndpointSpec, EndpointView, NewAgent, Wanted};
use happyos::base::BreakerState;
use happyos::security::{Audit, Principal, Role};
use happyos::store::Store;
use happyos_tests::endpoint::{Endpoint, Say};
use happyos_tests::home::{operator, until};
use happyos_tests::{Home, built};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::calls::runtime;
use crate::report::Report;
use crate::samples::Samples;

/// How long a healthy replica takes.
const SERVICE: Duration = Duration::from_millis(50);
/// How many times longer the slow one takes.
const SLOW_TIMES: u32 = 10;
const N_REPLICAS: usize = 8;
/// Runs at one time, and in all.
const N_AT_ONCE: usize = 16;
const N_RUNS: usize = 2_000;
/// Runs that are not counted: nothing is known of the replicas before them.
const N_WARM: usize = 100;
/// Replicas of the load that is followed, with one slot each.
const N_SCALED: usize = 16;

/// A replica in a process of its own: answers every task after so many milliseconds, and says where it listens.
///
/// # Errors
/// If its arguments are none.
pub fn replica(millis: &str, address: &str) -> anyhow::Result<()> {
    let (after, address) = (Duration::from_millis(millis.parse()?), address.parse()?);
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    built.block_on(async {
        let endpoint = Endpoint::start_at(address, move |_| Say::Slowly(after, "done".into())).await;
        println!("{}", endpoint.address);
        std::future::pending::<()>().await;
    });
    Ok(())
}

struct Replica {
    process: Child,
    address: SocketAddr,
}

impl Replica {
    fn start(after: Duration, address: &str) -> anyhow::Result<Replica> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["agents-replica", &after.as_millis().to_string(), address])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("it was piped")?).read_line(&mut line)?;
        Ok(Replica { process, address: line.trim().parse().context("a replica says where it listens")? })
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Agents over so many replicas.
struct Fleet {
    agents: Agents,
    replicas: Vec<Replica>,
    stop: CancellationToken,
    _home: Home,
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Fleet {
    async fn start(services: &[Duration], endpoint_slots: usize, slots: (usize, usize)) -> anyhow::Result<Fleet> {
        let home = Home::new();
        home.install("openai-compatible.wasm", std::fs::read(built("happyos/skills", "openai-compatible.wasm"))?);
        let skills = home.open().await;
        let (store, audit) = (Store::open(&home.config.data_dir)?, Audit::open(&home.config.data_dir)?);
        let backing = Backing { skills, store, audit, principal: Principal::authenticated("daemon", Role::User) };
        let agents = Agents::open(backing, 10).await?;
        let mut replicas = Vec::new();
        for (n, service) in services.iter().enumerate() {
            let replica = Replica::start(*service, "127.0.0.1:0")?;
            agents.add_endpoint(&operator(), endpoint(&format!("r{n:02}"), replica.address, endpoint_slots)).await?;
            replicas.push(replica);
        }
        let new = NewAgent {
            name: Some("a".into()),
            slots_min: Some(slots.0),
            slots_max: Some(slots.1),
            ..Default::default()
        };
        agents.create(&operator(), new).await?;
        let stop = CancellationToken::new();
        tokio::spawn({
            let (agents, stop) = (agents.clone(), stop.clone());
            async move { agents.upkeep(stop).await }
        });
        Ok(Fleet { agents, replicas, stop, _home: home })
    }

    fn endpoint(&self, name: &str) -> anyhow::Result<EndpointView> {
        self.agents.endpoints(&operator())?.into_iter().find(|view| &*view.spec.name == name).context("it was added")
    }

    /// Runs one after another on `N_AT_ONCE` sides: how long each took, and how many failed.
    async fn load(&self, n_runs: usize) -> (Samples, usize) {
        let left = Arc::new(AtomicUsize::new(n_runs));
        let mut sides = JoinSet::new();
        for _ in 0..N_AT_ONCE {
            let (agents, left) = (self.agents.clone(), left.clone());
            sides.spawn(async move {
                let (mut took, mut lost) = (Vec::new(), 0);
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                    let began = Instant::now();
                    match run(&agents).await {
                        true => took.push(began.elapsed()),
                        false => lost += 1,
                    }
                }
                (took, lost)
            });
        }
        let (mut samples, mut lost) = (Samples::default(), 0);
        while let Some(side) = sides.join_next().await {
            let (took, failed) = side.expect("a side does not panic");
            took.into_iter().for_each(|took| samples.push(took));
            lost += failed;
        }
        (samples, lost)
    }
}

fn endpoint(name: &str, address: SocketAddr, slots: usize) -> EndpointSpec {
    EndpointSpec {
        name: name.into(),
        url: format!("http://{address}/v1"),
        adapter: "openai-compatible".into(),
        model: None,
        secret: None,
        slots,
        private: true,
        input_price: 0,
        output_price: 0,
    }
}

async fn run(agents: &Agents) -> bool {
    let ask = Ask::new(Wanted::Named("a".into()), r#"{"task": "go"}"#.into());
    let ran = agents.run(&operator(), ask).await;
    if let Err(failure) = &ran.result {
        eprintln!("lost: {failure}");
    }
    ran.result.is_ok()
}

/// Runs the benchmark.
///
/// # Errors
/// If a replica does not start.
pub fn run_all() -> anyhow::Result<()> {
    let mut report = Report::new(
        "agents",
        "an agent over model endpoints that are HTTP servers in processes of their own, each run through the shipped \
         adapter in its sandbox: 8 replicas of which one is 10 times slower; one of 4 killed under load and started \
         again; a load with a step, a ramp and a burst, with slots that follow it and with a fixed number of them",
    );
    let runtime = runtime(4)?;
    runtime.block_on(slow(&mut report))?;
    runtime.block_on(killed(&mut report))?;
    runtime.block_on(scaled(&mut report))?;
    report.finish()
}

async fn slow(report: &mut Report) -> anyhow::Result<()> {
    let mut p99 = Vec::new();
    for slow in [SERVICE, SERVICE * SLOW_TIMES] {
        let mut services = [SERVICE; N_REPLICAS];
        services[3] = slow;
        let fleet = Fleet::start(&services, 4, (N_AT_ONCE, N_AT_ONCE)).await?;
        fleet.load(N_WARM).await;
        let (mut samples, lost) = fleet.load(N_RUNS).await;
        ensure!(lost == 0, "{lost} runs failed though nothing was wrong");
        p99.push(samples.percentile_us(0.99) / 1e3);
    }
    let [healthy, with_slow] = p99[..] else { anyhow::bail!("two loads were run") };
    report.add("healthy_p99_ms", healthy, "ms", "8 replicas of 50 ms, 16 runs at one time");
    report.add("slow_replica_p99_ms", with_slow, "ms", "one of them takes 500 ms");
    report.add("slow_replica_p99_ratio", with_slow / healthy, "", "of these two");
    Ok(())
}

async fn killed(report: &mut Report) -> anyhow::Result<()> {
    // One slot each, so that a replica's failures come one after another and can be counted.
    let mut fleet = Fleet::start(&[SERVICE; 4], 1, (4, 4)).await?;
    fleet.load(N_WARM / 2).await;
    let load = tokio::spawn({
        let agents = fleet.agents.clone();
        async move {
            let mut lost = 0;
            for _ in 0..4 {
                let mut sides = JoinSet::new();
                for _ in 0..100 {
                    let agents = agents.clone();
                    sides.spawn(async move { run(&agents).await });
                }
                while let Some(ok) = sides.join_next().await {
                    lost += usize::from(!ok.unwrap_or(false));
                }
            }
            lost
        }
    });
    until("the load is under way", || fleet.endpoint("r00").is_ok_and(|view| view.in_flight == 1)).await;
    let address = fleet.replicas[0].address;
    fleet.replicas[0].process.kill()?;
    fleet.replicas[0].process.wait()?;
    let mut opens_after = 0;
    until("the breaker opens", || {
        fleet.endpoint("r00").is_ok_and(|view| {
            opens_after = view.went.1;
            view.breaker != BreakerState::Closed
        })
    })
    .await;
    let lost = load.await?;
    report.add("lost", lost as f64, "runs", "of 400 while one of 4 replicas is killed");
    report.add("breaker_opens_after", opens_after as f64, "failures", "in a row, until the killed one is left alone");
    fleet.replicas[0] = Replica::start(SERVICE, &address.to_string())?;
    let failed_before = fleet.endpoint("r00")?.went.1;
    let began = Instant::now();
    while fleet.endpoint("r00")?.breaker != BreakerState::Closed {
        ensure!(began.elapsed() < Duration::from_secs(90), "the replica does not come back");
        ensure!(run(&fleet.agents).await, "a run failed though three replicas are well");
    }
    let probes = fleet.endpoint("r00")?.went.1 - failed_before + 1;
    report.add(
        "probes_until_back",
        probes as f64,
        "runs",
        "that the replica got once it was there again, until it takes its share",
    );
    Ok(())
}

/// When runs come, in milliseconds: a trickle, a step, a ramp, a burst, a trickle.
fn arrivals() -> Vec<u64> {
    let mut all = Vec::new();
    let mut at = 0.0;
    while at < 24_000.0 {
        all.push(at as u64);
        let a_second = match at as u64 {
            6_000..12_000 => 120.0,
            12_000..18_000 => 20.0 + (at - 12_000.0) / 6_000.0 * 180.0,
            _ => 20.0,
        };
        at += 1_000.0 / a_second;
    }
    all.extend([20_000; 60]);
    all.sort_unstable();
    all
}

/// The 99th percentile of what runs waited beyond their work, in milliseconds, with the slot seconds and flaps.
async fn follow(slots: (usize, usize)) -> anyhow::Result<(f64, f64, u64, f64)> {
    let fleet = Fleet::start(&[SERVICE; N_SCALED], 1, slots).await?;
    // The adapter's code is loaded before the load begins.
    ensure!(run(&fleet.agents).await, "a run failed though nothing was wrong");
    let before = fleet.agents.show(&operator(), "a")?.slot_ms;
    let began = Instant::now();
    let mut runs = JoinSet::new();
    for at in arrivals() {
        tokio::time::sleep_until((began + Duration::from_millis(at)).into()).await;
        let agents = fleet.agents.clone();
        runs.spawn(async move {
            let came = Instant::now();
            run(&agents).await.then(|| came.elapsed().saturating_sub(SERVICE))
        });
    }
    let mut waited = Samples::default();
    while let Some(took) = runs.join_next().await {
        waited.push(took?.context("a run failed though nothing was wrong")?);
    }
    let seconds = began.elapsed().as_secs_f64();
    let view = fleet.agents.show(&operator(), "a")?;
    Ok((waited.percentile_us(0.99) / 1e3, (view.slot_ms - before) as f64 / 1e3, view.flaps, seconds))
}

async fn scaled(report: &mut Report) -> anyhow::Result<()> {
    let (p99, slot_seconds, flaps, seconds) = follow((1, N_SCALED)).await?;
    let fixed = ((slot_seconds / seconds).round() as usize).max(1);
    let (fixed_p99, fixed_seconds, ..) = follow((fixed, fixed)).await?;
    report.add("scaled_p99_ms", p99, "ms", "waited beyond the work, with 1 to 16 replicas open");
    report.add("fixed_p99_ms", fixed_p99, "ms", format!("the same with {fixed} replicas, the same mean"));
    report.add("scaling_p99_ratio", p99 / fixed_p99, "", "of these two");
    report.add("scaled_replica_seconds", slot_seconds, "s", "replicas times how long they were open");
    report.add("scaling_replica_seconds_ratio", slot_seconds / fixed_seconds, "", "to those of the fixed number");
    report.add(
        "flaps",
        flaps as f64,
        "times",
        "that replicas were opened again within a second after some were closed",
    );
    Ok(())
}
