//! `#[skill]`: checks a function and implements `happyos_sdk::Skill` for a type of its name.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Ident, ItemFn, Lit, Meta, ReturnType, Type};

use crate::arguments::{self, Argument, Shape, pretty};
use crate::options::Options;
use crate::{Faults, examples, name_fault};

pub fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut faults = Faults::default();
    let mut function: ItemFn = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            let error = syn::Error::new(
                error.span(),
                format!("`#[skill]` stands on a function: {error}\nhint: such as `fn count(text: String) -> u64`"),
            )
            .into_compile_error();
            return quote!(#item #error);
        }
    };
    let options = Options::parse(options, &mut faults);
    let arguments = arguments::read(&mut function, &mut faults);
    check_signature(&function, &mut faults);
    let description = description(&function, &mut faults);
    let name = skill_name(&function, &options, &mut faults);
    let (examples, examples_path) = match &options.examples {
        Some(path) => examples::read(path, &mut faults),
        None => ("[]".to_owned(), None),
    };
    let ident = &function.sig.ident;
    let vis = &function.vis;
    let implementation = match faults.0 {
        None => {
            let call = call(&function, &arguments);
            let Options { read_only, destructive, idempotent, open_world, .. } = options;
            let describe = quote! {
                ::happyos_sdk::__private::Metadata {
                    description: #description,
                    input: __Input::schema,
                    output: __output,
                    read_only: #read_only,
                    destructive: #destructive,
                    idempotent: #idempotent,
                    open_world: #open_world,
                    examples: #examples,
                }
                .to_json()
            };
            implementation(ident, &name, &describe, &call)
        }
        // The skill stands in `bundle!` all the same: one mistake is one error.
        Some(error) => {
            let error = error.into_compile_error();
            let body =
                quote!(::core::result::Result::Err(::happyos_sdk::SkillError::Failed(::std::string::String::new())));
            let call = Call { items: quote!(#error), body };
            implementation(ident, &name, &quote!(::std::string::String::new()), &call)
        }
    };
    // Tells cargo that the crate depends on the file.
    let track = examples_path.map(|path| {
        quote!(
            const _: &str = include_str!(#path);
        )
    });
    quote! {
        #[allow(dead_code)]
        #function

        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code)]
        #vis enum #ident {}

        #implementation
        #track
    }
}

/// What runs a skill: its input type, and the call itself.
struct Call {
    items: TokenStream,
    body: TokenStream,
}

fn implementation(ident: &Ident, name: &str, describe: &TokenStream, call: &Call) -> TokenStream {
    let Call { items, body } = call;
    // Nothing uses the type unless `bundle!` does, and so nothing uses this either: the compiler says so, in the words
    // of its name.
    let unlisted = format_ident!("add_{}_to_the_list_in_bundle", ident.unraw(), span = ident.span());
    // All of it at the author's own place: the compiler says nothing of what other crates' macros leave unused.
    let unlisted_item = quote_spanned!(ident.span()=> #[deny(dead_code)] const fn #unlisted() {});
    quote! {
        const _: () = {
            #items

            #unlisted_item

            impl ::happyos_sdk::Skill for #ident {
                const NAME: &'static str = #name;

                fn metadata() -> ::std::string::String {
                    #describe
                }

                #[allow(unused_variables)]
                fn call(
                    __input: &str,
                    __context: &::happyos_sdk::Context,
                ) -> ::core::result::Result<::happyos_sdk::Output<::std::string::String>, ::happyos_sdk::SkillError> {
                    #unlisted();
                    #body
                }
            }
        };
    }
}

