//! What an operator says of endpoints and agents, checked; and the states that an agent can be in.

use std::sync::Arc;

use crate::base::{Failure, FailureKind, Grants, HttpGrant, check_grant_name};
use crate::skills::check_word;

/// Slots of an endpoint, at most.
pub const SLOTS_MAX: usize = 1_024;
/// Endpoints that there may be.
pub const ENDPOINTS_MAX: usize = 256;
/// Longest instructions of an agent, in bytes.
const INSTRUCTIONS_BYTES_MAX: usize = 64 << 10;
/// Longest settings of an agent, in bytes of JSON.
const SETTINGS_BYTES_MAX: usize = 64 << 10;
/// Most names in one list.
const NAMES_MAX: usize = 64;
/// Longest URL, in bytes.
const URL_BYTES_MAX: usize = 2_048;

/// Somewhere outside where agents work: a URL, a credential by the name of its secret, and how many may work there at one
/// time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointSpec {
    /// Its name.
    pub name: Arc<str>,
    /// The base URL, without a slash at its end.
    pub url: String,
    /// The adapter that speaks its language.
    pub adapter: Arc<str>,
    /// The model to ask for.
    pub model: Option<String>,
    /// The secret to authorise with.
    pub secret: Option<String>,
    /// Runs at one time.
    pub slots: usize,
    /// It may be on this machine, or in a network that is not public.
    pub private: bool,
    /// What a million tokens read cost, in millionths of the operator's currency.
    pub input_price: u64,
    /// What a million tokens written cost.
    pub output_price: u64,
}

/// An agent.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentSpec {
    /// Its name.
    pub name: Arc<str>,
    /// What kind of agent it is, such as `code_generator`.
    pub kind: String,
    /// What it can do, in words.
    pub capabilities: Vec<String>,
    /// The bundle that it is made of.
    pub adapter: Arc<str>,
    /// Where it works; every endpoint of its adapter where there is none.
    pub endpoints: Vec<Arc<str>>,
    /// Standing instructions.
    pub instructions: String,
    /// Further settings, a JSON object.
    pub settings: String,
    /// Skills and agents that it may call.
    pub may: Vec<String>,
    /// Whether it may look at what its user asked before.
    pub memory: bool,
    /// Slots that are always open.
    pub slots_min: usize,
    /// Slots that are open at most.
    pub slots_max: usize,
}

/// Where an agent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It takes work.
    Active,
    /// It takes no more work, and finishes what it has.
    Draining,
    /// It does nothing.
    Stopped,
    /// An operator took it out of service for what it did.
    Quarantined,
}

/// What can be done with an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Finish what it has, then stop.
    Drain,
    /// Stop at once: what it works on is cancelled.
    Stop,
    /// Take work again.
    Restart,
    /// Out of service at once, until it is restarted.
    Quarantine,
}

impl State {
    /// All of them.
    pub const ALL: [State; 4] = [State::Active, State::Draining, State::Stopped, State::Quarantined];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Draining => "draining",
            State::Stopped => "stopped",
            State::Quarantined => "quarantined",
        }
    }

    /// The state that `change` leads to.
    ///
    /// # Errors
    /// Where it leads nowhere from here.
    pub fn after(self, change: Change) -> Result<State, String> {
        match (self, change) {
            (_, Change::Restart) => Ok(State::Active),
            (_, Change::Quarantine) => Ok(State::Quarantined),
            (State::Active | State::Draining, Change::Drain) => Ok(State::Draining),
            (State::Active | State::Draining | State::Stopped, Change::Stop) => Ok(State::Stopped),
            (State::Stopped, Change::Drain) => Err("it is stopped already".into()),
            (State::Quarantined, Change::Drain | Change::Stop) => Err("it is in quarantine".into()),
        }
    }
}

impl Change {
    /// All of them.
    pub const ALL: [Change; 4] = [Change::Drain, Change::Stop, Change::Restart, Change::Quarantine];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Change::Drain => "drain",
            Change::Stop => "stop",
            Change::Restart => "restart",
            Change::Quarantine => "quarantine",
        }
    }
}

