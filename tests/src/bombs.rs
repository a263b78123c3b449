//! Small components that take a compiler seconds and gigabytes.

use std::fmt::Write as _;

use crate::guest::SkillGuest;

/// One function with `n_branches` branches over `n_locals` locals that are all live: quadratic for the register
/// allocator.
pub fn branches_and_locals(name: &str, n_branches: usize, n_locals: usize) -> Vec<u8> {
    let mut body = String::new();
    for index in 0..n_locals {
        let _ = write!(body, "(local $l{index} i32)");
    }
    for index in 0..n_branches {
        let (from, to) = (index % n_locals, (index * 7 + 1) % n_locals);
        let _ = write!(
            body,
            "(if (i32.eqz (local.get $l{from})) (then (local.set $l{to} (i32.add (local.get $l{from}) (local.get 0)))))"
        );
    }
    for index in 0..n_locals {
        let _ = write!(body, "(global.set $sink (i32.add (global.get $sink) (local.get $l{index})))");
    }
    let fields = format!(
        r#"(global $sink (mut i32) (i32.const 0))
           (func $bomb (param i32) {body})"#
    );
    SkillGuest { name, fields: &fields, ..Default::default() }.component()
}

/// A module of `n_functions` functions that do nothing.
pub fn empty_functions(name: &str, n_functions: usize) -> Vec<u8> {
    let fields = "(func)".repeat(n_functions);
    SkillGuest { name, fields: &fields, ..Default::default() }.component()
}

/// A component around one module of `n_functions` functions that do nothing, `n_exports` exports of the first of them.
pub fn many_functions(n_functions: usize, n_exports: usize) -> Vec<u8> {
    let mut functions = leb(n_functions);
    functions.resize(functions.len() + n_functions, 0);
    let mut code = leb(n_functions);
    (0..n_functions).for_each(|_| code.extend([2, 0, 0x0b]));
    let mut exports = leb(n_exports);
    for index in 0..n_exports {
        let name = index.to_string();
        exports.extend(leb(name.len()));
        exports.extend(name.as_bytes());
        exports.extend([0, 0]);
    }
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    for (id, section) in [(1, vec![1, 0x60, 0, 0]), (3, functions), (7, exports), (10, code)] {
        module.push(id);
        module.extend(leb(section.len()));
        module.extend(section);
    }
    let mut component = b"\0asm\x0d\0\x01\0\x01".to_vec();
    component.extend(leb(module.len()));
    component.extend(module);
    component
}

/// The same component with a custom section at its end, so that its digest is another.
pub fn variant(component: &[u8], number: u64) -> Vec<u8> {
    let mut bytes = component.to_vec();
    bytes.extend([0, 10, 1, b'v']);
    bytes.extend(number.to_le_bytes());
    bytes
}

/// One instance more of the same empty module, `n_instances` times.
pub fn core_instances(n_instances: usize) -> Vec<u8> {
    text(&format!("(component (core module $m) {})", "(core instance (instantiate $m))".repeat(n_instances)))
}

/// A module with so many data segments.
pub fn data_segments(n_segments: usize) -> Vec<u8> {
    text(&format!("(component (core module (memory 1) {}))", r#"(data "x")"#.repeat(n_segments)))
}

/// An export whose type is a list of lists, `depth` deep.
pub fn deep_type(depth: usize) -> Vec<u8> {
    let mut types = String::from("(type $t0 (list u8))");
    for level in 1..depth {
        let _ = write!(types, "(type $t{level} (list $t{}))", level - 1);
    }
    text(&export_of(&types, depth - 1))
}

/// An export whose type has two parts, each of which has two, `levels` times over: 2 to the power of that.
pub fn wide_type(levels: usize) -> Vec<u8> {
    let mut types = String::from("(type $t0 (tuple u64 u64))");
    for level in 1..levels {
        let _ = write!(types, "(type $t{level} (tuple $t{0} $t{0}))", level - 1);
    }
    text(&export_of(&types, levels - 1))
}

fn export_of(types: &str, last: usize) -> String {
    format!(
        r#"(component {types}
          (core module $m (memory (export "memory") 1)
            (func (export "f") (param i32 i32))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0))
          (core instance $i (instantiate $m))
          (func $f (param "v" (list $t{last}))
            (canon lift (core func $i "f") (memory $i "memory") (realloc (func $i "realloc"))))
          (export "f" (func $f)))"#
    )
}

/// Components in components, `depth` deep.
pub fn nested(depth: usize) -> Vec<u8> {
    text(&format!("{}{}", "(component ".repeat(depth), ")".repeat(depth)))
}

fn text(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A number as WebAssembly writes it.
fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
