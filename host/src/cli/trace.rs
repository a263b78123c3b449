//! `happyos trace`: a request as the tree of its steps, with time, fuel, choices and their reasons.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::client::Usage;
use super::fault::Fault;
use super::{Context, ask, output};

/// Most steps whose calls are known.
const CHAINS_MAX: usize = 4_096;
/// Longest value that a line shows, in characters.
const VALUE_CHARS_MAX: usize = 100;

#[derive(Deserialize)]
struct EventList {
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    at_ms: u64,
    kind: String,
    data: Value,
}

/// A line, and what belongs to it.
#[derive(Default)]
struct Node {
    line: String,
    below: Vec<Node>,
}

impl Node {
    fn new(line: impl Into<String>) -> Node {
        Node { line: line.into(), below: Vec::new() }
    }

    fn write(&self, indent: &str, text: &mut String) {
        for (place, node) in self.below.iter().enumerate() {
            let last = place + 1 == self.below.len();
            let (branch, more) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            text.push_str(&format!("{indent}{branch}{}\n", node.line));
            node.write(&format!("{indent}{more}"), text);
        }
    }
}

pub fn run(context: &Context, id: &str) -> Result<(), Fault> {
    context.with_any(async |client| {
        let id = ask::task_id(&client, id).await?;
        let reply = client.send(hyper::Method::GET, &format!("/v1/tasks/{id}/events"), None).await?;
        let list: EventList = reply.json(&format!("trace the task `{id}`"))?;
        if context.voice.json {
            return output::print(&format!("{}\n", String::from_utf8_lossy(&reply.body)));
        }
        output::print(&tree(&id, &list.events))
    })
}

fn tree(id: &str, events: &[Event]) -> String {
    let mut growing = Growing {
        root: Node::default(),
        began_ms: events.first().map_or(0, |event| event.at_ms),
        steps: HashMap::new(),
        chains: Vec::new(),
        names: Vec::new(),
        used: Usage { fuel: 0, memory_peak_bytes: 0, wall_us: 0, host_calls: 0, money: 0 },
    };
    events.iter().for_each(|event| growing.add(event));
    let mut text = format!("task {id}  {}\n{}\n", output::moment(growing.began_ms), growing.root.line);
    growing.root.write("", &mut text);
    text
}

/// The tree as far as the events go.
struct Growing {
    root: Node,
    began_ms: u64,
    /// Where the steps of the plan stand below the root.
    steps: HashMap<u64, usize>,
    /// The calls of each step, and what each is for.
    chains: Vec<Value>,
    names: Vec<String>,
    used: Usage,
}

impl Growing {
    fn add(&mut self, event: &Event) {
        let data = &event.data;
        let at = format!("+{} ms", event.at_ms.saturating_sub(self.began_ms));
        match &*event.kind {
            "accepted" => self.accepted(data),
            "analysed" => {
                let node = self.analysed(data, &at);
                self.root.below.push(node);
            }
            "step-started" | "step-finished" | "step-failed" | "step-asked" => self.step(&event.kind, data, &at),
            "expanded" | "paused" | "decided" => self.of_step(&event.kind, data, &at),
            "asked" => {
                let node = question(data, &at);
                self.root.below.push(node);
            }
            "answered" => {
                let mut node = Node::new(format!("answered {at}: {}", shown(data.get("text"))));
                if let Some(decision) = data.pointer("/reply/decision") {
                    node.below.extend(self.decision(decision));
                } else {
                    node.below.push(Node::new(shown(data.get("reply"))));
                }
                self.root.below.push(node);
            }
            "ended" => {
                let node = self.ended(data, &at);
                self.root.below.push(node);
            }
            other => self.root.below.push(Node::new(format!("{other} {at}"))),
        }
    }

    fn accepted(&mut self, data: &Value) {
        self.root.line = shown(data.get("text"));
        for key in ["session", "locale", "time_zone", "context", "hints", "budget"] {
            if let Some(value) = data.get(key) {
                self.root.below.push(Node::new(format!("{key}: {}", shown(Some(value)))));
            }
        }
    }

