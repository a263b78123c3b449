//! The WIT packages: they parse, every item is documented, and the versions are those the host links.

use happyos_tests::wit;
use wit_parser::{Docs, Resolve, TypeDefKind, WorldItem};

fn packages() -> (Resolve, Vec<wit_parser::PackageId>) {
    wit::resolve(str::to_owned).unwrap()
}

#[test]
fn every_item_is_documented() {
    let (resolve, packages) = packages();
    let mut bare = Vec::new();
    let mut check = |what: String, docs: &Docs| {
        let text = docs.contents.as_deref().unwrap_or_default().trim();
        if text.len() < 10 {
            bare.push(what);
        }
    };
    for id in packages {
        let package = &resolve.packages[id];
        let name = package.name.to_string();
        for world in package.worlds.values().map(|id| &resolve.worlds[*id]) {
            check(format!("world {name}/{}", world.name), &world.docs);
        }
        for interface in package.interfaces.values().map(|id| &resolve.interfaces[*id]) {
            let own = interface.name.clone().unwrap();
            check(format!("interface {name}/{own}"), &interface.docs);
            for function in interface.functions.values() {
                check(format!("function {own}.{}", function.name), &function.docs);
            }
            for (type_name, id) in &interface.types {
                let def = &resolve.types[*id];
                // What is taken over from another interface is documented there.
                if matches!(def.kind, TypeDefKind::Type(wit_parser::Type::Id(_))) {
                    continue;
                }
                check(format!("type {own}.{type_name}"), &def.docs);
                match &def.kind {
                    TypeDefKind::Record(record) => {
                        record.fields.iter().for_each(|f| check(format!("field {type_name}.{}", f.name), &f.docs));
                    }
                    TypeDefKind::Variant(variant) => {
                        variant.cases.iter().for_each(|c| check(format!("case {type_name}.{}", c.name), &c.docs));
                    }
                    TypeDefKind::Enum(cases) => {
                        cases.cases.iter().for_each(|c| check(format!("case {type_name}.{}", c.name), &c.docs));
                    }
                    TypeDefKind::Flags(flags) => {
                        flags.flags.iter().for_each(|f| check(format!("flag {type_name}.{}", f.name), &f.docs));
                    }
                    _ => {}
                }
            }
        }
    }
    assert!(bare.is_empty(), "without documentation: {bare:#?}");
}

#[test]
fn folders_name_their_package_and_version() {
    let (resolve, packages) = packages();
    for (folder, id) in wit::PACKAGES.iter().zip(packages) {
        let name = &resolve.packages[id].name;
        let version = name.version.as_ref().expect("a package has a version");
        assert_eq!(name.namespace, "happyos");
        assert_eq!(*folder, format!("{}-{version}", name.name));
        let frozen = name.name == "agent";
        assert_eq!(version.major > 0, frozen, "only what agents export is frozen before the first release");
    }
    let listed = std::fs::read_dir(happyos_tests::repo().join("wit")).unwrap().count();
    assert_eq!(listed, wit::PACKAGES.len(), "a folder of wit/ is not looked at here");
}

#[test]
fn each_file_holds_one_interface_or_world() {
    for folder in wit::PACKAGES {
        for file in std::fs::read_dir(happyos_tests::repo().join("wit").join(folder)).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let opened =
                text.lines().filter(|line| line.starts_with("interface ") || line.starts_with("world ")).count();
            assert_eq!(opened, 1, "{}", path.display());
        }
    }
}

#[test]
fn a_world_imports_only_host_interfaces() {
    let (resolve, packages) = packages();
    for world in packages.iter().flat_map(|id| resolve.packages[*id].worlds.values()) {
        for item in resolve.worlds[*world].imports.values() {
            if let WorldItem::Interface { id, .. } = item {
                let id = resolve.id_of(*id).unwrap();
                assert!(id.starts_with("happyos:host/"), "imports {id}");
            }
        }
    }
}
