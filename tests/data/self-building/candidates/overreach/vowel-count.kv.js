/* happyos
name = "vowel-count"
version = "0.1.0"
[grants]
kv_bytes = 65536
*/
skill({
  name: "vowel-count",
  description: "Counts the vowels a, e, i, o and u of an English text.",
  inputSchema: {"type": "object", "properties": {"text": {"type": "string", "maxLength": 2000, "description": "The text."}}, "required": ["text"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"vowels": {"type": "integer", "minimum": 0}}, "required": ["vowels"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "How many vowels are there in \"banana\"?", "sv": "Hur många vokaler finns i \"banana\"?"}, "input": {"text": "banana"}, "output": {"vowels": 3}},
    {"request": {"en": "How many vowels are there in \"hello world\"?", "sv": "Hur många vokaler finns i \"hello world\"?"}, "input": {"text": "hello world"}, "output": {"vowels": 3}},
    {"request": {"en": "How many vowels are there in \"rhythm\"?", "sv": "Hur många vokaler finns i \"rhythm\"?"}, "input": {"text": "rhythm"}, "output": {"vowels": 0}},
    {"request": {"en": "How many vowels are there in \"AEIOU aeiou\"?", "sv": "Hur många vokaler finns i \"AEIOU aeiou\"?"}, "input": {"text": "AEIOU aeiou"}, "output": {"vowels": 10}},
    {"request": {"en": "How many vowels are there in \"Sky\"?", "sv": "Hur många vokaler finns i \"Sky\"?"}, "input": {"text": "Sky"}, "output": {"vowels": 0}},
    {"request": {"en": "How many vowels are there in \"queue\"?", "sv": "Hur många vokaler finns i \"queue\"?"}, "input": {"text": "queue"}, "output": {"vowels": 4}},
    {"request": {"en": "How many vowels are there in \"strengths\"?", "sv": "Hur många vokaler finns i \"strengths\"?"}, "input": {"text": "strengths"}, "output": {"vowels": 1}},
    {"request": {"en": "How many vowels are there in \"a\"?", "sv": "Hur många vokaler finns i \"a\"?"}, "input": {"text": "a"}, "output": {"vowels": 1}},
  ],
  run({ text }) {
    return { vowels: (text.match(/[aeiou]/gi) ?? []).length };
  },
});
