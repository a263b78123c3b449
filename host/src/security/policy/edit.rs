//! Edits of the policy file that keep its comments, its order and whatever they are not about.

use std::fmt::Display;

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::APPROVED_MAX;
use crate::base::{Digest, Grants};
use crate::security::signing::PublicKey;

/// What a new file begins with.
const HEAD: &str = "\
# What the operator of this HappyOS allows. What is not here is denied.
# `happyos skill approve`, `happyos skill grant` and `happyos key trust` write it; edit it by hand as you like:
# changes apply to calls that start after, and a mistake leaves the last good version in force.
";

/// The file as it is edited.
pub type Document = DocumentMut;

/// The text after `change`, and what that gives.
pub fn changed<T>(text: &str, change: impl FnOnce(&mut Document) -> Result<T, String>) -> Result<(String, T), String> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    if document.is_empty() {
        // What is said before there is any key is said of the whole file, and stays at its top.
        let mut document = DocumentMut::new();
        let done = change(&mut document)?;
        let said = if text.trim().is_empty() { HEAD } else { text };
        let after = if document.is_empty() { text.to_owned() } else { format!("{}\n\n{document}", said.trim_end()) };
        return Ok((after, done));
    }
    let done = change(&mut document)?;
    let after = document.to_string();
    // It would go with the first table when that is removed.
    let after = match preamble(text) {
        Some(said) if !after.starts_with(said) => format!("{said}{}", after.trim_start_matches('\n')),
        _ => after,
    };
    Ok((after, done))
}

/// What is said of the whole file at its top: comments, up to and with an empty line.
fn preamble(text: &str) -> Option<&str> {
    let (said, _) = text.split_at_checked(text.find("\n\n")? + 2)?;
    said.trim_end().lines().all(|line| line.starts_with('#')).then_some(said)
}

/// Adds a digest as the last approved one. Of too many, the oldest goes that is not among `in_use`.
pub fn approve(document: &mut Document, bundle: &str, digest: &Digest, in_use: &[Digest]) -> Result<(), String> {
    let bundle = self::bundle(document, bundle)?;
    if !bundle.contains_key("approved") {
        bundle.insert("approved", Item::Value(Value::Array(Array::new())));
    }
    let approved =
        bundle.get_mut("approved").and_then(Item::as_array_mut).ok_or("`approved` is not a list that can be edited")?;
    let digest = digest.to_string();
    if approved.iter().last().and_then(Value::as_str).is_some_and(|last| last.eq_ignore_ascii_case(&digest)) {
        return Ok(());
    }
    approved.retain(|known| !known.as_str().is_some_and(|known| known.eq_ignore_ascii_case(&digest)));
    approved.push(digest);
    while approved.len() > APPROVED_MAX {
        let used = |known: &Value| known.as_str().and_then(Digest::parse).is_some_and(|known| in_use.contains(&known));
        let oldest = approved.iter().take(APPROVED_MAX).position(|known| !used(known));
        approved.remove(oldest.unwrap_or(0));
    }
    Ok(())
}

/// Replaces each kind of grant that is decided.
pub fn grant(document: &mut Document, bundle: &str, publisher: Option<&str>, grants: &Grants) -> Result<(), String> {
    let bundle = self::bundle(document, bundle)?;
    if let Some(publisher) = publisher {
        set(bundle, "publisher", publisher);
    }
    let table = table(bundle, "grants", false)?;
    if let Some(bytes) = grants.kv_bytes {
        let bytes = i64::try_from(bytes).map_err(|_| format!("{bytes} bytes of state are more than can be granted"))?;
        set(table, "kv_bytes", bytes);
    }
    if let Some(http) = &grants.http {
        set(table, "http", strings(http));
    }
    if let Some(secrets) = &grants.secrets {
        set(table, "secrets", strings(secrets));
    }
    if let Some(files) = &grants.files {
        set(table, "files", strings(files));
    }
    if let Some(env) = &grants.env {
        set(table, "env", env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<InlineTable>());
    }
    Ok(())
}

/// Sets a publisher's key.
pub fn trust_key(document: &mut Document, publisher: &str, key: &PublicKey) -> Result<(), String> {
    let keys = table(document.as_table_mut(), "keys", true)?;
    set(table(keys, publisher, false)?, "public", key.to_string());
    Ok(())
}

/// Removes `name` from the table `of`; says whether it was there.
pub fn remove(document: &mut Document, of: &str, name: &str) -> Result<bool, String> {
    let Some(table) = document.get_mut(of) else { return Ok(false) };
    let table = table.as_table_like_mut().ok_or_else(|| format!("`{of}` is not a table that can be edited"))?;
    Ok(table.remove(name).is_some())
}

fn bundle<'d>(document: &'d mut Document, name: &str) -> Result<&'d mut dyn TableLike, String> {
    table(table(document.as_table_mut(), "bundles", true)?, name, false)
}

/// The table `name` in another, made where it is missing: in the way in which the outer one is written. One that is
/// `implicit` has no line of its own as long as it holds only tables.
fn table<'d>(outer: &'d mut dyn TableLike, name: &str, implicit: bool) -> Result<&'d mut dyn TableLike, String> {
    if !outer.contains_key(name) {
        let mut table = Table::new();
        table.set_implicit(implicit);
        outer.insert(name, Item::Table(table));
    }
    outer
        .get_mut(name)
        .and_then(Item::as_table_like_mut)
        .ok_or_else(|| format!("`{name}` is not a table that can be edited"))
}

/// Sets a value and keeps the comment behind the one that was there.
fn set(table: &mut dyn TableLike, name: &str, value: impl Into<Value>) {
    let mut value = value.into();
    match table.get_mut(name).and_then(Item::as_value_mut) {
        Some(before) => {
            *value.decor_mut() = before.decor().clone();
            *before = value;
        }
        // Also what is written as a table of its own, such as `[bundles.a.grants.env]`.
        None => drop(table.insert(name, Item::Value(value))),
    }
}

fn strings(items: &[impl Display]) -> Array {
    items.iter().map(ToString::to_string).collect()
}
