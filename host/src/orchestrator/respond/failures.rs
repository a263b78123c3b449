//! Why something failed, in words for its owner. The failure itself is kept as it was: its kind is its code.

use super::super::event::Failed;
use super::messages::Words;
use crate::base::Limit;

/// Why, without a full stop. In English it is what was said when it failed; skills speak for themselves in any language.
pub fn why(words: Words, failed: &Failed) -> String {
    if words == Words::English {
        return failed.message.clone();
    }
    match &*failed.kind {
        "limit-exceeded" => words.limit_reached(&limit_name(words, failed)),
        "trap" => words.trapped(),
        "guest-error" => words.guest_says(&failed.message),
        "invalid-input" => words.input_refused(&failed.message),
        "invalid-output" => words.output_wrong(),
        "denied" => words.not_allowed(&failed.message),
        "unavailable" => words.busy(),
        "cancelled" => words.call_stopped(),
        "not-found" => words.not_installed(),
        "internal" => words.host_failed(),
        "interrupted" => words.daemon_stopped(),
        _ => failed.message.clone(),
    }
}

/// What to do about it.
pub fn hint(words: Words, failed: &Failed, skill: Option<&str>) -> Option<String> {
    let own = failed.hint.clone();
    if words == Words::English {
        return own;
    }
    match &*failed.kind {
        "limit-exceeded" if limit(failed) == Some(Limit::Money) => Some(words.give_money()),
        "limit-exceeded" => limit(failed).map(|limit| words.raise_limit(limit.key())).or(own),
        "trap" | "invalid-output" => Some(words.fault_of_skill()),
        "invalid-input" => skill.map(|skill| words.show_skill(skill)).or(own),
        "unavailable" => Some(words.try_again()),
        "not-found" => Some(words.list_skills()),
        "internal" => Some(words.see_log()),
        _ => own,
    }
}

fn limit(failed: &Failed) -> Option<Limit> {
    let all = [Limit::Fuel, Limit::Time, Limit::Memory, Limit::HostCalls, Limit::Output, Limit::Money];
    all.into_iter().find(|limit| failed.limit.as_deref() == Some(limit.as_str()))
}

fn limit_name(words: Words, failed: &Failed) -> String {
    match limit(failed) {
        Some(Limit::Fuel) => words.limit_fuel(),
        Some(Limit::Time) => words.limit_time(),
        Some(Limit::Memory) => words.limit_memory(),
        Some(Limit::HostCalls) => words.limit_host_calls(),
        Some(Limit::Output) => words.limit_output(),
        Some(Limit::Money) => words.limit_money(),
        None => failed.limit.as_deref().unwrap_or("?").to_owned(),
    }
}
