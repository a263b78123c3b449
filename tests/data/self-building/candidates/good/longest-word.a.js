/* happyos
name = "longest-word"
version = "0.1.0"
*/
skill({
  name: "longest-word",
  description: "Finds the longest word of a text, the first where several are as long.",
  inputSchema: {"type": "object", "properties": {"text": {"type": "string", "maxLength": 3000}}, "required": ["text"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "What is the longest word in \"the quick brown fox\"?", "sv": "Vilket är det längsta ordet i \"the quick brown fox\"?"}, "input": {"text": "the quick brown fox"}, "output": {"word": "quick"}},
    {"request": {"en": "What is the longest word in \"a bb ccc\"?", "sv": "Vilket är det längsta ordet i \"a bb ccc\"?"}, "input": {"text": "a bb ccc"}, "output": {"word": "ccc"}},
    {"request": {"en": "What is the longest word in \"hello world\"?", "sv": "Vilket är det längsta ordet i \"hello world\"?"}, "input": {"text": "hello world"}, "output": {"word": "hello"}},
    {"request": {"en": "What is the longest word in \"one three five\"?", "sv": "Vilket är det längsta ordet i \"one three five\"?"}, "input": {"text": "one three five"}, "output": {"word": "three"}},
    {"request": {"en": "What is the longest word in \"extraordinary day\"?", "sv": "Vilket är det längsta ordet i \"extraordinary day\"?"}, "input": {"text": "extraordinary day"}, "output": {"word": "extraordinary"}},
    {"request": {"en": "What is the longest word in \"to be or not to be\"?", "sv": "Vilket är det längsta ordet i \"to be or not to be\"?"}, "input": {"text": "to be or not to be"}, "output": {"word": "not"}},
    {"request": {"en": "What is the longest word in \"red yellow blue\"?", "sv": "Vilket är det längsta ordet i \"red yellow blue\"?"}, "input": {"text": "red yellow blue"}, "output": {"word": "yellow"}},
    {"request": {"en": "What is the longest word in \"single\"?", "sv": "Vilket är det längsta ordet i \"single\"?"}, "input": {"text": "single"}, "output": {"word": "single"}},
  ],
  run({ text }) {
    let word = "";
    for (const next of text.split(/\s+/)) if ([...next].length > [...word].length) word = next;
    return { word };
  },
});
