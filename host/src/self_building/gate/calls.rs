//! Calling a candidate: on its examples, on hidden ones, on inputs made of its schema, and again.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use tokio_util::task::AbortOnDropHandle;

use super::super::values;
use super::made_of;
use crate::base::{Failure, FailureKind, LimitOverrides, Usage};
use crate::skills::{CandidateSkill, EXAMPLE_TIME_MS, Example, Loaded, Seen, Stub, Trying, same};

/// Calls made at one time.
const AT_ONCE: usize = 4;
/// Most hidden examples, and recorded calls, that are tried.
const EXAMPLES_MAX: usize = 256;
/// Inputs made of the schema of one skill.
const MADE_MAX: usize = 12;
/// Calls made again where answers may vary.
const AGAIN_MAX: usize = 48;
/// Of its limits, what one call of a candidate may use of fuel and memory: one in so many.
const SHARE: u64 = 4;
/// Milliseconds that one call may take on a busy machine.
const WALL_MS: u64 = 4_000;
const DAY_MS: u64 = 86_400_000;

/// What a call came to.
#[derive(Debug, Clone)]
pub struct Came {
    /// Which of the candidate's skills.
    pub skill: usize,
    /// The input.
    pub input: Value,
    /// The HTTP answers of its example.
    pub http: Vec<Stub>,
    /// The answer.
    pub result: Result<Value, Failure>,
    /// What it used.
    pub usage: Usage,
    /// What it did beside.
    pub seen: Seen,
    /// What is wrong with it, if anything.
    pub problem: Option<String>,
}

/// What is other than the first time in a call that is made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variation {
    Nothing,
    Seed,
    Time,
}

impl Came {
    /// Whether another call of the same came to the same.
    pub fn same_as(&self, other: &Came) -> bool {
        match (&self.result, &other.result) {
            (Ok(one), Ok(other)) => same(one, other),
            (Err(one), Err(other)) => one.kind == other.kind,
            _ => false,
        }
    }

    fn failed(skill: usize, input: Value, http: Vec<Stub>, failure: Failure) -> Came {
        let (usage, seen) = Default::default();
        let problem = Some(failure.to_string());
        Came { skill, input, http, result: Err(failure), usage, seen, problem }
    }

    fn varies(&self) -> bool {
        self.seen.read_clock || self.seen.drew_random
    }
}

/// A candidate being called. Clones are the same one.
#[derive(Clone)]
pub struct Run {
    pub loaded: Arc<Loaded>,
    pub skills: Arc<[CandidateSkill]>,
}

struct Order {
    skill: usize,
    input: Value,
    http: Vec<Stub>,
    expected: Option<Value>,
    seed: u64,
    now_ms: u64,
}

impl Order {
    fn new(skill: usize, input: Value) -> Order {
        Order { skill, input, http: Vec::new(), expected: None, seed: 0, now_ms: EXAMPLE_TIME_MS }
    }

    fn of(skill: usize, example: &Example) -> Order {
        Order {
            http: example.http.clone(),
            expected: example.output.clone(),
            ..Order::new(skill, example.input.clone())
        }
    }
}

impl Run {
    /// Runs the candidate's own examples, up to the first that does not come out.
    pub async fn own(&self) -> Vec<Came> {
        let orders = self.skills.iter().enumerate();
        let orders = orders.flat_map(|(index, skill)| skill.examples().map(move |example| Order::of(index, example)));
        self.all(orders.collect(), |came| came.problem.is_some()).await
    }

    /// Runs examples that the candidate does not have, by the first skill whose schema takes the input.
    pub async fn hidden(&self, examples: &[Example]) -> Vec<Came> {
        let orders = examples.iter().take(EXAMPLES_MAX).map(|example| {
            let takes = |skill: &CandidateSkill| skill.check_input(&example.input).is_ok();
            Order::of(self.skills.iter().position(takes).unwrap_or(0), example)
        });
        self.all(orders.collect(), |came| matches!(&came.result, Err(failure) if is_harm(failure))).await
    }

    /// Runs inputs that are made of the schema, near its examples and the hidden ones.
    pub async fn made(&self, hidden: &[Example]) -> Vec<Came> {
        let mut orders = Vec::new();
        for (index, skill) in self.skills.iter().enumerate() {
            let known: Vec<&Value> = skill
                .examples()
                .map(|example| &example.input)
                .chain(hidden.iter().map(|example| &example.input).filter(|input| skill.check_input(input).is_ok()))
                .collect();
            orders.extend(made_of(skill, &known, MADE_MAX).into_iter().map(|input| Order::new(index, input)));
            orders.extend(loose(skill, &known).into_iter().map(|input| Order::new(index, input)));
        }
        let mut came = self.all(orders, |came| matches!(&came.result, Err(failure) if is_harm(failure))).await;
        for came in &mut came {
            came.problem = match &came.result {
                Err(failure) if is_harm(failure) => Some(failure.to_string()),
                Err(failure) if failure.kind == FailureKind::InvalidOutput => Some(failure.to_string()),
                _ => None,
            };
        }
        came
    }

