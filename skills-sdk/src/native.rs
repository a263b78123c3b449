//! Stand-ins for the host, one set per thread, so that skills run and are tested natively.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::log::Level;
use crate::testing::{HttpStub, LogLine, Progress};

type Reply = (crate::delegate::Target, fn(&str) -> Result<String, crate::delegate::Error>);

/// Most lines and reports that a thread keeps; older ones go.
const KEPT_MAX: usize = 10_000;

struct Host {
    now_ms: Option<u64>,
    began: Instant,
    seed: u64,
    lines: VecDeque<LogLine>,
    reports: VecDeque<Progress>,
    kv: BTreeMap<String, Vec<u8>>,
    stubs: Vec<HttpStub>,
    targets: Vec<Reply>,
}

thread_local! {
    static HOST: RefCell<Host> = RefCell::new(Host {
        now_ms: None,
        began: Instant::now(),
        seed: 0,
        lines: VecDeque::new(),
        reports: VecDeque::new(),
        kv: BTreeMap::new(),
        stubs: Vec::new(),
        targets: Vec::new(),
    });
}

pub fn log(level: Level, message: &str) {
    eprintln!("{level:?}: {message}");
    HOST.with_borrow_mut(|host| keep(&mut host.lines, LogLine { level, message: message.to_owned() }));
}

pub fn report(done: f64, total: Option<f64>, message: &str) {
    HOST.with_borrow_mut(|host| keep(&mut host.reports, Progress { done, total, message: message.to_owned() }));
}

fn keep<T>(queue: &mut VecDeque<T>, item: T) {
    if queue.len() == KEPT_MAX {
        queue.pop_front();
    }
    queue.push_back(item);
}

pub fn take_lines() -> Vec<LogLine> {
    HOST.with_borrow_mut(|host| host.lines.drain(..).collect())
}

pub fn take_reports() -> Vec<Progress> {
    HOST.with_borrow_mut(|host| host.reports.drain(..).collect())
}

pub fn now_ms() -> u64 {
    HOST.with_borrow(|host| host.now_ms).unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

pub fn set_now_ms(now_ms: Option<u64>) {
    HOST.with_borrow_mut(|host| host.now_ms = now_ms);
}

/// Stands still while a test holds the clock, as it does in the host.
pub fn elapsed() -> Duration {
    HOST.with_borrow(|host| if host.now_ms.is_some() { Duration::ZERO } else { host.began.elapsed() })
}

pub fn set_seed(seed: u64) {
    HOST.with_borrow_mut(|host| host.seed = seed);
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
pub fn random() -> u64 {
    HOST.with_borrow_mut(|host| {
        host.seed = host.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = host.seed;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    })
}

pub fn clear() {
    HOST.with_borrow_mut(|host| {
        host.kv.clear();
        host.stubs.clear();
        host.targets.clear();
    });
}

pub fn stub(stub: HttpStub) {
    HOST.with_borrow_mut(|host| host.stubs.push(stub));
}

pub fn stub_target(target: crate::delegate::Target, reply: fn(&str) -> Result<String, crate::delegate::Error>) {
    HOST.with_borrow_mut(|host| host.targets.push((target, reply)));
}

/// `happyos:host/delegate` answered by stubs.
pub mod delegate {
    use super::HOST;
    use crate::delegate::{Error, Target};

    pub fn targets() -> Vec<Target> {
        HOST.with_borrow(|host| host.targets.iter().map(|(target, _)| target.clone()).collect())
    }

    pub fn call(name: &str, input: &str) -> Result<String, Error> {
        let reply = HOST
            .with_borrow(|host| host.targets.iter().find(|(target, _)| target.name == name).map(|(_, reply)| *reply));
        reply.map_or_else(|| Err(Error::Denied(format!("`{name}` is not granted"))), |reply| reply(input))
    }
}

/// Every secret opens, as in an example.
pub fn open_secret(name: &str) -> Result<(), crate::secrets::Error> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=64).contains(&name.len()) && name.bytes().all(fits) {
        Ok(())
    } else {
        Err(crate::secrets::Error::Missing(format!("`{name}` is not 1 to 64 of `A-Z a-z 0-9 _ -`")))
    }
}

/// `happyos:host/kv` in memory, with the bounds that an example has.
pub mod kv {
    use super::HOST;
    use crate::kv::Error;

    const KEY_BYTES_MAX: usize = 512;
    const VALUE_BYTES_MAX: usize = 1 << 20;
    const QUOTA_BYTES: usize = 1 << 20;
    const LIST_MAX: usize = 1_000;