impl Change {
    /// What the audit log calls it.
    pub fn event(self) -> &'static str {
        match self {
            Change::Drain => "agent.drain",
            Change::Stop => "agent.stop",
            Change::Restart => "agent.restart",
            Change::Quarantine => "agent.quarantine",
        }
    }
}

fn invalid(message: String) -> Failure {
    Failure::new(FailureKind::InvalidInput, message)
}

fn check_name(what: &str, name: &str) -> Result<(), Failure> {
    check_grant_name(name).map_err(|why| invalid(format!("the name of the {what}: {why}")))
}

fn check_slots(slots: usize) -> Result<(), Failure> {
    if (1..=SLOTS_MAX).contains(&slots) {
        return Ok(());
    }
    Err(invalid(format!("{slots} slots are not 1 to {SLOTS_MAX}")))
}

impl EndpointSpec {
    /// Checks it, and brings its URL into form.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn checked(mut self) -> Result<EndpointSpec, Failure> {
        check_name("endpoint", &self.name)?;
        check_name("adapter", &self.adapter)?;
        check_slots(self.slots)?;
        self.url = self.url.trim_end_matches('/').to_owned();
        let read = url::Url::parse(&self.url).ok();
        let fits = |url: &url::Url| {
            ["http", "https"].contains(&url.scheme())
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        };
        if self.url.len() > URL_BYTES_MAX || !read.as_ref().is_some_and(fits) {
            let shown: String = self.url.chars().take(200).collect();
            return Err(invalid(format!("the URL {shown:?} is not an address of an endpoint")).with_hint(
                "such as `https://api.example.org/v1`, without user, `?` and `#`; a key goes into a secret",
            ));
        }
        if let Some(secret) = &self.secret {
            check_name("secret", secret)?;
        }
        if self.model.as_ref().is_some_and(|model| model.is_empty() || model.len() > 256) {
            return Err(invalid("the name of the model is empty, or longer than 256 bytes".into()));
        }
        self.grants()?;
        Ok(self)
    }

    /// What a run at this endpoint may touch beside what its bundle may: requests to it, with its secret.
    ///
    /// # Errors
    /// Where its URL is none.
    pub fn grants(&self) -> Result<Grants, Failure> {
        let url = url::Url::parse(&self.url).map_err(|error| invalid(format!("the URL: {error}")))?;
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(443);
        let private = if self.private { " private" } else { "" };
        let grant: HttpGrant = format!("GET,POST,DELETE {}://{host}:{port}{private}", url.scheme())
            .parse()
            .map_err(|why| invalid(format!("the URL: {why}")))?;
        let secrets = self.secret.as_ref().map(|secret| vec![secret.clone()]);
        Ok(Grants { http: Some(vec![grant]), secrets, ..Grants::default() })
    }

    /// Whether anything is to be paid there.
    pub fn has_price(&self) -> bool {
        self.input_price > 0 || self.output_price > 0
    }

    /// What so many tokens cost there.
    pub fn cost(&self, input_tokens: u64, output_tokens: u64) -> u64 {
        let of = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price) / 1_000_000;
        u64::try_from(of(input_tokens, self.input_price) + of(output_tokens, self.output_price)).unwrap_or(u64::MAX)
    }
}

