//! The calls of one task that run at one time: made, waited for, and heard of by the core.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use serde_json::value::RawValue;
use tokio::sync::{oneshot, watch};
use tracing::Instrument as _;

use super::super::drive::{CallOrder, Returned, Stimulus};
use super::super::event::{StepAsked, Used};
use super::super::live::Live;
use super::super::places::Place;
use super::super::targets::{Called, ForAgent, Given};
use super::super::task::{Progress, Task};
use super::super::{internal, now_ms};
use super::driver::Driver;
use crate::base::{Failure, LimitOverrides};
use crate::skills::{Answer, Attachment, Call};
use crate::store::tasks::Artifact;
use crate::telemetry::failures::{self, Noted};

/// What happened, and the files that came with it.
pub struct Happened {
    pub stimulus: Stimulus,
    pub files: Vec<Artifact>,
}

impl From<Stimulus> for Happened {
    fn from(stimulus: Stimulus) -> Happened {
        Happened { stimulus, files: Vec::new() }
    }
}

/// What all calls of a task are made with.
struct Manner {
    session: Option<Box<str>>,
    locale: Option<Box<str>>,
    strategy: Box<str>,
}

type Running<'a> = Pin<Box<dyn Future<Output = Happened> + Send + 'a>>;

/// The calls that run for one task. Dropping it drops them, and the guests with them.
pub struct Steps<'a> {
    driver: &'a Driver,
    manner: Option<Arc<Manner>>,
    running: FuturesUnordered<Running<'a>>,
    /// One for the task, and one for each call beside the first.
    places: Vec<Place>,
    /// Who waits to hear that what they said of a step is kept, and the step.
    told: Vec<(usize, oneshot::Sender<bool>)>,
}

