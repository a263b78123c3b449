//! The host side of `happyos:host/secrets`: names of secrets as handles, never their values.

use std::sync::Arc;

use wasmtime::component::Resource;

use crate::base::check_grant_name;
use crate::runtime::bindings::skill::happyos::host::secrets::{Error, Host, HostSecret};
use crate::runtime::state::CallState;

/// A secret that a guest may use in requests.
pub struct Secret {
    /// Its name. The value is fetched for the request that carries it.
    pub name: Arc<str>,
}

impl Host for CallState {
    fn open(&mut self, name: String) -> wasmtime::Result<Result<Resource<Secret>, Error>> {
        self.count_host_call()?;
        if let Err(why) = check_grant_name(&name) {
            return Ok(Err(Error::Missing(format!("there is no such secret: {}", short(&why)))));
        }
        if let Err(why) = self.reach.admit_secret(&name) {
            return Ok(Err(Error::Denied(why)));
        }
        if !self.reach.has_secret(&name) {
            return Ok(Err(Error::Missing(format!(
                "the secret `{name}` is not set (hint: an operator runs `happyos secret set {name}`)"
            ))));
        }
        let opened = self.handles.push(Secret { name: name.into() });
        Ok(opened.map_err(|_| Error::Unavailable("the call has too many secrets, requests and responses open".into())))
    }
}

impl HostSecret for CallState {
    fn drop(&mut self, secret: Resource<Secret>) -> wasmtime::Result<()> {
        self.handles.delete(secret)?;
        Ok(())
    }
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}
