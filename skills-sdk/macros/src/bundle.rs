//! `bundle!`: the list of a crate's skills, and its manifest.

use std::collections::HashMap;

use proc_macro2::{Literal, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use serde_json::{Value, json};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Ident, LitStr, Path, Token};

use crate::{Faults, name_fault, nearest};

const KNOWN: &[&str] = &["name", "publisher", "grants"];
const MANIFEST_BYTES_MAX: usize = 64 * 1024;

enum Entry {
    Skill(Path),
    Setting(Ident, LitStr),
    /// What comes after `grants =`.
    Grants(TokenTree),
}

impl Parse for Entry {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.peek(syn::Ident) && input.peek2(Token![=]) {
            let name: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            if name == "grants" {
                return Ok(Self::Grants(input.parse()?));
            }
            return Ok(Self::Setting(name, input.parse()?));
        }
        input.parse().map(Self::Skill)
    }
}

struct Entries(Punctuated<Entry, Token![,]>);

impl Parse for Entries {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        Punctuated::parse_terminated(input).map(Self).map_err(|error| {
            syn::Error::new(
                error.span(),
                format!("`bundle!` cannot be read: {error}\nhint: such as `bundle!(count, stats);`"),
            )
        })
    }
}

pub fn expand(input: TokenStream) -> syn::Result<TokenStream> {
    let Entries(entries) = syn::parse2(input)?;
    let mut faults = Faults::default();
    let mut skills = Vec::new();
    let mut settings: HashMap<String, LitStr> = HashMap::new();
    let mut grants = json!({});
    for entry in entries {
        match entry {
            Entry::Skill(path) => skills.push(path),
            Entry::Grants(tokens) => grants = read_grants(&tokens, &mut faults),
            Entry::Setting(name, value) if KNOWN.contains(&name.to_string().as_str()) => {
                settings.insert(name.to_string(), value);
            }
            Entry::Setting(name, _) => {
                let hint = match nearest(&name.to_string(), KNOWN) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the settings are `{}`", KNOWN.join("`, `")),
                };
                faults.at(&name, format!("`bundle!` has no setting `{name}`\nhint: {hint}"));
            }
        }
    }
    if skills.is_empty() {
        faults.add(syn::Error::new(
            Span::call_site(),
            "`bundle!` lists no skill\nhint: such as `bundle!(count, stats);`",
        ));
    }
    check_twice(&skills, &mut faults);
    let (name, manifest) = manifest(&settings, &grants, &mut faults);
    match faults.0 {
        Some(error) => {
            // Listed all the same: one mistake is one error.
            let error = error.into_compile_error();
            let listed = listed(&skills);
            Ok(quote!(#error #listed))
        }
        None => Ok(assemble(&name, &manifest, &skills)),
    }
}

fn assemble(name: &str, manifest: &str, skills: &[Path]) -> TokenStream {
    let distinct = distinct(skills);
    let manifest = Literal::byte_string(manifest.as_bytes());
    let entries =
        skills.iter().map(|skill| quote_spanned!(skill.span()=> ::happyos_sdk::__private::Entry::of::<#skill>()));
    quote! {
        /// The skills of this crate.
        pub static BUNDLE: ::happyos_sdk::Bundle = ::happyos_sdk::Bundle { name: #name, skills: &[#(#entries),*] };

        #distinct
        // The manifest says what these say, so it is made anew when they change.
        const _: [&str; 3] = [env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), env!("CARGO_PKG_LICENSE")];
        ::happyos_sdk::__export!(crate::BUNDLE, #manifest);
    }
}

/// Uses the skills, which is an error where nothing does.
fn listed(skills: &[Path]) -> TokenStream {
    quote!(const _: &[&str] = &[#(<#skills as ::happyos_sdk::Skill>::NAME),*];)
}

/// Fails to compile where two skills have one name.
fn distinct(skills: &[Path]) -> TokenStream {
    let pairs =
        skills.iter().enumerate().flat_map(|(index, right)| skills.iter().take(index).map(move |left| (left, right)));
    pairs
        .map(|(left, right)| {
            let (left_name, right_name) = (crate::arguments::pretty(left), crate::arguments::pretty(right));
            let message = format!(
                "`{left_name}` and `{right_name}` are skills of the same name; hint: give one another name with `#[skill(name = \"...\")]`"
            );
            quote_spanned! {right.span()=>
                const _: () = if ::happyos_sdk::__private::same(
                    <#left as ::happyos_sdk::Skill>::NAME,
                    <#right as ::happyos_sdk::Skill>::NAME,
                ) {
                    ::happyos_sdk::__private::refuse(#message)
                };
            }
        })
        .collect()
}

fn check_twice(skills: &[Path], faults: &mut Faults) {
    for (index, skill) in skills.iter().enumerate() {
        if skills.iter().take(index).any(|earlier| earlier == skill) {
            let name = crate::arguments::pretty(skill);
            faults.at(skill, format!("`{name}` is listed twice\nhint: remove this one"));
        }
    }
}

/// The bundle's name, and its manifest as JSON.
fn manifest(settings: &HashMap<String, LitStr>, grants: &Value, faults: &mut Faults) -> (String, String) {
    let package = |name: &str| std::env::var(name).unwrap_or_default();
    let name = match settings.get("name") {
        Some(name) => {
            if let Some(fault) = name_fault(&name.value()) {
                faults.at(
                    name,
                    format!("`{}` is no name for a bundle: {fault}\nhint: such as `text-tools`", name.value()),
                );
            }
            name.value()
        }
        None => {
            let name = package("CARGO_PKG_NAME");
            if let Some(fault) = name_fault(&name) {
                faults.add(syn::Error::new(Span::call_site(), format!("the package's name `{name}` is no name for a bundle: {fault}\nhint: `bundle!(..., name = \"...\")`")));
            }
            name
        }
    };
    let publisher = settings.get("publisher").map(LitStr::value).unwrap_or_default();
    let manifest = json!({
        "name": name,
        "version": package("CARGO_PKG_VERSION"),
        "publisher": publisher,
        "license": package("CARGO_PKG_LICENSE"),
        "grants": grants,
    })
    .to_string();
    if manifest.len() > MANIFEST_BYTES_MAX {
        faults.add(syn::Error::new(
            Span::call_site(),
            "the bundle's manifest is larger than 64 KiB\nhint: ask for fewer grants",
        ));
    }
    (name, manifest)
}

const GRANTS: &[&str] = &["kv_bytes", "http", "secrets", "files", "env"];
const GRANTS_HINT: &str = "hint: such as `grants = {\"kv_bytes\": 65536, \"http\": [\"GET api.example.org\"]}`";

/// What the bundle asks for: a JSON object, which is also a group of tokens.
fn read_grants(tokens: &TokenTree, faults: &mut Faults) -> Value {
    let grants = match serde_json::from_str(&tokens.to_string()) {
        Ok(Value::Object(grants)) => grants,
        Ok(_) => {
            faults.at(tokens, format!("`grants` is no JSON object\n{GRANTS_HINT}"));
            return Value::Null;
        }
        Err(error) => {
            faults.at(tokens, format!("`grants` is no JSON: {error}\n{GRANTS_HINT}"));
            return Value::Null;
        }
    };
    for (name, value) in &grants {
        let is_list = || value.as_array().is_some_and(|list| list.iter().all(Value::is_string));
        if !GRANTS.contains(&name.as_str()) {
            let hint = match nearest(name, GRANTS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are `{}`", GRANTS.join("`, `")),
            };
            faults.at(tokens, format!("nothing named `{name}` can be granted\nhint: {hint}"));
        } else if name == "kv_bytes" && !value.is_u64() {
            faults.at(tokens, format!("`kv_bytes` is no number of bytes\n{GRANTS_HINT}"));
        } else if name != "kv_bytes" && !is_list() {
            faults.at(tokens, format!("`{name}` is no list of texts\n{GRANTS_HINT}"));
        }
    }
    Value::Object(grants)
}
