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
