/* happyos
name = "vowel-count"
version = "0.1.0"
*/
skill({
  name: "vowel-count",
  description: "Counts the vowels a, e, i, o and u of an English text.",
  inputSchema: {"type": "object", "properties": {"text": {"type": "string", "maxLength": 2000, "description": "The text."}}, "required": ["text"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"vowels": {"type": "integer", "minimum": 0}}, "required": ["vowels"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "How many vowels are there in \"banana\"?", "sv": "Hur många vokaler finns i \"banana\"?"}, "input": {"text": "banana"}},
    {"request": {"en": "How many vowels are there in \"hello world\"?", "sv": "Hur många vokaler finns i \"hello world\"?"}, "input": {"text": "hello world"}},
    {"request": {"en": "How many vowels are there in \"rhythm\"?", "sv": "Hur många vokaler finns i \"rhythm\"?"}, "input": {"text": "rhythm"}},
    {"request": {"en": "How many vowels are there in \"AEIOU aeiou\"?", "sv": "Hur många vokaler finns i \"AEIOU aeiou\"?"}, "input": {"text": "AEIOU aeiou"}},
    {"request": {"en": "How many vowels are there in \"Sky\"?", "sv": "Hur många vokaler finns i \"Sky\"?"}, "input": {"text": "Sky"}},
    {"request": {"en": "How many vowels are there in \"queue\"?", "sv": "Hur många vokaler finns i \"queue\"?"}, "input": {"text": "queue"}},
    {"request": {"en": "How many vowels are there in \"strengths\"?", "sv": "Hur många vokaler finns i \"strengths\"?"}, "input": {"text": "strengths"}},
    {"request": {"en": "How many vowels are there in \"a\"?", "sv": "Hur många vokaler finns i \"a\"?"}, "input": {"text": "a"}},
  ],
  run({ text }) {
    let vowels = 0;
    for (let at = 0; at < text.length - 1; at++) if (/[aeiou]/i.test(text[at])) vowels++;
    return { vowels };
  },
});
