//! The options of `#[skill(...)]`.

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Lit, LitStr, Meta, Token};

use crate::{Faults, name_fault, nearest};

const KNOWN: &[&str] = &["name", "read_only", "destructive", "idempotent", "open_world", "examples"];

/// The options as written.
#[derive(Default)]
pub struct Options {
    pub name: Option<LitStr>,
    pub examples: Option<LitStr>,
    pub read_only: bool,
    pub destructive: bool,
    pub idempotent: bool,
    pub open_world: bool,
}

impl Options {
    pub fn parse(tokens: TokenStream, faults: &mut Faults) -> Self {
        let mut options = Self::default();
        let metas = match Punctuated::<Meta, Token![,]>::parse_terminated.parse2(tokens) {
            Ok(metas) => metas,
            Err(error) => {
                let hint = "hint: options look like `#[skill(name = \"word-count\", read_only)]`";
                faults.add(syn::Error::new(
                    error.span(),
                    format!("the options of `#[skill]` cannot be read: {error}\n{hint}"),
                ));
                return options;
            }
        };
        for meta in metas {
            options.take(&meta, faults);
        }
        if options.read_only && options.destructive {
            faults.add(syn::Error::new(
                proc_macro2::Span::call_site(),
                "a skill cannot be both `read_only` and `destructive`\nhint: keep the one that holds",
            ));
        }
        options
    }

    fn take(&mut self, meta: &Meta, faults: &mut Faults) {
        let name = meta.path().get_ident().map(ToString::to_string).unwrap_or_default();
        match name.as_str() {
            "name" => {
                self.name = text(meta, faults);
                if let Some(value) = &self.name
                    && let Some(fault) = name_fault(&value.value())
                {
                    faults.at(
                        value,
                        format!("`{}` is no name for a skill: {fault}\nhint: such as `word-count`", value.value()),
                    );
                }
            }
            "examples" => self.examples = text(meta, faults),
            "read_only" => self.read_only = flag(meta, faults),
            "destructive" => self.destructive = flag(meta, faults),
            "idempotent" => self.idempotent = flag(meta, faults),
            "open_world" => self.open_world = flag(meta, faults),
            _ => {
                let hint = match nearest(&name, KNOWN) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the options are `{}`", KNOWN.join("`, `")),
                };
                faults.at(meta.path(), format!("`#[skill]` has no option `{name}`\nhint: {hint}"));
            }
        }
    }
}

fn text(meta: &Meta, faults: &mut Faults) -> Option<LitStr> {
    if let Meta::NameValue(pair) = meta
        && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value
    {
        return Some(text.clone());
    }
    let name = meta.path().get_ident().map(ToString::to_string).unwrap_or_default();
    faults.at(meta, format!("`{name}` takes a text\nhint: write `{name} = \"...\"`"));
    None
}

fn flag(meta: &Meta, faults: &mut Faults) -> bool {
    if !matches!(meta, Meta::Path(_)) {
        let name = meta.path().get_ident().map(ToString::to_string).unwrap_or_default();
        faults.at(meta, format!("`{name}` takes no value\nhint: write `{name}` to set it, and leave it out otherwise"));
    }
    true
}
