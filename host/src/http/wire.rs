//! What travels over HTTP: types of their own, so that the API changes only when somebody means to.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::error::HttpError;
use crate::base::{LimitOverrides, Usage};
use crate::skills::{Annotations, Attachment, Bundle, FileState, Progress, Skill, State};

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(text) => (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], Body::from(text))
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// JSON text that is passed on as it is.
pub(crate) fn raw(text: &str) -> Result<&RawValue, HttpError> {
    serde_json::from_str(text).map_err(|error| {
        tracing::error!(%error, "text that was checked to be JSON is not");
        HttpError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the answer could not be read as JSON")
    })
}

/// Reads a request body; `keys` are all it may have, for the hint when it has another.
pub(crate) fn parse<'de, T: Deserialize<'de>>(bytes: &'de [u8], keys: &[&str]) -> Result<T, HttpError> {
    serde_json::from_slice(bytes).map(|Object(body)| body).map_err(|error| {
        let refused = HttpError::malformed(format!("the request body is not as it should be: {error}"));
        match nearest_known(bytes, keys) {
            Some(hint) => refused.with_hint(hint),
            None => refused,
        }
    })
}

/// Reads only a JSON object; what serde derives would also take an array of the fields in order.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<T>, D::Error> {
        struct OfMap<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for OfMap<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(OfMap(PhantomData))
    }
}

fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Object::deserialize(deserializer).map(|Object(value)| value)
}

/// For the first key, here or one level down, that is none of `keys`: the one of them most like it.
fn nearest_known(bytes: &[u8], keys: &[&str]) -> Option<String> {
    let object: BTreeMap<String, &RawValue> = serde_json::from_slice(bytes).ok()?;
    let below = object.get("limits").and_then(|limits| serde_json::from_str(limits.get()).ok());
    let below: BTreeMap<String, IgnoredAny> = below.unwrap_or_default();
    let unknown = object.keys().chain(below.keys()).find(|key| !keys.contains(&key.as_str()))?;
    let score = |key: &str| strsim::jaro_winkler(unknown, key);
    let nearest = keys.iter().max_by(|a, b| score(a).total_cmp(&score(b)))?;
    (score(nearest) > 0.7).then(|| format!("did you mean `{nearest}`?"))
}

/// The keys of [`CallRequest`] and its limits.
pub(crate) const CALL_KEYS: &[&str] = &[
    "input",
    "limits",
    "locale",
    "session_id",
    "seed",
    "fuel",
    "wall_ms",
    "memory_bytes",
    "host_calls",
    "output_bytes",
];

/// The body of a call.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallRequest<'a> {
    #[serde(borrow, default)]
    pub input: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "object")]
    pub limits: CallLimits,
    #[serde(default)]
    pub locale: Option<String>,
    #[serde(default)]
    pub session_id: Option<String>,
    #[serde(default)]
    pub seed: Option<u64>,
}

/// Tighter limits for one call.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CallLimits {
    fuel: Option<u64>,
    wall_ms: Option<u64>,
    memory_bytes: Option<u64>,
    host_calls: Option<u64>,
    output_bytes: Option<u64>,
}