    fn analysed(&mut self, data: &Value, at: &str) -> Node {
        let word = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or_default();
        let number = |key: &str| data.get(key).and_then(Value::as_f64).unwrap_or_default();
        let mut node = Node::new(format!("analysed {at}: language {}, intent {}", word("language"), word("intent")));
        let complexity = number("complexity");
        node.below.push(reasoned(format!("complexity {complexity:.2}"), data.get("complexity_reasons")));
        let mut candidates = Node::new(format!("skills: margin {:.2}, fit {:.2}", number("margin"), number("fit")));
        for candidate in data.get("candidates").and_then(Value::as_array).into_iter().flatten() {
            let skill = candidate.get("skill").and_then(Value::as_str).unwrap_or_default();
            let score = candidate.get("score").and_then(Value::as_f64).unwrap_or_default();
            candidates.below.push(reasoned(format!("{score:.2} `{skill}`"), candidate.get("reasons")));
        }
        node.below.push(candidates);
        let mut strategy = reasoned(format!("strategy {}", word("strategy")), data.get("reasons"));
        if let Some(decision) = data.get("decision") {
            strategy.below.extend(self.decision(decision));
        }
        node.below.push(strategy);
        let usage = data.get("used").and_then(|used| serde_json::from_value::<Usage>(used.clone()).ok());
        if let Some(usage) = usage {
            node.below.push(Node::new(format!("agents asked{}", self.used.and(usage))));
        }
        node
    }

