//! The host side of `happyos:host/kv`: the bundle's own state, within what it was granted.

use crate::runtime::bindings::skill::happyos::host::kv::{Error, Host};
use crate::runtime::state::CallState;
use crate::store::KvError;

impl From<KvError> for Error {
    fn from(error: KvError) -> Error {
        let message = error.to_string();
        match error {
            KvError::Invalid(_) => Error::Invalid(message),
            KvError::Quota { .. } => Error::Quota(message),
            KvError::Unavailable(_) => Error::Unavailable(message),
        }
    }
}

impl Host for CallState {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        self.count_host_call()?;
        let (kv, space, _) = match self.reach.state() {
            Ok(state) => state,
            Err(why) => return Ok(Err(Error::Denied(why))),
        };
        Ok(kv.get(space, &key).await.map_err(Error::from))
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), Error>> {
        self.count_host_call()?;
        let (kv, space, quota_bytes) = match self.reach.state() {
            Ok(state) => state,
            Err(why) => return Ok(Err(Error::Denied(why))),
        };
        Ok(kv.set(space, &key, &value, quota_bytes).await.map_err(Error::from))
    }

    async fn delete(&mut self, key: String) -> wasmtime::Result<Result<bool, Error>> {
        self.count_host_call()?;
        let (kv, space, _) = match self.reach.state() {
            Ok(state) => state,
            Err(why) => return Ok(Err(Error::Denied(why))),
        };
        Ok(kv.delete(space, &key).await.map_err(Error::from))
    }

    async fn list(
        &mut self,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<String>, Error>> {
        self.count_host_call()?;
        let (kv, space, _) = match self.reach.state() {
            Ok(state) => state,
            Err(why) => return Ok(Err(Error::Denied(why))),
        };
        Ok(kv.list(space, &prefix, after.as_deref(), limit as usize).await.map_err(Error::from))
    }

    async fn swap(
        &mut self,
        key: String,
        expected: Option<Vec<u8>>,
        value: Option<Vec<u8>>,
    ) -> wasmtime::Result<Result<bool, Error>> {
        self.count_host_call()?;
        let (kv, space, quota_bytes) = match self.reach.state() {
            Ok(state) => state,
            Err(why) => return Ok(Err(Error::Denied(why))),
        };
        Ok(kv.swap(space, &key, expected.as_deref(), value.as_deref(), quota_bytes).await.map_err(Error::from))
    }
}