impl<'a> Steps<'a> {
    /// None yet.
    pub fn new(driver: &'a Driver, place: Place) -> Steps<'a> {
        Steps { driver, manner: None, running: FuturesUnordered::new(), places: vec![place], told: Vec::new() }
    }

    /// Makes `calls`, and gives back the places that are not needed for those that run now.
    pub fn make(&mut self, task: &Task, calls: Vec<CallOrder>) {
        for order in calls {
            let manner = self.manner.get_or_insert_with(|| Arc::new(Manner::of(task))).clone();
            self.running.push(Box::pin(self.driver.call(task.id, manner, order)));
        }
        self.places.truncate(self.running.len().max(1));
    }

    /// Drops the calls that run.
    pub fn stop(&mut self) {
        self.running.clear();
    }

    /// Waits until one of the calls that run has ended, something was said of a step, or it is time. What has come by then
    /// is given together.
    pub async fn next(&mut self, wake_ms: Option<u64>) -> Vec<Happened> {
        let wait = wake_ms.map(|wake| Duration::from_millis(wake.saturating_sub(now_ms())));
        let mut happened = Vec::with_capacity(1);
        tokio::select! {
            biased;
            Some(done) = self.running.next() => happened.push(done),
            said = self.driver.live.hear() => {
                for said in said {
                    self.told.push((said.decided.step, said.kept));
                    happened.push(Stimulus::Decided(said.decided).into());
                }
            }
            () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => {
                happened.push(Stimulus::Woken.into());
            }
        }
        while let Some(Some(done)) = self.running.next().now_or_never() {
            happened.push(done);
        }
        happened
    }

    /// How many calls may run for `task` now: as many as the operator lets one task have and there are places for. `n_more`
    /// are to be made beside those that run.
    pub fn room(&mut self, task: &Task, n_more: usize) -> usize {
        let open = |progress: &Progress| {
            matches!(progress, Progress::Waiting { .. } | Progress::Running { .. } | Progress::Paused(_))
        };
        let n_open = task.steps.iter().filter(|step| open(&step.progress)).count();
        let most = self.driver.inner.settings.load().parallel_max.min(n_open.max(1));
        while self.places.len() < most
            && let Some(place) = self.driver.inner.places.another(&self.driver.owner)
        {
            self.places.push(place);
        }
        self.places.len().max(self.running.len() + n_more)
    }

    /// Tells those that said something of a step what became of it; it is kept now.
    pub fn tell(&mut self, task: &Task) {
        for (step, kept) in self.told.drain(..) {
            let step = task.steps.get(step);
            let taken = step.is_some_and(|step| step.approved || matches!(step.progress, Progress::Rejected));
            // Who said it may have gone.
            let _ = kept.send(taken);
        }
    }
}

impl Manner {
    fn of(task: &Task) -> Manner {
        let analysed = task.analysed.as_ref();
        let locale = task.request.locale.as_deref().or(analysed.map(|analysed| &*analysed.language));
        Manner {
            session: task.request.session.clone(),
            locale: locale.filter(|tag| *tag != "und").map(Into::into),
            strategy: analysed.map_or("direct", |analysed| &analysed.strategy).into(),
        }
    }
}

impl Driver {
    async fn call(&self, task: crate::base::TaskId, manner: Arc<Manner>, order: CallOrder) -> Happened {
        let CallOrder { step, target, arguments, continuation, key, budget } = order;
        let label = target.label();
        let (sink, progress) = watch::channel(None);
        let call = Call {
            skill: label,
            input: serde_json::Value::Object(arguments).to_string().into(),
            session_id: manner.session.as_deref(),
            locale: manner.locale.as_deref(),
            limits: LimitOverrides {
                fuel: budget.fuel,
                wall_ms: budget.wall_ms,
                memory_bytes: None,
                host_calls: budget.host_calls,
                output_bytes: budget.output_bytes,
            },
            // The same call of the same step has the same random numbers, whenever it is tried.
            seed: Some(u64::try_from(key.bits() & u128::from(u64::MAX)).unwrap_or(0)),
            progress: Some(Arc::new(sink)),
            request_id: Some(key),
        };
        let more = ForAgent { continuation, money: budget.money };
        // Boxed, as all that is large here: a future is moved as often as others are made of it.
        let calling = Box::pin(self.inner.targets.call(&self.principal, &self.owner, &target, call, more, now_ms));
        let span = tracing::debug_span!("step", number = step, skill = &**label);
        let outcome = with_progress(calling, progress, &self.live).instrument(span).await;
        let memory = &self.inner.memory;
        if let Err(failure) = &outcome.result {
            memory.failures().note(Noted {
                owner: &self.owner,
                skill: label,
                task: Some(task),
                at_ms: now_ms(),
                kind: &failures::kind(failure.kind),
                message: &failure.message,
                hint: failure.hint.as_deref(),
            });
        }
        memory.note_call(label, &manner.strategy, now_ms(), outcome.result.is_ok(), &outcome.usage);
        let mut usage = Used {
            fuel: outcome.usage.fuel,
            memory_peak_bytes: outcome.usage.memory_peak_bytes,
            wall_us: micros(outcome.usage.wall),
            host_calls: outcome.usage.host_calls,
            output_bytes: 0,
            money: outcome.cost,
        };
        let answer = match outcome.result {
            Ok(Given::Question { message, continuation }) => {
                return Stimulus::AskedBack(StepAsked { step, message, continuation, usage }).into();
            }
            Ok(Given::Answer(answer)) => kept(answer),
            Err(failure) => Err(failure),
        };
        let (result, files) = match answer {
            Ok((output, files)) => {
                usage.output_bytes = u64::try_from(output.get().len()).unwrap_or(u64::MAX);
                (Ok((output, files.len())), files)
            }
            Err(failure) => (Err(failure), Vec::new()),
        };
        let chance = if result.is_err() { rand::random() } else { 0 };
        Happened { stimulus: Stimulus::Returned(Returned { step, result, usage, chance }), files }
    }
}

/// An answer as it is kept; which event its files belong to is known when that is kept.
fn kept(answer: Answer) -> Result<(Arc<RawValue>, Vec<Artifact>), Failure> {
    let output = RawValue::from_string(answer.json).map_err(internal)?;
    let file = |attachment: Attachment| Artifact {
        number: 0,
        name: attachment.name.into(),
        media_type: attachment.media_type.into(),
        data: attachment.data,
    };
    Ok((output.into(), answer.attachments.into_iter().map(file).collect()))
}

async fn with_progress(
    calling: impl Future<Output = Called>,
    mut progress: watch::Receiver<Option<crate::skills::Progress>>,
    live: &Live,
) -> Called {
    let mut calling = std::pin::pin!(calling);
    loop {
        tokio::select! {
            biased;
            outcome = calling.as_mut() => return outcome,
            Ok(()) = progress.changed() => {
                let now = progress.borrow_and_update().clone();
                now.into_iter().for_each(|now| live.progress(now));
            }
        }
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
