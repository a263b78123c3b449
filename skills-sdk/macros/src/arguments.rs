//! The arguments of a skill: which become its input, and which it cannot have.

use quote::ToTokens;
use syn::{Attribute, FnArg, Ident, ItemFn, Pat, PatType, Type};

use crate::Faults;

/// One argument, in order.
pub enum Argument {
    /// `&Context`.
    Context,
    /// A part of the input, or all of it.
    Input { name: Ident, ty: Box<Type>, docs: Vec<Attribute> },
}

/// How the input is made of the arguments.
pub enum Shape {
    /// One argument is the whole input.
    Whole,
    /// Each argument is a property.
    Properties,
}

/// Reads the arguments, and takes their doc comments off: Rust has no place for them.
pub fn read(item: &mut ItemFn, faults: &mut Faults) -> Vec<Argument> {
    let mut arguments = Vec::new();
    let mut n_contexts = 0;
    for input in &mut item.sig.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                faults.at(receiver, "a skill takes no `self`\nhint: put `#[skill]` on a function outside `impl`");
            }
            FnArg::Typed(argument) if is_context(&argument.ty) => {
                n_contexts += 1;
                if n_contexts > 1 {
                    faults.at(&*argument, "a skill takes one `&Context`\nhint: remove this one");
                }
                arguments.push(Argument::Context);
            }
            FnArg::Typed(argument) => {
                if let Some(argument) = read_input(argument, faults) {
                    arguments.push(argument);
                }
            }
        }
    }
    arguments
}

fn read_input(argument: &mut PatType, faults: &mut Faults) -> Option<Argument> {
    let (docs, others) =
        std::mem::take(&mut argument.attrs).into_iter().partition(|attribute| attribute.path().is_ident("doc"));
    argument.attrs = others;
    let name = match &*argument.pat {
        Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => pattern.ident.clone(),
        pattern => {
            faults.at(
                pattern,
                "an argument of a skill needs a name, because the name is a property of its input\n\
                                hint: name the argument here, and take it apart inside the function",
            );
            return None;
        }
    };
    if let Some((culprit, fault, hint)) = type_fault(&argument.ty) {
        faults.at(culprit, format!("a skill cannot take `{}`: {fault}\nhint: {hint}", pretty(&argument.ty)));
        return None;
    }
    Some(Argument::Input { name, ty: argument.ty.clone(), docs })
}

/// Whether the arguments are properties, or the only one is the whole input.
pub fn shape(arguments: &[Argument]) -> Shape {
    let mut inputs = arguments.iter().filter_map(|argument| match argument {
        Argument::Input { ty, docs, .. } => Some((ty, docs)),
        Argument::Context => None,
    });
    match (inputs.next(), inputs.next()) {
        (Some((ty, docs)), None) if docs.is_empty() && !is_plain(ty) => Shape::Whole,
        _ => Shape::Properties,
    }
}

fn is_context(ty: &Type) -> bool {
    matches!(ty, Type::Reference(reference) if reference.mutability.is_none()
        && last_name(&reference.elem).is_some_and(|name| name == "Context"))
}

/// Whether a type is one of the language's own, so that it cannot be an object by itself.
fn is_plain(ty: &Type) -> bool {
    const PLAIN: &[&str] = &[
        "String", "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128",
        "isize", "f32", "f64", "Vec", "VecDeque", "HashSet", "BTreeSet", "Option",
    ];
    match ty {
        Type::Array(_) | Type::Tuple(_) => true,
        Type::Paren(inner) => is_plain(&inner.elem),
        _ => last_name(ty).is_some_and(|name| PLAIN.contains(&name.as_str())),
    }
}

fn last_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// What is wrong with the type of an argument, and what to write instead.
fn type_fault(ty: &Type) -> Option<(&dyn ToTokens, &'static str, String)> {
    match ty {
        Type::Reference(reference) => {
            let owned = match &*reference.elem {
                Type::Slice(slice) => format!("Vec<{}>", pretty(&slice.elem)),
                elem if last_name(elem).is_some_and(|name| name == "str") => "String".to_owned(),
                elem if last_name(elem).is_some_and(|name| name == "Context") => "&Context".to_owned(),
                elem => pretty(elem),
            };
            Some((ty, "it is borrowed, and the input belongs to the skill", format!("take `{owned}`")))
        }
        Type::ImplTrait(_) => Some((ty, "its schema would be unknown", "name the type, such as `String`".to_owned())),
        Type::TraitObject(_) | Type::FnPtr(_) | Type::Ptr(_) | Type::Never(_) => {
            Some((ty, "JSON has nothing like it", "take a type that is `Deserialize`".to_owned()))
        }
        Type::Slice(slice) => Some((ty, "its size is unknown", format!("take `Vec<{}>`", pretty(&slice.elem)))),
        Type::Infer(_) => Some((ty, "its schema would be unknown", "name the type, such as `String`".to_owned())),
        Type::Paren(inner) => type_fault(&inner.elem),
        _ => None,
    }
}

/// A type as an author writes it.
pub fn pretty(tokens: &impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    text.replace(" :: ", "::")
        .replace(" < ", "<")
        .replace(" >", ">")
        .replace("& ", "&")
        .replace(" ,", ",")
        .replace(" (", "(")
}