    fn check(key: &str, value: &[u8]) -> Result<(), Error> {
        if key.is_empty() || key.len() > KEY_BYTES_MAX || value.len() > VALUE_BYTES_MAX {
            return Err(Error::Invalid(format!(
                "a key has 1 to {KEY_BYTES_MAX} bytes and a value at most {VALUE_BYTES_MAX}"
            )));
        }
        Ok(())
    }

    pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
        check(key, &[])?;
        Ok(HOST.with_borrow(|host| host.kv.get(key).cloned()))
    }

    pub fn set(key: &str, value: &[u8]) -> Result<(), Error> {
        check(key, value)?;
        HOST.with_borrow_mut(|host| {
            let others = host.kv.iter().filter(|(known, _)| *known != key);
            let used: usize = others.map(|(key, value)| key.len() + value.len()).sum();
            if used + key.len() + value.len() > QUOTA_BYTES {
                return Err(Error::Quota(format!("the quota of {QUOTA_BYTES} bytes is used up")));
            }
            host.kv.insert(key.to_owned(), value.to_owned());
            Ok(())
        })
    }

    pub fn delete(key: &str) -> Result<bool, Error> {
        check(key, &[])?;
        Ok(HOST.with_borrow_mut(|host| host.kv.remove(key).is_some()))
    }

    pub fn list(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, Error> {
        let fits = |key: &&String| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after);
        let limit = (limit as usize).min(LIST_MAX);
        Ok(HOST.with_borrow(|host| host.kv.keys().filter(fits).take(limit).cloned().collect()))
    }

    pub fn swap(key: &str, expected: Option<&[u8]>, value: Option<&[u8]>) -> Result<bool, Error> {
        if get(key)?.as_deref() != expected {
            return Ok(false);
        }
        match value {
            Some(value) => set(key, value)?,
            None => drop(delete(key)?),
        }
        Ok(true)
    }
}

/// `happyos:host/http` answered by stubs.
pub mod http {
    use super::HOST;
    use crate::http::{Error, Request, Response};

    /// What is left of a stub's body.
    #[derive(Debug)]
    pub struct Incoming(Vec<u8>);

    /// A request that goes nowhere.
    #[derive(Debug)]
    pub struct Outgoing(Result<Response, Error>);

    impl Incoming {
        pub fn read(&mut self, max: u32) -> Result<Vec<u8>, Error> {
            let rest = self.0.split_off(self.0.len().min(max.max(1) as usize));
            Ok(std::mem::replace(&mut self.0, rest))
        }
    }

    impl Outgoing {
        pub fn write(&mut self, _bytes: &[u8]) -> Result<(), Error> {
            Ok(())
        }

        pub fn finish(self) -> Result<Response, Error> {
            self.0
        }
    }

    pub fn send(request: Request<'_>, _body: &[u8]) -> Result<Response, Error> {
        let Request { mut method, mut url, redirects_max, .. } = request;
        for _ in 0..=redirects_max.unwrap_or(5).min(10) {
            let stub = HOST.with_borrow(|host| {
                host.stubs.iter().find(|stub| stub.method == method && same(&stub.url, &url)).cloned()
            });
            let Some(stub) = stub else {
                return Err(Error::Unavailable(format!(
                    "there is no stub for `{method} {url}`\nhint: `testing::stub_http`, or the `http` of an example"
                )));
            };
            let headers: Vec<(String, String)> =
                stub.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
            let location = headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value.clone());
            match location {
                Some(location) if (301..=308).contains(&stub.status) && redirects_max != Some(0) => {
                    if stub.status < 304 && method != "HEAD" {
                        method = "GET".to_owned();
                    }
                    url = location;
                }
                _ => return Ok(Response { status: stub.status, headers, url, body: Incoming(stub.body) }),
            }
        }
        Err(Error::TooManyRedirects("there were too many redirects".to_owned()))
    }

    pub fn start(request: Request<'_>) -> Result<Outgoing, Error> {
        Ok(Outgoing(send(request, &[])))
    }

    /// Whether two URLs are the same but for what comes after `#` and a path of `/`.
    fn same(left: &str, right: &str) -> bool {
        let plain = |url: &str| {
            let url = url.split('#').next().unwrap_or_default();
            let has_path = url.splitn(4, '/').count() > 3;
            if has_path { url.to_owned() } else { format!("{url}/") }
        };
        plain(left) == plain(right)
    }
}