fn call(function: &ItemFn, arguments: &[Argument]) -> Call {
    let ident = &function.sig.ident;
    let (input, passed): (_, Vec<_>) = match arguments::shape(arguments) {
        Shape::Whole => (
            whole_input(arguments),
            arguments
                .iter()
                .map(|argument| match argument {
                    Argument::Context => quote!(__context),
                    Argument::Input { .. } => quote!(__input.0),
                })
                .collect(),
        ),
        Shape::Properties => (
            properties_input(arguments),
            arguments
                .iter()
                .map(|argument| match argument {
                    Argument::Context => quote!(__context),
                    Argument::Input { name, .. } => quote!(__input.#name),
                })
                .collect(),
        ),
    };
    let unit: Type = syn::parse_quote!(());
    let returned = match &function.sig.output {
        ReturnType::Type(_, ty) => ty,
        ReturnType::Default => &unit,
    };
    let span = returned.span();
    let called = quote!(#ident(#(#passed),*));
    // Spans make the compiler point at the return type where it is at fault.
    let answering = if is_named(returned, "Result") {
        quote_spanned!(span=> ::happyos_sdk::__private::answering_result::<#returned>())
    } else {
        quote_spanned!(span=> ::happyos_sdk::__private::answering::<#returned>())
    };
    let items = quote! {
        #input

        #[allow(dead_code)]
        fn __output() -> ::happyos_sdk::__private::Schema {
            (#answering.schema)()
        }
    };
    let body = quote! {
        let __input = __Input::read(__input)?;
        (#answering.write)(#called)
    };
    Call { items, body }
}

fn whole_input(arguments: &[Argument]) -> TokenStream {
    let types = arguments.iter().filter_map(|argument| match argument {
        Argument::Input { ty, .. } => Some(ty),
        Argument::Context => None,
    });
    types
        .map(|ty| {
            let read = quote_spanned!(ty.span()=> ::happyos_sdk::__private::read::<#ty>);
            let schema = quote_spanned!(ty.span()=> ::happyos_sdk::__private::input_schema::<#ty>);
            quote! {
            struct __Input(#ty);

            impl __Input {
                fn read(input: &str) -> ::core::result::Result<Self, ::happyos_sdk::SkillError> {
                    #read(input).map(Self)
                }

                    fn schema() -> ::happyos_sdk::__private::Schema {
                        #schema()
                    }
                }
            }
        })
        .collect()
}

fn properties_input(arguments: &[Argument]) -> TokenStream {
    let fields = arguments.iter().filter_map(|argument| match argument {
        Argument::Input { name, ty, docs } => Some(quote!(#(#docs)* #name: #ty)),
        Argument::Context => None,
    });
    let checks = arguments.iter().filter_map(|argument| match argument {
        Argument::Input { ty, .. } => {
            Some(quote_spanned!(ty.span()=> const _: () = ::happyos_sdk::__private::property::<#ty>();))
        }
        Argument::Context => None,
    });
    quote! {
        // Says it better than the derived implementations do.
        #(#checks)*

        #[derive(::happyos_sdk::__private::Deserialize, ::happyos_sdk::__private::JsonSchema)]
        #[serde(crate = "::happyos_sdk::__private::serde", deny_unknown_fields)]
        #[schemars(crate = "::happyos_sdk::__private::schemars")]
        struct __Input {
            #(#fields,)*
        }

        impl __Input {
            fn read(input: &str) -> ::core::result::Result<Self, ::happyos_sdk::SkillError> {
                ::happyos_sdk::__private::read::<Self>(input)
            }

            fn schema() -> ::happyos_sdk::__private::Schema {
                ::happyos_sdk::__private::input_schema::<Self>()
            }
        }
    }
}

fn check_signature(function: &ItemFn, faults: &mut Faults) {
    let signature = &function.sig;
    if let Some(token) = &signature.asyncness {
        faults.at(
            token,
            "a skill cannot be `async`\nhint: write a plain `fn`; host interfaces return when they are done",
        );
    }
    if let syn::Safety::Unsafe(token) = &signature.safety {
        faults.at(token, "a skill cannot be `unsafe`\nhint: write a plain `fn`");
    }
    if let Some(token) = &signature.abi {
        faults.at(token, "a skill cannot be `extern`\nhint: write a plain `fn`; `bundle!` exports it");
    }
    if !signature.generics.params.is_empty() || signature.generics.where_clause.is_some() {
        faults.at(&signature.generics, "a skill cannot be generic: its schema would be unknown\nhint: name the types");
    }
    let returned = match &signature.output {
        ReturnType::Default => {
            faults.at(
                &signature.ident,
                format!(
                    "the skill `{}` returns nothing\nhint: return what the caller asked for, such as `-> String`",
                    signature.ident
                ),
            );
            return;
        }
        ReturnType::Type(_, ty) => ty,
    };
    match &**returned {
        Type::ImplTrait(ty) => {
            faults.at(ty, "a skill cannot return `impl Trait`: its schema would be unknown\nhint: name the type")
        }
        Type::Reference(ty) => faults.at(
            ty,
            format!(
                "a skill cannot return `{}`: it is borrowed\nhint: return an owned type, such as `String`",
                pretty(ty)
            ),
        ),
        _ => {}
    }
}

fn description(function: &ItemFn, faults: &mut Faults) -> String {
    let lines: Vec<String> = function.attrs.iter().filter_map(doc_line).collect();
    let mut text = String::new();
    for line in lines.iter().map(|line| line.trim()) {
        // Markdown's rule: single line breaks are spaces, blank lines part paragraphs.
        if line.is_empty() {
            text.push_str("\n\n");
        } else {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push(' ');
            }
            text.push_str(line);
        }
    }
    let text = text.trim().to_owned();
    if text.is_empty() {
        let name = &function.sig.ident;
        faults.at(name, format!("the skill `{name}` has no description\nhint: write `/// What it does, in a sentence or two.` above it; callers choose skills by it"));
    }
    text
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn skill_name(function: &ItemFn, options: &Options, faults: &mut Faults) -> String {
    if let Some(name) = &options.name {
        return name.value();
    }
    let name = function.sig.ident.unraw().to_string();
    if let Some(fault) = name_fault(&name) {
        faults.at(
            &function.sig.ident,
            format!("`{name}` is no name for a skill: {fault}\nhint: write `#[skill(name = \"...\")]`"),
        );
    }
    name
}

fn is_named(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == name))
}
