//! Plain components: WIT values to JSON and back, for every type, and the schemas that describe them.

use happyos::base::{FailureKind, Limit};
use happyos::skills::{BundleKind, Skills};
use happyos_tests::guest::{BUMP, echo_component};
use happyos_tests::home::{answer, call, failure, operator};
use happyos_tests::{Home, plain_component};
use proptest::prelude::*;
use serde_json::{Value, json};

/// What the echoed types are made of.
const DECLARATIONS: &str = "
    record point { x: s32, y: option<f64>, label: string }
    variant shape { empty, circle(f64), polygon(list<point>), pair(tuple<u8, char>) }
    enum suit { clubs, diamonds, hearts, spades }
    flags rights { read, write, execute }
    type id = u64;
";

/// A type, values that come back as they went in, and values that do not fit it.
type Case = (&'static str, fn() -> Vec<Value>, fn() -> Vec<Value>);

const CASES: &[Case] = &[
    ("bool", || vec![json!(true), json!(false)], || vec![json!(1), json!("true"), json!(null)]),
    ("u8", || vec![json!(0), json!(255)], || vec![json!(256), json!(-1), json!(1.5), json!("x")]),
    ("s8", || vec![json!(-128), json!(127)], || vec![json!(128), json!(-129)]),
    ("u16", || vec![json!(0), json!(65535)], || vec![json!(65536)]),
    ("s16", || vec![json!(-32768), json!(32767)], || vec![json!(32768)]),
    ("u32", || vec![json!(0), json!(4294967295_u32)], || vec![json!(4294967296_u64)]),
    ("s32", || vec![json!(i32::MIN), json!(i32::MAX)], || vec![json!(2147483648_u32)]),
    ("u64", || vec![json!("0"), json!("18446744073709551615")], || vec![json!("18446744073709551616"), json!("-1")]),
    (
        "s64",
        || vec![json!("-9223372036854775808"), json!("9223372036854775807"), json!("-1")],
        || vec![json!("9223372036854775808"), json!("1.0"), json!("")],
    ),
    (
        "f32",
        || vec![json!(0.5), json!(-3.0), json!("NaN"), json!("Infinity"), json!("-Infinity")],
        || vec![json!("much")],
    ),
    ("f64", || vec![json!(0.1), json!(1e308), json!("NaN"), json!("-Infinity")], || vec![json!([]), json!(null)]),
    (
        "char",
        || vec![json!("a"), json!("å"), json!("\u{1f600}"), json!("\u{0}")],
        || vec![json!(""), json!("ab"), json!(7)],
    ),
    ("string", || vec![json!(""), json!("räksmörgås \u{1f990}\u{0}\n\"")], || vec![json!(1), json!(null)]),
    ("list<u8>", || vec![json!(""), json!("AAH/"), json!("aGVq")], || vec![json!("not base64!"), json!([1, 2])]),
    ("list<list<u16>>", || vec![json!([]), json!([[], [1], [2, 3]])], || vec![json!([1]), json!({})]),
    ("tuple<u8, string, bool>", || vec![json!([1, "a", true])], || vec![json!([1, "a"]), json!([1, "a", true, 4])]),
    ("option<u8>", || vec![json!(null), json!(7)], || vec![json!("7x"), json!([7])]),
    (
        "option<option<u8>>",
        || vec![json!(null), json!({"some": null}), json!({"some": 7})],
        || vec![json!(7), json!({"none": 1})],
    ),
    (
        "result<u8, string>",
        || vec![json!({"ok": 1}), json!({"err": "e"})],
        || vec![json!(1), json!({"ok": 1, "err": "e"})],
    ),
    ("result", || vec![json!({"ok": null}), json!({"err": null})], || vec![json!({"ok": 1}), json!(null)]),
    ("result<_, u8>", || vec![json!({"ok": null}), json!({"err": 3})], || vec![json!({"err": null})]),
    (
        "point",
        || vec![json!({"x": -1, "y": 0.5, "label": "p"}), json!({"x": 0, "y": null, "label": ""})],
        || vec![json!({"x": 1}), json!({"x": 1, "y": null, "label": "", "z": 1}), json!([1, 2, 3])],
    ),
    (
        "shape",
        || {
            vec![
                json!("empty"),
                json!({"circle": 1.5}),
                json!({"polygon": [{"x": 1, "y": null, "label": "a"}]}),
                json!({"pair": [1, "ö"]}),
            ]
        },
        || vec![json!("circle"), json!("square"), json!({"empty": 1}), json!({"circle": 1, "pair": [1, "a"]})],
    ),
    ("suit", || vec![json!("clubs"), json!("spades")], || vec![json!("Clubs"), json!(0)]),
    (
        "rights",
        || vec![json!([]), json!(["read", "execute"]), json!(["read", "write", "execute"])],
        || vec![json!(["fly"]), json!("read")],
    ),
    ("id", || vec![json!("42")], || vec![json!("4 2")]),
    (
        "list<option<result<point, suit>>>",
        || vec![json!([null, {"ok": {"x": 1, "y": 2.5, "label": "l"}}, {"err": "hearts"}])],
        || vec![json!([{"err": "swords"}])],
    ),
];

async fn echo() -> (Home, Skills) {
    let home = Home::new();
    let types: Vec<&str> = CASES.iter().map(|(ty, ..)| *ty).collect();
    home.install("echo.wasm", echo_component(DECLARATIONS, &types));
    let skills = home.open().await;
    let snapshot = skills.snapshot(&operator()).unwrap();
    assert!(snapshot.refusals().is_empty(), "{:?}", snapshot.refusals());
    assert_eq!(snapshot.skills().len(), types.len());
    (home, skills)
}

/// The public name of the function that echoes the `index`th type.
fn name(skills: &Skills, index: usize) -> String {
    let snapshot = skills.snapshot(&operator()).unwrap();
    let end = format!("echo-{index}");
    let found = snapshot.skills().iter().find(|skill| skill.name().ends_with(&end));
    found.unwrap_or_else(|| panic!("no skill for {end}")).name().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_comes_back_as_it_went_in() {
    let (_home, skills) = echo().await;
    let mut wrong = Vec::new();
    for (index, (ty, fits, does_not)) in CASES.iter().enumerate() {
        let name = name(&skills, index);
        assert!(name.starts_with("echo_") && name.len() <= 64, "{name}");
        // A list of bytes is base64, so the list around single bytes is given as such.
        let values = fits();
        let list = if *ty == "u8" { json!("AP8=") } else { json!(values) };
        let outcome = call(&skills, &name, json!({ "v": list })).await;
        match &outcome.result {
            Ok(_) if answer(&outcome) == list => {}
            Ok(given) => wrong.push(format!("{ty}: {list} came back as {}", given.json)),
            Err(failure) => wrong.push(format!("{ty}: {list}: {failure}")),
        }
        for value in does_not() {
            let outcome = call(&skills, &name, json!({ "v": [value] })).await;
            match &outcome.result {
                Err(failure) if failure.kind == FailureKind::InvalidInput => {}
                other => wrong.push(format!("{ty}: {value} gave {other:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemas_accept_what_the_conversion_accepts() {
    let (_home, skills) = echo().await;
    let snapshot = skills.snapshot(&operator()).unwrap();
    assert_eq!(snapshot.bundles()[0].kind, BundleKind::Plain);
    for (index, (ty, ..)) in CASES.iter().enumerate() {
        let name = name(&skills, index);
        let skill = snapshot.skill(&name).unwrap();
        let input: Value = serde_json::from_str(skill.input_schema()).unwrap();
        assert_eq!(input["type"], "object", "{ty}");
        assert_eq!(input["required"], json!(["v"]), "{ty}");
        assert!(input["properties"]["v"].is_object(), "{ty}: {input}");
        let output: Value = serde_json::from_str(skill.output_schema().expect("a result has a schema")).unwrap();
        assert!(output.is_object(), "{ty}");
    }
}

fn property<S: Strategy>(strategy: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() };
    proptest::test_runner::TestRunner::new(config).run(&strategy, test).unwrap();
}

#[test]
fn any_number_and_any_text_comes_back_without_loss() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (_home, skills) = runtime.block_on(echo());
    let index = |ty: &str| CASES.iter().position(|(known, ..)| *known == ty).unwrap();
    let echoed = |ty: &str, value: Value| {
        let name = name(&skills, index(ty));
        let outcome = runtime.block_on(call(&skills, &name, json!({ "v": [value] })));
        answer(&outcome)[0].clone()
    };
    property(any::<u64>(), |n| {
        prop_assert_eq!(echoed("u64", json!(n.to_string())), json!(n.to_string()));
        // As a number, too, where a caller writes one.
        prop_assert_eq!(echoed("u64", json!(n)), json!(n.to_string()));
        Ok(())
    });
    property(any::<i64>(), |n| {
        prop_assert_eq!(echoed("s64", json!(n.to_string())), json!(n.to_string()));
        Ok(())
    });
    property(proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO, |x| {
        let back = echoed("f64", json!(x)).as_f64().unwrap();
        prop_assert_eq!(back.to_bits(), x.to_bits(), "{} came back as {}", x, back);
        Ok(())
    });
    property(proptest::num::f32::NORMAL, |x| {
        let back = echoed("f32", json!(x)).as_f64().unwrap() as f32;
        prop_assert_eq!(back.to_bits(), x.to_bits());
        Ok(())
    });
    property(any::<char>(), |c| {
        prop_assert_eq!(echoed("char", json!(c)), json!(c));
        Ok(())
    });
    property(any::<String>(), |text| {
        prop_assert_eq!(echoed("string", json!(&text)), json!(&text));
        Ok(())
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flat_parameters_and_several_of_them_work_too() {
    let home = Home::new();
    let wit = "package test:flat; world guest {
        export add: func(a: s64, b: s64) -> s64;
        export half: func(x: f32) -> f64;
        export nothing: func();
        export maybe: func(n: option<u32>) -> option<u32>;
        export fails: func(ok: bool) -> result<u32, string>;
    }";
    let core = format!(
        r#"(module {BUMP} (data (i32.const 128) "it was asked to")
          (func (export "add") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
          (func (export "half") (param f32) (result f64) (f64.div (f64.promote_f32 (local.get 0)) (f64.const 2)))
          (func (export "nothing"))
          (func (export "maybe") (param i32 i32) (result i32)
            (i32.store (i32.const 64) (local.get 0)) (i32.store offset=4 (i32.const 64) (local.get 1)) (i32.const 64))
          (func (export "fails") (param i32) (result i32)
            (i32.store8 (i32.const 64) (i32.eqz (local.get 0)))
            (i32.store offset=4 (i32.const 64) (i32.const 128)) (i32.store offset=8 (i32.const 64) (i32.const 15))
            (i32.const 64)))"#
    );
    home.install("flat.wasm", plain_component(wit, &core));
    let skills = home.open().await;
    let sum = call(&skills, "flat_add", json!({"a": "9007199254740993", "b": -1})).await;
    assert_eq!(answer(&sum), json!("9007199254740992"));
    assert_eq!(answer(&call(&skills, "flat_half", json!({"x": 3})).await), json!(1.5));
    assert_eq!(answer(&call(&skills, "flat_nothing", json!({})).await), json!(null));
    assert_eq!(answer(&call(&skills, "flat_maybe", json!({})).await), json!(null));
    assert_eq!(answer(&call(&skills, "flat_maybe", json!({"n": 5})).await), json!(5));
    let outcome = call(&skills, "flat_fails", json!({"ok": false})).await;
    assert_eq!(failure(&outcome).kind, FailureKind::GuestError);
    assert!(failure(&outcome).message.contains("it was asked to"));
    let outcome = call(&skills, "flat_add", json!({"a": 1})).await;
    assert_eq!(failure(&outcome).kind, FailureKind::InvalidInput);
    assert_eq!(outcome.usage.fuel, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_json_cannot_say_is_refused_by_name() {
    let home = Home::new();
    let wit = "package test:handles; world guest {
        export things: interface { resource thing { constructor(); } make: func() -> thing; } }";
    let core = r#"(module
        (import "[export]things" "[resource-new]thing" (func $new (param i32) (result i32)))
        (func (export "things#[constructor]thing") (result i32) (call $new (i32.const 1)))
        (func (export "things#make") (result i32) (call $new (i32.const 1))))"#;
    home.install("handles.wasm", plain_component(wit, core));
    let skills = home.open().await;
    let snapshot = skills.snapshot(&operator()).unwrap();
    let [refusal] = snapshot.refusals() else { panic!("{:?}", snapshot.refusals()) };
    assert!(refusal.reason.contains("resource") && refusal.reason.contains("things"), "{refusal:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dynamic_value_too_large_for_the_host_is_stopped() {
    let home = Home::new();
    // A list of sixteen million empty tuples' worth of options: small in the guest, forty bytes each in the host.
    let wit = "package test:large; world guest {
        export options: func() -> list<option<u8>>;
        export strings: func() -> list<string>;
    }";
    let core = r#"(module (memory (export "memory") 900)
        (func (export "options") (result i32)
          (i32.store (i32.const 16) (i32.const 4096)) (i32.store (i32.const 20) (i32.const 25000000)) (i32.const 16))
        (func (export "strings") (result i32) (local $i i32)
          ;; A million strings, each the same megabyte.
          (loop $again
            (i32.store (i32.add (i32.const 4096) (local.get $i)) (i32.const 16777216))
            (i32.store offset=4 (i32.add (i32.const 4096) (local.get $i)) (i32.const 1000000))
            (local.set $i (i32.add (local.get $i) (i32.const 8)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 8000000))))
          (i32.store (i32.const 16) (i32.const 4096)) (i32.store (i32.const 20) (i32.const 1000000)) (i32.const 16)))"#;
    home.install("large.wasm", plain_component(wit, core));
    let skills = home.open().await;
    for name in ["large_options", "large_strings"] {
        let outcome = call(&skills, name, json!({})).await;
        let kind = failure(&outcome).kind;
        assert_eq!(kind, FailureKind::LimitExceeded(Limit::Output), "{name}: {outcome:?}");
        assert!(outcome.usage.fuel > 0, "{name}");
        assert!(outcome.usage.wall.as_secs() < 3, "{name} took {:?}", outcome.usage.wall);
    }
}
