//! The steps of a plan, as they are stored: what each calls, and where its input comes from.

use std::sync::Arc;

use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use super::Part;

/// Steps, each after those that it needs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// In an order in which they can run.
    pub steps: Vec<Step>,
    /// Parts of the request that no step is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

/// A part of a request that no step is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// How many steps are for parts before it.
    pub after: usize,
    /// The part, and what is known of it.
    pub part: Part,
}

/// One step: the first of these calls that gives an answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Never empty.
    pub chain: Vec<Call>,
    /// Steps, by their place, that must be done before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<usize>,
    /// The words of the request that it is for, or the name that who made the plan gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// A list of an earlier answer: the step is run once for each of its items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Source>,
    /// It runs only if its owner says so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approve: bool,
    /// Longest time of one call, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// How often a call that gave no answer is made again, where that does no harm; where it is not said, a few times if
    /// there is no other call to try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
}

impl Step {
    /// A step of this chain that needs nothing.
    pub fn of(chain: Vec<Call>) -> Step {
        Step { chain, ..Step::default() }
    }
}

/// One call of a skill or an agent.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Call {
    /// What is called.
    pub target: Target,
    /// Its input, as far as it is known.
    pub arguments: Map<String, Value>,
    /// What of its input comes from earlier answers.
    pub references: Vec<Reference>,
}

impl Call {
    /// A call of the skill of that name.
    pub fn skill(name: Arc<str>, arguments: Map<String, Value>) -> Call {
        Call { target: Target::Skill(name), arguments, references: Vec::new() }
    }

    /// What is called, in a word.
    pub fn label(&self) -> &Arc<str> {
        self.target.label()
    }
}

/// What a call is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// The skill of that name.
    Skill(Arc<str>),
    /// An agent.
    Agent(Wanted),
}

impl Target {
    /// Its name; of an agent that is wanted for what it can do, those words.
    pub fn label(&self) -> &Arc<str> {
        match self {
            Target::Skill(name) => name,
            Target::Agent(wanted) => &wanted.label,
        }
    }
}

/// An agent that is wanted: the one of that name, or any that can do all of this.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wanted {
    name: Option<Arc<str>>,
    capabilities: Vec<Arc<str>>,
    label: Arc<str>,
}

impl Wanted {
    /// The agent of that name.
    pub fn named(name: Arc<str>) -> Wanted {
        Wanted { label: name.clone(), name: Some(name), capabilities: Vec::new() }
    }

    /// Any agent with all of these capabilities.
    pub fn able(capabilities: Vec<Arc<str>>) -> Wanted {
        Wanted { label: capabilities.join("+").into(), name: None, capabilities }
    }

    /// Its name, or what it must be able to do, in a word.
    pub fn label(&self) -> &Arc<str> {
        &self.label
    }

    /// Its name, where a certain one is wanted.
    pub fn name(&self) -> Option<&Arc<str>> {
        self.name.as_ref()
    }

    /// What it must be able to do.
    pub fn capabilities(&self) -> &[Arc<str>] {
        &self.capabilities
    }
}

/// A value of a call's input that comes from an earlier answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Where it goes: a JSON pointer into the arguments.
    pub to: Box<str>,
    /// Where it comes from.
    pub from: Source,
    /// The text that it becomes, with `{}` where the value stands; the value itself where there is none. Where the source
    /// points at `*` of a list, `{ + }` stands for what all its items have, with that between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Box<str>>,
    /// A text of a number becomes that number.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_number: bool,
}

/// A place in an earlier answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The step that gave it; none for the item that the step is run for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// A JSON pointer into it; all of it where that is empty.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub pointer: Box<str>,
}

/// A call as it is stored. One of a skill is as it was before there were others.
#[derive(Deserialize)]
struct Stored {
    skill: Option<Arc<str>>,
    agent: Option<StoredAgent>,
    arguments: Map<String, Value>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Deserialize)]
struct StoredAgent {
    name: Option<Arc<str>>,
    #[serde(default)]
    capabilities: Vec<Arc<str>>,
}

impl TryFrom<Stored> for Call {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Call, &'static str> {
        let target = match (stored.skill, stored.agent) {
            (Some(skill), None) => Target::Skill(skill),
            (None, Some(StoredAgent { name: Some(name), .. })) => Target::Agent(Wanted::named(name)),
            (None, Some(StoredAgent { name: None, capabilities })) => Target::Agent(Wanted::able(capabilities)),
            _ => return Err("a call is of one skill or one agent"),
        };
        Ok(Call { target, arguments: stored.arguments, references: stored.references })
    }
}

impl Serialize for Call {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let n_fields = 2 + usize::from(!self.references.is_empty());
        let mut call = serializer.serialize_struct("Call", n_fields)?;
        match &self.target {
            Target::Skill(name) => call.serialize_field("skill", name)?,
            Target::Agent(wanted) => call.serialize_field("agent", wanted)?,
        }
        call.serialize_field("arguments", &self.arguments)?;
        if !self.references.is_empty() {
            call.serialize_field("references", &self.references)?;
        }
        call.end()
    }
}

impl Serialize for Wanted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut wanted = serializer.serialize_struct("Wanted", 1)?;
        match &self.name {
            Some(name) => wanted.serialize_field("name", name)?,
            None => wanted.serialize_field("capabilities", &self.capabilities)?,
        }
        wanted.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn calls_of_skills_are_stored_as_they_always_were() {
        let old = json!({"skill": "calc", "arguments": {"n": 1}});
        let call: Call = serde_json::from_value(old.clone()).unwrap();
        assert_eq!(call.target, Target::Skill("calc".into()));
        assert_eq!(serde_json::to_value(&call).unwrap(), old);
        for stored in [
            json!({"agent": {"name": "writer"}, "arguments": {}}),
            json!({"agent": {"capabilities": ["python", "fastapi"]}, "arguments": {}, "references":
                [{"to": "/text", "from": {"step": 0, "pointer": "/a"}, "template": "{} * 3"}]}),
        ] {
            let call: Call = serde_json::from_value(stored.clone()).unwrap();
            assert_eq!(serde_json::to_value(&call).unwrap(), stored);
        }
        assert!(serde_json::from_value::<Call>(json!({"arguments": {}})).is_err());
        let step: Step = serde_json::from_value(json!({"chain": [old]})).unwrap();
        assert_eq!(serde_json::to_value(&step).unwrap(), json!({"chain": [old]}));
    }
}
