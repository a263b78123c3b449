//! One budget for all calls of a task: what is left of it is shared out to the steps that are to run.

use super::super::event::Budget;
use super::super::task::{Progress, Task};
use crate::base::Limit;

/// Why there is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// All of it is used.
    All(Limit),
    /// What is not used is promised to steps that run.
    Lent,
}

/// How many steps are to share, this one among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// All of them.
    pub steps: usize,
    /// Those that are for agents, which alone cost money; 0 where this one is not.
    pub agents: usize,
}

/// The share of one of those that are `ready`, in what is neither used nor promised to steps that run.
pub fn share(task: &Task, ready: Ready) -> Result<Budget, Spent> {
    let budget = &task.request.budget;
    if *budget == Budget::default() {
        return Ok(Budget::default());
    }
    let lent = |of: fn(&Budget) -> Option<u64>| {
        let running = task.running().filter_map(|(_, step)| match &step.progress {
            Progress::Running { share, .. } => of(share),
            _ => None,
        });
        running.fold(0, u64::saturating_add)
    };
    let n = |n_ready: usize| u64::try_from(n_ready.max(1)).unwrap_or(u64::MAX);
    let part = |of: fn(&Budget) -> Option<u64>, used: u64, n_ready: usize, limit: Limit| {
        let Some(whole) = of(budget) else { return Ok(None) };
        let lent = lent(of);
        match whole.saturating_sub(used).saturating_sub(lent) {
            0 if lent == 0 => Err(Spent::All(limit)),
            0 => Err(Spent::Lent),
            left => Ok(Some((left / n(n_ready)).max(1))),
        }
    };
    let used = &task.used;
    Ok(Budget {
        fuel: part(|budget| budget.fuel, used.fuel, ready.steps, Limit::Fuel)?,
        wall_ms: part(|budget| budget.wall_ms, used.wall_us / 1_000, ready.steps, Limit::Time)?,
        // None at all is a budget, too: of a skill that touches nothing.
        host_calls: budget.host_calls.map(|whole| {
            let left = whole.saturating_sub(used.host_calls).saturating_sub(lent(|budget| budget.host_calls));
            left / n(ready.steps)
        }),
        output_bytes: part(|budget| budget.output_bytes, used.output_bytes, ready.steps, Limit::Output)?,
        money: match ready.agents {
            0 => None,
            n_agents => match part(|budget| budget.money, used.money, n_agents, Limit::Money) {
                // So is this: of an agent that works where nothing is to be paid.
                Err(Spent::All(_)) => Some(0),
                share => share?,
            },
        },
    })
}
