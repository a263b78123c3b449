//! The component's side of the contract: from WIT types to the SDK's and back.

mod agents;

use std::panic::{PanicHookInfo, set_hook};

use crate::{Bundle, Context, SkillError};

/// What `wit-bindgen` makes of `wit/`.
#[expect(clippy::all, missing_docs, reason = "generated")]
pub mod bindings {
    wit_bindgen::generate!({
        path: ["../wit/host-0.1.0", "../wit/skill-0.1.0"],
        world: "happyos:skill/skill",
        pub_export_macro: true,
        export_macro_name: "export_skills",
        default_bindings_module: "happyos_sdk::__private::bindings",
        generate_all,
    });
}

pub use agents::{bindings as agent_bindings, delegate, describe, health, run, search_memory};
use bindings::exports::happyos::skill::skills;
use bindings::happyos::host::log;

/// Describes every skill of a bundle.
pub fn list(bundle: &Bundle) -> Vec<skills::SkillInfo> {
    set_hook(Box::new(report_panic));
    bundle
        .skills
        .iter()
        .map(|skill| skills::SkillInfo { name: skill.name.to_owned(), metadata: (skill.metadata)() })
        .collect()
}

/// Runs one skill of a bundle.
pub fn call(
    bundle: &Bundle,
    name: &str,
    input: &str,
    context: skills::Context,
) -> Result<skills::Output, skills::SkillError> {
    set_hook(Box::new(report_panic));
    let context = Context {
        request_id: context.request_id,
        session_id: context.session_id,
        locale: context.locale,
        remaining_ms: context.remaining_ms,
        seed: context.seed,
    };
    let answer = bundle.call(name, input, &context);
    // A component's instance lives for one call: what freeing these would cost is never got back.
    std::mem::forget(context);
    match answer {
        Ok(output) => Ok(skills::Output {
            json: output.value,
            attachments: output
                .attachments
                .into_iter()
                .map(|file| skills::Attachment { name: file.name, media_type: file.media_type, data: file.data })
                .collect(),
        }),
        Err(SkillError::InvalidInput(message)) => Err(skills::SkillError::InvalidInput(message)),
        Err(SkillError::Denied(message)) => Err(skills::SkillError::Denied(message)),
        Err(SkillError::Unavailable(message)) => Err(skills::SkillError::Unavailable(message)),
        Err(SkillError::Failed(message)) => Err(skills::SkillError::Failed(message)),
    }
}

/// Tells the host where and why a skill panicked, before the trap that follows.
fn report_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("panicked");
    let line = match panic.location() {
        Some(place) => format!("{}:{}:{}: {message}", place.file(), place.line(), place.column()),
        None => message.to_owned(),
    };
    log::write(log::Level::Error, &line);
}

/// `happyos:host/secrets` as the SDK uses it.
pub fn open_secret(name: &str) -> Result<bindings::happyos::host::secrets::Secret, crate::secrets::Error> {
    use bindings::happyos::host::secrets;
    secrets::open(name).map_err(|error| match error {
        secrets::Error::Denied(message) => crate::secrets::Error::Denied(message),
        secrets::Error::Missing(message) => crate::secrets::Error::Missing(message),
        secrets::Error::Unavailable(message) => crate::secrets::Error::Unavailable(message),
    })
}

/// `happyos:host/kv` as the SDK uses it.
pub mod kv {
    use super::bindings::happyos::host::kv;
    use crate::kv::Error;

    fn own(error: kv::Error) -> Error {
        match error {
            kv::Error::Denied(message) => Error::Denied(message),
            kv::Error::Invalid(message) => Error::Invalid(message),
            kv::Error::Quota(message) => Error::Quota(message),
            kv::Error::Unavailable(message) => Error::Unavailable(message),
        }
    }

    pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
        kv::get(key).map_err(own)
    }

    pub fn set(key: &str, value: &[u8]) -> Result<(), Error> {
        kv::set(key, value).map_err(own)
    }

    pub fn delete(key: &str) -> Result<bool, Error> {
        kv::delete(key).map_err(own)
    }

    pub fn list(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, Error> {
        kv::list(prefix, after, limit).map_err(own)
    }

    pub fn swap(key: &str, expected: Option<&[u8]>, value: Option<&[u8]>) -> Result<bool, Error> {
        kv::swap(key, expected, value).map_err(own)
    }
}

/// `happyos:host/http` as the SDK uses it.
pub mod http {
    use super::bindings::happyos::host::http;
    use crate::http::{Error, Request, Response};

    fn own(error: http::Error) -> Error {
        match error {
            http::Error::Denied(message) => Error::Denied(message),
            http::Error::InvalidRequest(message) => Error::InvalidRequest(message),
            http::Error::Unavailable(message) => Error::Unavailable(message),
            http::Error::Timeout(message) => Error::Timeout(message),
            http::Error::TooLarge(message) => Error::TooLarge(message),
            http::Error::TooManyRedirects(message) => Error::TooManyRedirects(message),
            http::Error::Protocol(message) => Error::Protocol(message),
        }
    }

    fn parts<'a>(request: Request<'a>) -> (http::Request, Vec<http::Credential<'a>>) {
        let Request { method, url, headers, credentials, timeout_ms, redirects_max: max_redirects, .. } = request;
        let headers = headers.into_iter().map(|(name, value)| http::Header { name, value }).collect();
        let credentials = credentials.into_iter().map(|credential| http::Credential {
            secret: &credential.secret.handle,
            header: credential.header,
            prefix: credential.prefix,
        });
        (http::Request { method, url, headers, timeout_ms, max_redirects }, credentials.collect())
    }

    fn response(response: http::Response) -> Response {
        let http::Response { status, headers, url, body } = response;
        let headers = headers.into_iter().map(|header| (header.name, header.value)).collect();
        Response { status, headers, url, body: Incoming(body) }
    }

    #[derive(Debug)]
    pub struct Incoming(http::Incoming);

    #[derive(Debug)]
    pub struct Outgoing(http::Outgoing);

    impl Incoming {
        pub fn read(&mut self, max: u32) -> Result<Vec<u8>, Error> {
            self.0.read(max).map_err(own)
        }
    }

    impl Outgoing {
        pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
            self.0.write(bytes).map_err(own)
        }

        pub fn finish(self) -> Result<Response, Error> {
            http::Outgoing::finish(self.0).map(response).map_err(own)
        }
    }

    pub fn send(request: Request<'_>, body: &[u8]) -> Result<Response, Error> {
        let (request, credentials) = parts(request);
        http::send(&request, &credentials, body).map(response).map_err(own)
    }

    pub fn start(request: Request<'_>) -> Result<Outgoing, Error> {
        let (request, credentials) = parts(request);
        http::start(&request, &credentials).map(Outgoing).map_err(own)
    }
}
