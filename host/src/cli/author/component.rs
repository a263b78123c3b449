//! From the core module that cargo built to a component, with what can be checked without running it.

use std::path::Path;

use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, DecodedWasm};

use super::Mistake;
use super::sources::line_of;

/// The custom section with a bundle's manifest.
const MANIFEST_SECTION: &str = "happyos:manifest";
/// Where the custom sections that hold a module's WIT types begin.
const TYPE_SECTION: &str = "component-type";
/// The versions of the contract's packages that this host speaks.
const SPOKEN: [(&str, &str); 4] = [("host", "0.1.0"), ("skill", "0.1.0"), ("script", "0.1.0"), ("agent", "1.0.0")];

/// Makes a component of a core module built from the crate whose root source file is `root_file`.
///
/// # Errors
/// What the crate's author forgot, at a place in the root source file.
pub fn componentise(core: &[u8], root_file: &Path) -> Result<Vec<u8>, Mistake> {
    let at = |message: String| Mistake::new(root_file, Some(place(root_file)), message);
    let sections = custom_sections(core).map_err(|error| at(format!("the built module is damaged: {error}")))?;
    let has = |prefix: &str| sections.iter().any(|name| name.starts_with(prefix));
    if !has(TYPE_SECTION) || !has(MANIFEST_SECTION) {
        return Err(at("the crate exports no skills and no agent".into())
            .hint("list them at the end of this file: `happyos_sdk::bundle!(my_skill);`"));
    }
    let component = ComponentEncoder::default()
        .validate(true)
        .module(core)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| at(format!("no component can be made of the built module: {error:#}")))?;
    check_versions(&component).map_err(|message| {
        at(message).hint("use the `happyos-sdk` that comes with this `happyos`: `happyos skill new` shows its place")
    })?;
    Ok(component)
}

/// The crate's first skill, or the top of the file.
fn place(root_file: &Path) -> (usize, usize) {
    line_of(root_file, "#[skill").or_else(|| line_of(root_file, "#[happyos_sdk::skill")).unwrap_or((1, 1))
}

fn custom_sections(module: &[u8]) -> wasmparser::Result<Vec<String>> {
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CustomSection(section) = payload? {
            names.push(section.name().to_owned());
        }
    }
    Ok(names)
}

/// Checks that the component names only versions of the contract that this host speaks.
fn check_versions(component: &[u8]) -> Result<(), String> {
    let decoded = wit_component::decode(component).map_err(|error| format!("its types cannot be read: {error:#}"))?;
    let (DecodedWasm::Component(resolve, _) | DecodedWasm::WitPackage(resolve, _)) = decoded;
    for (_, package) in &resolve.packages {
        if package.name.namespace != "happyos" {
            continue;
        }
        let (name, asked) = (&package.name.name, package.name.version.as_ref().map(ToString::to_string));
        let asked = asked.as_deref().unwrap_or("no version");
        match SPOKEN.iter().find(|(known, _)| known == name) {
            Some((_, spoken)) if *spoken == asked => {}
            Some((_, spoken)) => {
                return Err(format!("it uses `happyos:{name}` at {asked}, and this host speaks {spoken}"));
            }
            None => return Err(format!("it uses `happyos:{name}` at {asked}, which this host does not have")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forgotten_bundle_is_named_at_the_first_skill() {
        let folder = tempfile::tempdir().unwrap();
        let root_file = folder.path().join("lib.rs");
        std::fs::write(&root_file, "use happyos_sdk::skill;\n\n  #[skill]\nfn a() {}\n").unwrap();
        let empty_module = b"\0asm\x01\0\0\0";
        let mistake = componentise(empty_module, &root_file).unwrap_err();
        assert_eq!(mistake.position, Some((3, 3)));
        assert_eq!(mistake.message, "the crate exports no skills and no agent");
        assert!(mistake.hint.unwrap().contains("bundle!"));
        assert!(componentise(b"junk", &root_file).unwrap_err().message.contains("damaged"));
    }
}