impl AgentSpec {
    /// Checks it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn checked(self) -> Result<AgentSpec, Failure> {
        check_name("agent", &self.name)?;
        check_name("adapter", &self.adapter)?;
        check_word("type", &self.kind).map_err(invalid)?;
        self.capabilities.iter().try_for_each(|word| check_word("capability", word)).map_err(invalid)?;
        self.endpoints.iter().try_for_each(|name| check_name("endpoint", name))?;
        self.may.iter().try_for_each(|name| check_name("skill or agent", name))?;
        check_slots(self.slots_min)?;
        check_slots(self.slots_max)?;
        if self.slots_min > self.slots_max {
            return Err(invalid(format!("{} slots at least are more than {} at most", self.slots_min, self.slots_max)));
        }
        for (what, length) in
            [("capabilities", self.capabilities.len()), ("endpoints", self.endpoints.len()), ("grants", self.may.len())]
        {
            if length > NAMES_MAX {
                return Err(invalid(format!("there are {length} {what}, more than {NAMES_MAX}")));
            }
        }
        if self.instructions.len() > INSTRUCTIONS_BYTES_MAX || self.settings.len() > SETTINGS_BYTES_MAX {
            return Err(invalid(format!("instructions or settings are longer than {SETTINGS_BYTES_MAX} bytes")));
        }
        match serde_json::from_str::<serde_json::Value>(&self.settings) {
            Ok(serde_json::Value::Object(_)) => Ok(self),
            Ok(_) => Err(invalid("the settings are no JSON object".into())),
            Err(error) => Err(invalid(format!("the settings are no JSON: {error}"))),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn endpoint(name: &str, slots: usize) -> EndpointSpec {
        EndpointSpec {
            name: name.into(),
            url: "https://models.test/v1/".into(),
            adapter: "openai-compatible".into(),
            model: None,
            secret: Some("key".into()),
            slots,
            private: false,
            input_price: 2_000_000,
            output_price: 10_000_000,
        }
    }

    pub fn agent(name: &str, slots_max: usize) -> AgentSpec {
        AgentSpec {
            name: name.into(),
            kind: "helper".into(),
            capabilities: vec!["python".into()],
            adapter: "openai-compatible".into(),
            endpoints: Vec::new(),
            instructions: String::new(),
            settings: "{}".into(),
            may: Vec::new(),
            memory: false,
            slots_min: 1,
            slots_max,
        }
    }

    #[test]
    fn an_endpoint_grants_itself_and_nothing_else() {
        let endpoint = endpoint("a", 1).checked().unwrap();
        assert_eq!(endpoint.url, "https://models.test/v1");
        let grants = endpoint.grants().unwrap();
        let http = grants.http.unwrap();
        assert!(http[0].covers("POST", true, "models.test", 443) && !http[0].private);
        assert!(!http[0].covers("POST", true, "other.test", 443) && !http[0].covers("PUT", true, "models.test", 443));
        assert_eq!(grants.secrets, Some(vec!["key".into()]));
        assert_eq!(endpoint.cost(500_000, 100), 1_001_000);
    }

    #[test]
    fn addresses_that_are_none_are_refused() {
        for url in ["", "models.test", "ftp://a", "https://u:p@a/", "https://a/?key=1", "https://a/#x", "file:///etc"] {
            assert!(EndpointSpec { url: url.into(), ..endpoint("a", 1) }.checked().is_err(), "{url}");
        }
        for url in ["http://127.0.0.1:8000/v1", "http://[::1]:8000"] {
            assert!(EndpointSpec { url: url.into(), ..endpoint("a", 1) }.checked().is_ok(), "{url}");
        }
    }

    #[test]
    fn an_agent_out_of_service_comes_back_only_by_a_restart() {
        for change in Change::ALL {
            let back = State::Quarantined.after(change) == Ok(State::Active);
            assert_eq!(back, change == Change::Restart);
        }
        assert_eq!(State::Active.after(Change::Drain), Ok(State::Draining));
        assert!(State::Stopped.after(Change::Drain).is_err());
    }

    #[test]
    fn an_agents_words_are_checked() {
        assert!(agent("a", 4).checked().is_ok());
        assert!(agent("a b", 4).checked().is_err());
        assert!(AgentSpec { settings: "[]".into(), ..agent("a", 4) }.checked().is_err());
        assert!(AgentSpec { slots_min: 5, ..agent("a", 4) }.checked().is_err());
        assert!(AgentSpec { capabilities: vec!["a b".into()], ..agent("a", 4) }.checked().is_err());
    }
}
