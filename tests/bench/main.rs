fn main(){ let g = happyos_tests::SkillGuest{ manifest: "{\"name\":\"x\"}", imports: happyos_tests::guest::LOG, post_return: "(loop (br 0))", memory: "65536", fields: "(table 10 funcref) (func $s) (start $s)", ..Default::default()}.component(); println!("{}", g.len());
 std::fs::write("/tmp/g.wasm",&g).unwrap();
 let e = happyos_tests::guest::echo_component("record r { a: u8, b: option<string> }", &["u64","r","result<u8,string>","option<option<u8>>"]); println!("{}", e.len());
 let t=std::time::Instant::now();
 let b = happyos_tests::bombs::branches_and_locals("b", 8000,1000); println!("{} {:?}", b.len(), t.elapsed());
 let b = happyos_tests::bombs::empty_functions("b", 100_000); println!("{} {:?}", b.len(), t.elapsed());
}
