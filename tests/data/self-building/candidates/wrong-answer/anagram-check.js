/* happyos
name = "anagram-check"
version = "0.1.0"
*/
skill({
  name: "anagram-check",
  description: "Says whether two texts are anagrams of each other; case and spaces do not count.",
  inputSchema: {"type": "object", "properties": {"first": {"type": "string", "maxLength": 500}, "second": {"type": "string", "maxLength": 500}}, "required": ["first", "second"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"anagram": {"type": "boolean"}}, "required": ["anagram"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "Are \"listen\" and \"silent\" anagrams?", "sv": "Är \"listen\" och \"silent\" anagram?"}, "input": {"first": "listen", "second": "silent"}},
    {"request": {"en": "Are \"hello\" and \"world\" anagrams?", "sv": "Är \"hello\" och \"world\" anagram?"}, "input": {"first": "hello", "second": "world"}},
    {"request": {"en": "Are \"Dormitory\" and \"dirty room\" anagrams?", "sv": "Är \"Dormitory\" och \"dirty room\" anagram?"}, "input": {"first": "Dormitory", "second": "dirty room"}},
    {"request": {"en": "Are \"abc\" and \"cab\" anagrams?", "sv": "Är \"abc\" och \"cab\" anagram?"}, "input": {"first": "abc", "second": "cab"}},
    {"request": {"en": "Are \"night\" and \"thing\" anagrams?", "sv": "Är \"night\" och \"thing\" anagram?"}, "input": {"first": "night", "second": "thing"}},
    {"request": {"en": "Are \"apple\" and \"papel\" anagrams?", "sv": "Är \"apple\" och \"papel\" anagram?"}, "input": {"first": "apple", "second": "papel"}},
    {"request": {"en": "Are \"test\" and \"tset\" anagrams?", "sv": "Är \"test\" och \"tset\" anagram?"}, "input": {"first": "test", "second": "tset"}},
    {"request": {"en": "Are \"one\" and \"two\" anagrams?", "sv": "Är \"one\" och \"two\" anagram?"}, "input": {"first": "one", "second": "two"}},
  ],
  run({ first, second }) {
    return { anagram: first.length === second.length };
  },
});
