//! Fifty hostile skills at full concurrency: memory stays under the ceiling, and a neighbour is answered.

use std::time::{Duration, Instant};

use anyhow::ensure;
use happyos_tests::process::Running;
use happyos_tests::{Home, SkillGuest};
use serde_json::json;

use super::components::calling;
use super::measure::{NEIGHBOUR, Neighbour, PHASE, ratio, resident_bytes};
use crate::report::Report;

const N_SKILLS: usize = 50;
/// Callers of each: together more than the daemon runs at one time.
const N_CALLERS: usize = 4;
const LENGTH: Duration = Duration::from_secs(10);
const CEILING_BYTES: u64 = 4 << 30;

/// Bodies of `call`, each of another kind: all of its memory touched, and then on for ever.
const KINDS: [&str; 3] = [
    "(drop (memory.grow (i32.const 1000)))
     (loop $again (memory.fill (i32.const 4096) (i32.const 7) (i32.const 65000000)) (br $again)) unreachable",
    "(loop $spin (br $spin)) unreachable",
    "(loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 16)))))
     (memory.fill (i32.const 4096) (i32.const 7) (i32.const 60000000)) unreachable",
];

/// Runs it and adds its figures.
///
/// # Errors
/// If the memory goes over the ceiling, or the neighbour is not answered.
pub async fn run(report: &mut Report) -> anyhow::Result<()> {
    let home = Home::new();
    for index in 0..N_SKILLS {
        let name = format!("hostile-{index}");
        let call = KINDS[index % KINDS.len()];
        home.install_guest(&SkillGuest { name: &name, call, ..Default::default() });
    }
    home.install_guest(&SkillGuest { name: NEIGHBOUR, ..Default::default() });
    home.configure(&format!("admission.memory_bytes_max = {CEILING_BYTES}\n"));
    let daemon = Running::start(&home).await;
    let neighbour = Neighbour::start(home.socket())?;
    let (quiet_ms, _) = neighbour.watch(PHASE * 2).await;
    let workers: Vec<_> = (0..N_SKILLS * N_CALLERS)
        .map(|index| {
            let attack = calling(&home.socket(), &format!("hostile-{}", index % N_SKILLS), &json!({"input": {}}));
            tokio::spawn(async move {
                loop {
                    // What it is answered is not looked at here: each kind has its row.
                    let _ = attack(0).await;
                }
            })
        })
        .collect();
    let began = Instant::now();
    neighbour.begin();
    let mut most_bytes = 0;
    while began.elapsed() < LENGTH {
        most_bytes = most_bytes.max(resident_bytes(daemon.id())?);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (busy_ms, n_samples) = neighbour.p99_ms();
    workers.iter().for_each(tokio::task::JoinHandle::abort);
    for worker in workers {
        let _ = worker.await;
    }
    let failed = neighbour.failed();
    report.add("crowd_peak_mib", (most_bytes >> 20) as f64, "MiB", "resident, 50 hostile skills with 200 callers");
    report.add("crowd_ceiling_mib", (CEILING_BYTES >> 20) as f64, "MiB", "`admission.memory_bytes_max`");
    report.add("crowd_quiet_p99_ms", quiet_ms, "ms", "the neighbour before");
    report.add("crowd_p99_ms", busy_ms, "ms", format!("the neighbour beside them, {n_samples} calls"));
    report.add("crowd_p99_ratio", ratio(quiet_ms, busy_ms), "×", "as `neighbour_p99_ratio_max`; no bar");
    ensure!(failed.is_none(), "beside 50 hostile skills the neighbour was not answered: {failed:?}");
    ensure!(n_samples > 0, "beside 50 hostile skills the neighbour was not answered in {LENGTH:?}");
    ensure!(most_bytes < CEILING_BYTES, "50 hostile skills: {most_bytes} bytes resident, over the ceiling");
    Ok(())
}
