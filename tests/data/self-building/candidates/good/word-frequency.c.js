/* happyos
name = "word-frequency"
version = "0.1.0"
*/

skill({
  name: "word-frequency",
  description: "Counts how often each word occurs in a text.",
  inputSchema: {"type": "object", "properties": {"text": {"type": "string", "maxLength": 400}}, "required": ["text"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"counts": {"type": "object", "additionalProperties": {"type": "integer"}}}, "required": ["counts"], "additionalProperties": false},
  examples: [
    {"request": {"en": "How often does each word occur in \"red blue red\"?"}, "input": {"text": "red blue red"}, "output": {"counts": {"red": 2, "blue": 1}}},
    {"request": {"en": "How often does each word occur in \"one\"?"}, "input": {"text": "one"}, "output": {"counts": {"one": 1}}},
    {"request": {"en": "How often does each word occur in \"the cat and the dog\"?"}, "input": {"text": "the cat and the dog"}, "output": {"counts": {"the": 2, "cat": 1, "and": 1, "dog": 1}}},
    {"request": {"en": "How often does each word occur in \"Yes yes YES\"?"}, "input": {"text": "Yes yes YES"}, "output": {"counts": {"yes": 3}}},
    {"request": {"en": "How often does each word occur in \"a b c\"?"}, "input": {"text": "a b c"}, "output": {"counts": {"a": 1, "b": 1, "c": 1}}},
    {"request": {"en": "How often does each word occur in \"hi there, hi\"?"}, "input": {"text": "hi there, hi"}, "output": {"counts": {"hi": 2, "there": 1}}},
  ],
  run(input, context) {
    console.log("counting");
    const counts = {};
    for (const word of input.text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []) counts[word] = (counts[word] ?? 0) + 1;
    return { counts };
  },
});
