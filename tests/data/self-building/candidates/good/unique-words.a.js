/* happyos
name = "unique-words"
version = "0.1.0"
*/
skill({
  name: "unique-words",
  description: "Lists the different words of a text in small letters, in the order in which they first occur.",
  inputSchema: {"type": "object", "properties": {"text": {"type": "string", "maxLength": 3000}}, "required": ["text"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"words": {"type": "array", "items": {"type": "string"}}}, "required": ["words"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "List the different words of \"the cat and the dog\"", "sv": "Lista de olika orden i \"the cat and the dog\""}, "input": {"text": "the cat and the dog"}, "output": {"words": ["the", "cat", "and", "dog"]}},
    {"request": {"en": "List the different words of \"one two one\"", "sv": "Lista de olika orden i \"one two one\""}, "input": {"text": "one two one"}, "output": {"words": ["one", "two"]}},
    {"request": {"en": "List the different words of \"a b c a\"", "sv": "Lista de olika orden i \"a b c a\""}, "input": {"text": "a b c a"}, "output": {"words": ["a", "b", "c"]}},
    {"request": {"en": "List the different words of \"hello\"", "sv": "Lista de olika orden i \"hello\""}, "input": {"text": "hello"}, "output": {"words": ["hello"]}},
    {"request": {"en": "List the different words of \"yes yes yes\"", "sv": "Lista de olika orden i \"yes yes yes\""}, "input": {"text": "yes yes yes"}, "output": {"words": ["yes"]}},
    {"request": {"en": "List the different words of \"To be or not to be\"", "sv": "Lista de olika orden i \"To be or not to be\""}, "input": {"text": "To be or not to be"}, "output": {"words": ["to", "be", "or", "not"]}},
    {"request": {"en": "List the different words of \"red green red blue\"", "sv": "Lista de olika orden i \"red green red blue\""}, "input": {"text": "red green red blue"}, "output": {"words": ["red", "green", "blue"]}},
    {"request": {"en": "List the different words of \"x\"", "sv": "Lista de olika orden i \"x\""}, "input": {"text": "x"}, "output": {"words": ["x"]}},
  ],
  run({ text }) {
    return { words: [...new Set(text.toLowerCase().split(/\s+/).filter(Boolean))] };
  },
});
