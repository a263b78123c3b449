//! The component's side of the contract: from WIT types to the SDK's and back.

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