    /// Makes calls again: a few as they were, and those whose answers may vary with other random numbers and at other times.
    pub async fn again(&self, all: &[&Came], may_vary: bool) -> Vec<(usize, Variation, Came)> {
        let mut orders = Vec::new();
        let mut order = |index: usize, came: &Came, variation, turn: u64| {
            let mut order = Order { http: came.http.clone(), ..Order::new(came.skill, came.input.clone()) };
            match variation {
                Variation::Nothing => {}
                // Small ones and large ones: a script sees a seed with 53 bits.
                Variation::Seed if turn % 2 == 1 => order.seed = turn,
                Variation::Seed => order.seed = turn.wrapping_mul(0x9E37_79B9_7F4A_7C15),
                // Through the hours of a day, the days of a week and the months of some years.
                Variation::Time => order.now_ms += turn * 37 * DAY_MS + turn * 5 * 3_600_000 + turn * 61_013,
            }
            orders.push((index, variation, order));
        };
        for (index, came) in all.iter().enumerate().take(2) {
            order(index, came, Variation::Nothing, 0);
        }
        let varying = all.iter().enumerate().filter(|(_, came)| came.varies() || may_vary);
        let varying: Vec<(usize, &&Came)> = varying.collect();
        for turn in 1..=AGAIN_MAX {
            let Some((index, came)) = varying.get(turn % varying.len().max(1)) else { break };
            order(*index, came, Variation::Seed, turn as u64);
            order(*index, came, Variation::Time, turn as u64);
        }
        let (places, orders): (Vec<_>, Vec<_>) =
            orders.into_iter().map(|(index, variation, order)| ((index, variation), order)).unzip();
        let came = self.all(orders, |_| false).await;
        places.into_iter().zip(came).map(|((index, variation), came)| (index, variation, came)).collect()
    }

    /// Makes calls, some at one time and on all processors, up to the first for which `stops` holds.
    async fn all(&self, orders: Vec<Order>, stops: impl Fn(&Came) -> bool) -> Vec<Came> {
        let begin = |order: Order| {
            let (run, skill, input, http) = (self.clone(), order.skill, order.input.clone(), order.http.clone());
            let handle = AbortOnDropHandle::new(tokio::spawn(async move { run.one(order).await }));
            async move {
                handle.await.unwrap_or_else(|error| {
                    let failure = Failure::new(FailureKind::Internal, format!("a call of the gate stopped: {error}"));
                    Came::failed(skill, input, http, failure)
                })
            }
        };
        let mut calls = stream::iter(orders).map(begin).buffered(AT_ONCE);
        let mut all = Vec::new();
        while let Some(came) = calls.next().await {
            let stop = stops(&came);
            all.push(came);
            if stop {
                break;
            }
        }
        all
    }

    async fn one(&self, order: Order) -> Came {
        let Order { skill: index, input, http, expected, seed, now_ms } = order;
        let own = self.loaded.candidate().limits();
        let limits = LimitOverrides {
            fuel: Some(own.fuel / SHARE),
            wall_ms: Some(WALL_MS),
            memory_bytes: Some(own.memory_bytes / 2),
            ..LimitOverrides::default()
        };
        let none = || Failure::new(FailureKind::NotFound, "it has no skill for this input");
        let Some(skill) = self.skills.get(index) else {
            return Came::failed(index, input, http, none());
        };
        let tried = self.loaded.call(skill, &input, Trying { http: &http, seed, now_ms, limits }).await;
        let problem = match (&tried.result, &expected) {
            (Err(failure), _) => Some(failure.to_string()),
            (Ok(output), Some(expected)) if !same(expected, output) => Some(format!(
                "it gave {} where {} was expected",
                super::short(&output.to_string()),
                super::short(&expected.to_string())
            )),
            _ => None,
        };
        Came { skill: index, input, http, result: tried.result, usage: tried.usage, seen: tried.seen, problem }
    }
}

/// Inputs that the schema should not let through, by its examples: where it does, the skill has to see to them.
fn loose(skill: &CandidateSkill, known: &[&Value]) -> Vec<Value> {
    let Some(first) = known.first() else { return Vec::new() };
    let names = first.as_object().into_iter().flat_map(|object| object.keys());
    let always = names.filter(|name| known.iter().all(|input| input.get(name.as_str()).is_some()));
    always
        .flat_map(|name| [values::of_another_type(first, name), values::without(first, name)])
        .filter(|input| skill.check_input(input).is_ok())
        .take(MADE_MAX)
        .collect()
}

/// Whether a failure is one that no input should bring about: a trap, a limit, a stack or a memory that ran out.
fn is_harm(failure: &Failure) -> bool {
    let exhausted = || {
        let message = failure.message.to_ascii_lowercase();
        ["stack overflow", "call stack", "out of memory", "string length", "string too long", "array length"]
            .iter()
            .any(|what| message.contains(what))
    };
    matches!(failure.kind, FailureKind::Trap | FailureKind::LimitExceeded(_))
        || (failure.kind == FailureKind::GuestError && exhausted())
}