    /// What is to be done: the steps of a plan, a question, a refusal.
    fn decision(&mut self, decision: &Value) -> Vec<Node> {
        if let Some(steps) = decision.pointer("/plan/steps").and_then(Value::as_array) {
            self.chains = steps.iter().filter_map(|step| step.get("chain").cloned()).collect();
            self.names = steps.iter().map(|step| shown(step.get("name"))).collect();
            self.steps.clear();
            let mut nodes = Vec::new();
            for (number, step) in (1..).zip(steps) {
                let calls = step.get("chain").and_then(Value::as_array).into_iter().flatten().map(call);
                let needs: Vec<u64> = step
                    .get("needs")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_u64)
                    .collect();
                let after: Vec<String> = needs.iter().map(|place| (place + 1).to_string()).collect();
                let after = if after.is_empty() { String::new() } else { format!(", after step {}", after.join(", ")) };
                let mut node =
                    Node::new(format!("step {number}{after}: {}", calls.collect::<Vec<_>>().join(", else ")));
                if step.get("name").is_some() {
                    node.below.push(Node::new(format!("for: {}", shown(step.get("name")))));
                }
                if let Some(each) = step.get("each") {
                    node.below.push(Node::new(format!("for each of {}", source(Some(each)))));
                }
                nodes.push(node);
            }
            let left_out = decision.pointer("/plan/left_out").and_then(Value::as_array);
            for left in left_out.into_iter().flatten() {
                nodes.push(Node::new(format!("not done: {}", shown(left.pointer("/part/text")))));
            }
            return nodes;
        }
        if let Some(asked) = decision.get("ask") {
            return vec![question(asked, "")];
        }
        decision.get("refuse").map(refusal).into_iter().collect()
    }

    /// The node of a step, below the root.
    fn node(&mut self, place: u64) -> Option<&mut Node> {
        let name = usize::try_from(place).ok().and_then(|place| self.names.get(place)).filter(|name| !name.is_empty());
        let line = match name {
            Some(name) => format!("step {}: {name}", place + 1),
            None => format!("step {}", place + 1),
        };
        let at_root = *self.steps.entry(place).or_insert_with(|| {
            self.root.below.push(Node::new(line));
            self.root.below.len() - 1
        });
        self.root.below.get_mut(at_root)
    }

    /// What became of a step beside its calls.
    fn of_step(&mut self, kind: &str, data: &Value, at: &str) {
        let number = |key: &str| data.get(key).and_then(Value::as_u64).unwrap_or_default();
        let place = number("step");
        let line = match kind {
            "expanded" => {
                let (first, n_items) = (number("first") + 1, number("n_items"));
                let chain = usize::try_from(place).ok().and_then(|place| self.chains.get(place)).cloned();
                let wanted = usize::try_from(first + n_items - 1).unwrap_or_default().min(CHAINS_MAX);
                self.chains.resize(wanted.max(self.chains.len()), chain.unwrap_or_default());
                format!("one for each of {n_items} items {at}, from step {first} on")
            }
            "paused" => format!("waits for its owner {at}: {}", shown(data.get("why"))),
            _ if data.get("approved").and_then(Value::as_bool).unwrap_or_default() => format!("approved {at}"),
            _ => format!("rejected {at}"),
        };
        if let Some(step) = self.node(place) {
            step.below.push(Node::new(line));
        }
    }

    fn step(&mut self, kind: &str, data: &Value, at: &str) {
        let place = data.get("step").and_then(Value::as_u64).unwrap_or_default();
        let chain = usize::try_from(place).ok().and_then(|place| self.chains.get(place)).cloned();
        let mut used = self.used;
        let Some(step) = self.node(place) else { return };
        if kind == "step-started" {
            let number = data.get("call").and_then(Value::as_u64).unwrap_or_default();
            let called = chain.as_ref().and_then(|chain| chain.get(usize::try_from(number).ok()?)).map(call);
            let called = called.unwrap_or_default();
            let attempt = data.get("attempt").and_then(Value::as_u64).unwrap_or(1);
            let again = if attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
            step.below.push(Node::new(format!("{called} {at}{again}")));
            self.used = used;
            return;
        }
        let usage = data.get("usage").and_then(|usage| serde_json::from_value::<Usage>(usage.clone()).ok());
        let cost = usage.map(|usage| used.and(usage)).unwrap_or_default();
        let ended = if kind == "step-finished" {
            let n_artifacts = data.get("n_artifacts").and_then(Value::as_u64).unwrap_or_default();
            let files = if n_artifacts > 0 { format!(" and {n_artifacts} files") } else { String::new() };
            Node::new(format!("answer {at}{cost}: {}{files}", shown(data.get("output"))))
        } else if kind == "step-asked" {
            Node::new(format!("asks {at}{cost}: {}", shown(data.get("message"))))
        } else {
            let next = data.get("next").and_then(Value::as_str).unwrap_or_default();
            let mut node = Node::new(format!("failed {at}{cost}: {}", failure(data.get("failure"))));
            node.below.push(Node::new(format!("then: {next}")));
            node
        };
        match step.below.last_mut() {
            Some(started) => started.below.push(ended),
            None => step.below.push(ended),
        }
        self.used = used;
    }

    fn ended(&self, data: &Value, at: &str) -> Node {
        let Usage { fuel, wall_us, memory_peak_bytes, money, .. } = self.used;
        let used = if fuel == 0 && wall_us == 0 {
            String::new()
        } else {
            let (fuel, memory) = (output::count(fuel), output::bytes(memory_peak_bytes));
            format!(", calls used {} and {fuel} fuel, {memory} at most{}", span(wall_us), priced(money))
        };
        if let Some(word) = data.as_str() {
            return Node::new(format!("{word} {at}{used}"));
        }
        let mut node = Node::new(format!("ended {at}{used}"));
        if let Some(failed) = data.get("failed") {
            node.line = format!("failed {at}{used}: {}", failure(Some(failed)));
        } else if let Some(why) = data.get("canceled") {
            node.line = format!("canceled {at}{used}: {}", shown(Some(why)));
        } else if let Some(refused) = data.get("rejected") {
            node.line = format!("rejected {at}{used}");
            node.below.push(refusal(refused));
        }
        node
    }
}