impl From<CallLimits> for LimitOverrides {
    fn from(limits: CallLimits) -> LimitOverrides {
        LimitOverrides {
            fuel: limits.fuel,
            wall_ms: limits.wall_ms,
            memory_bytes: limits.memory_bytes,
            host_calls: limits.host_calls,
            output_bytes: limits.output_bytes,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct CallAnswer<'a> {
    pub request_id: String,
    pub output: &'a RawValue,
    pub attachments: Vec<AttachmentBody<'a>>,
    pub usage: UsageBody,
}

#[derive(Serialize)]
pub(crate) struct AttachmentBody<'a> {
    name: &'a str,
    media_type: &'a str,
    /// Base64, padded.
    data: String,
}

impl<'a> From<&'a Attachment> for AttachmentBody<'a> {
    fn from(attachment: &'a Attachment) -> AttachmentBody<'a> {
        AttachmentBody {
            name: &attachment.name,
            media_type: &attachment.media_type,
            data: base64::engine::general_purpose::STANDARD.encode(&attachment.data),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct UsageBody {
    fuel: u64,
    memory_peak_bytes: u64,
    wall_us: u64,
    host_calls: u64,
}

impl From<&Usage> for UsageBody {
    fn from(usage: &Usage) -> UsageBody {
        UsageBody {
            fuel: usage.fuel,
            memory_peak_bytes: usage.memory_peak_bytes,
            wall_us: u64::try_from(usage.wall.as_micros()).unwrap_or(u64::MAX),
            host_calls: usage.host_calls,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct ProgressBody<'a> {
    done: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<f64>,
    message: &'a str,
}

impl<'a> From<&'a Progress> for ProgressBody<'a> {
    fn from(progress: &'a Progress) -> ProgressBody<'a> {
        ProgressBody { done: progress.done, total: progress.total, message: &progress.message }
    }
}

#[derive(Serialize)]
pub(crate) struct ErrorBody {
    pub error: ErrorDetail,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<UsageBody>,
}

#[derive(Serialize)]
pub(crate) struct ErrorDetail {
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<&'static str>,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct SkillList<'a> {
    pub skills: Vec<SkillSummary<'a>>,
    /// On the first page: bundles whose file is not served as it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_serving: Vec<NotServing<'a>>,
    /// Give it as `after` for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<&'a str>,
}

/// A bundle whose file is not served as it is. An earlier version may be.
#[derive(Serialize)]
pub(crate) struct NotServing<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<&'a str>,
    file: String,
    state: &'static str,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

impl<'a> From<&'a FileState> for NotServing<'a> {
    fn from(file: &'a FileState) -> NotServing<'a> {
        NotServing {
            bundle: file.bundle.as_deref(),
            file: file.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            state: file.state.as_str(),
            reason: &file.reason,
            hint: file.hint.as_deref(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct SkillSummary<'a> {
    name: &'a str,
    description: &'a str,
    annotations: AnnotationsBody,
    bundle: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    kind: &'static str,
    /// Always `serving`: what is listed here can be called.
    state: &'static str,
}

impl<'a> From<&'a Skill> for SkillSummary<'a> {
    fn from(skill: &'a Skill) -> SkillSummary<'a> {
        let bundle = skill.bundle();
        SkillSummary {
            name: skill.name(),
            description: skill.description(),
            annotations: skill.annotations().into(),
            bundle: &bundle.name,
            version: bundle.version.as_deref(),
            kind: bundle.kind.as_str(),
            state: State::Serving.as_str(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct AnnotationsBody {
    read_only: bool,
    destructive: bool,
    idempotent: bool,
    open_world: bool,
}

impl From<Annotations> for AnnotationsBody {
    fn from(annotations: Annotations) -> AnnotationsBody {
        AnnotationsBody {
            read_only: annotations.read_only_hint,
            destructive: annotations.destructive_hint,
            idempotent: annotations.idempotent_hint,
            open_world: annotations.open_world_hint,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct SkillDetail<'a> {
    name: &'a str,
    description: &'a str,
    annotations: AnnotationsBody,
    input_schema: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_schema: Option<&'a RawValue>,
    examples: &'a RawValue,
    bundle: BundleBody<'a>,
}

impl<'a> SkillDetail<'a> {
    pub(crate) fn of(skill: &'a Skill) -> Result<SkillDetail<'a>, HttpError> {
        Ok(SkillDetail {
            name: skill.name(),
            description: skill.description(),
            annotations: skill.annotations().into(),
            input_schema: raw(skill.input_schema())?,
            output_schema: skill.output_schema().map(raw).transpose()?,
            examples: raw(skill.examples())?,
            bundle: (&**skill.bundle()).into(),
        })
    }
}

#[derive(Serialize)]
pub(crate) struct BundleBody<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<&'a str>,
    digest: String,
    kind: &'static str,
    size_bytes: u64,
}

impl<'a> From<&'a Bundle> for BundleBody<'a> {
    fn from(bundle: &'a Bundle) -> BundleBody<'a> {
        BundleBody {
            name: &bundle.name,
            version: bundle.version.as_deref(),
            license: bundle.license.as_deref(),
            digest: bundle.digest.to_string(),
            kind: bundle.kind.as_str(),
            size_bytes: bundle.size_bytes,
        }
    }
}