impl Usage {
    /// Adds `more`, and says what that was.
    fn and(&mut self, more: Usage) -> String {
        self.fuel = self.fuel.saturating_add(more.fuel);
        self.wall_us = self.wall_us.saturating_add(more.wall_us);
        self.money = self.money.saturating_add(more.money);
        self.memory_peak_bytes = self.memory_peak_bytes.max(more.memory_peak_bytes);
        let (fuel, memory) = (output::count(more.fuel), output::bytes(more.memory_peak_bytes));
        format!(" (took {}, {fuel} fuel, {memory}{})", span(more.wall_us), priced(more.money))
    }
}

/// What something cost, where it cost anything.
fn priced(money: u64) -> String {
    match money {
        0 => String::new(),
        money => format!(", {} millionths of your currency", output::count(money)),
    }
}

fn question(asked: &Value, at: &str) -> Node {
    let at = if at.is_empty() { String::new() } else { format!(" {at}") };
    if let Some(choices) = asked.get("choice").and_then(Value::as_array) {
        let mut node = Node::new(format!("question{at}: which skill?"));
        for (number, choice) in (1..).zip(choices) {
            let skill = choice.get("skill").and_then(Value::as_str).unwrap_or_default();
            let score = choice.get("score").and_then(Value::as_f64).unwrap_or_default();
            node.below.push(Node::new(format!("{number} `{skill}` {score:.2}")));
        }
        return node;
    }
    if let Some(missing) = asked.get("missing") {
        let skill = missing.get("skill").and_then(Value::as_str).unwrap_or_default();
        let known = shown(missing.get("arguments"));
        let mut node = Node::new(format!("question{at}: `{skill}` has {known}, and needs more"));
        for value in missing.get("values").and_then(Value::as_array).into_iter().flatten() {
            let name = value.get("name").and_then(Value::as_str).unwrap_or_default();
            node.below.push(Node::new(format!("`{name}`: {}", shown(value.get("question")))));
        }
        return node;
    }
    if let Some(approval) = asked.get("approval") {
        let target = approval.get("target").and_then(Value::as_str).unwrap_or_default();
        let with = shown(approval.get("arguments"));
        return Node::new(format!("question{at}: may `{target}` be called with {with}?"));
    }
    match asked.pointer("/interrupted/skill").and_then(Value::as_str) {
        Some(skill) => {
            Node::new(format!("question{at}: `{skill}` may have run when the daemon was stopped: what now?"))
        }
        None => Node::new(format!("question{at}: {}", shown(Some(asked)))),
    }
}

fn refusal(refused: &Value) -> Node {
    if let Some(gap) = refused.get("gap") {
        let id = gap.get("id").and_then(Value::as_str).unwrap_or_default();
        let mut node = Node::new(format!("no skill does it: gap {id}"));
        for near in gap.get("nearest").and_then(Value::as_array).into_iter().flatten() {
            let skill = near.get("skill").and_then(Value::as_str).unwrap_or_default();
            let score = near.get("score").and_then(Value::as_f64).unwrap_or_default();
            node.below.push(reasoned(format!("near: {score:.2} `{skill}`"), near.get("reasons")));
        }
        return node;
    }
    let mut node = Node::new("it takes several skills");
    for part in refused.get("several").and_then(Value::as_array).into_iter().flatten() {
        let called = part.get("call").map(call).unwrap_or_else(|| "no skill".into());
        node.below.push(Node::new(format!("{}: {called}", shown(part.get("text")))));
    }
    node
}

fn failure(failure: Option<&Value>) -> String {
    let word = |key: &str| failure.and_then(|failure| failure.get(key)).and_then(Value::as_str);
    let limit = word("limit").map(|limit| format!(": {limit}")).unwrap_or_default();
    let said = format!("{}{limit}: {}", word("kind").unwrap_or_default(), word("message").unwrap_or_default());
    output::first_line(&said, VALUE_CHARS_MAX)
}

fn call(call: &Value) -> String {
    let agent = call.pointer("/agent/name").and_then(Value::as_str);
    let called = match call.get("skill").and_then(Value::as_str).or(agent) {
        Some(name) => format!("`{name}`"),
        None => format!("an agent for {}", shown(call.pointer("/agent/capabilities"))),
    };
    let taken: Vec<String> = call
        .get("references")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|own| format!("{} from {}", shown(own.get("to")), source(own.get("from"))))
        .collect();
    let taken = if taken.is_empty() { String::new() } else { format!(" with {}", taken.join(", ")) };
    format!("{called} {}{taken}", shown(call.get("arguments")))
}

/// Where a value comes from.
fn source(source: Option<&Value>) -> String {
    let pointer = shown(source.and_then(|source| source.get("pointer")));
    match source.and_then(|source| source.get("step")).and_then(Value::as_u64) {
        Some(step) => format!("step {}{pointer}", step + 1),
        None => format!("the item{pointer}"),
    }
}

/// A line with reasons below it.
fn reasoned(line: String, reasons: Option<&Value>) -> Node {
    let reasons = reasons.and_then(Value::as_array).into_iter().flatten().map(|reason| Node::new(shown(Some(reason))));
    Node { line, below: reasons.collect() }
}

/// A value on one line; text as it is.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => output::first_line(text, VALUE_CHARS_MAX),
        Some(other) => output::first_line(&other.to_string(), VALUE_CHARS_MAX),
    }
}

fn span(us: u64) -> String {
    output::duration(Duration::from_micros(us))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_is_a_tree_of_its_steps() {
        let event = |at_ms, kind: &str, data| Event { at_ms, kind: kind.into(), data };
        let usage = json!({"fuel": 1200, "memory_peak_bytes": 65536, "wall_us": 900, "host_calls": 0});
        let failure = json!({"kind": "trap", "message": "unreachable"});
        let chain = json!([{"skill": "a", "arguments": {}}, {"skill": "b", "arguments": {"n": 1}}]);
        let decision = json!({"plan": {"steps": [{"chain": chain}]}});
        let events = [
            event(10, "accepted", json!({"text": "do it", "session": "s"})),
            event(
                10,
                "analysed",
                json!({"language": "en", "intent": "command", "complexity": 0.1, "complexity_reasons": ["one clause"],
                    "strategy": "fallbacks", "reasons": ["`a` is ahead"], "margin": 0.4, "fit": 0.9,
                    "candidates": [{"skill": "a", "score": 0.7, "reasons": ["words: do"]}], "decision": decision}),
            ),
            event(11, "step-started", json!({"step": 0, "call": 0, "attempt": 1})),
            event(12, "step-failed", json!({"step": 0, "failure": failure, "usage": usage, "next": "fallback"})),
            event(12, "step-started", json!({"step": 0, "call": 1, "attempt": 1})),
            event(13, "step-finished", json!({"step": 0, "output": {"x": 2}, "usage": usage})),
            event(13, "ended", json!("completed")),
        ];
        let text = tree("7", &events);
        let wanted = "\
do it
├─ session: s
├─ analysed +0 ms: language en, intent command
│  ├─ complexity 0.10
│  │  └─ one clause
│  ├─ skills: margin 0.40, fit 0.90
│  │  └─ 0.70 `a`
│  │     └─ words: do
│  └─ strategy fallbacks
│     ├─ `a` is ahead
│     └─ step 1: `a` {}, else `b` {\"n\":1}
├─ step 1
│  ├─ `a` {} +1 ms
│  │  └─ failed +2 ms (took 900 µs, 1,200 fuel, 64.0 KiB): trap: unreachable
│  │     └─ then: fallback
│  └─ `b` {\"n\":1} +2 ms
│     └─ answer +3 ms (took 900 µs, 1,200 fuel, 64.0 KiB): {\"x\":2}
└─ completed +3 ms, calls used 1.8 ms and 2,400 fuel, 64.0 KiB at most
";
        assert_eq!(text.split_once('\n').map(|(_, rest)| rest), Some(wanted));
    }
}
