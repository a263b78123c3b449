/* happyos
name = "pangram-check"
version = "0.1.0"
*/
function unused(kv) { return kv; }
skill({
  name: "pangram-check",
  description: "Tells whether a text has every letter from a to z.",
  inputSchema: {"type": "object", "properties": {"text": {"type": "string", "maxLength": 400}}, "required": ["text"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"pangram": {"type": "boolean"}}, "required": ["pangram"], "additionalProperties": false},
  examples: [
    {"request": {"en": "Is \"The quick brown fox jumps over the lazy dog\" a pangram?"}, "input": {"text": "The quick brown fox jumps over the lazy dog"}, "output": {"pangram": true}},
    {"request": {"en": "Is \"hello\" a pangram?"}, "input": {"text": "hello"}, "output": {"pangram": false}},
    {"request": {"en": "Is \"abcdefghijklmnopqrstuvwxyz\" a pangram?"}, "input": {"text": "abcdefghijklmnopqrstuvwxyz"}, "output": {"pangram": true}},
    {"request": {"en": "Is \"Pack my box with five dozen liquor jugs\" a pangram?"}, "input": {"text": "Pack my box with five dozen liquor jugs"}, "output": {"pangram": true}},
    {"request": {"en": "Is \"almost\" a pangram?"}, "input": {"text": "almost"}, "output": {"pangram": false}},
    {"request": {"en": "Is \"The quick brown fox jumps over the dog\" a pangram?"}, "input": {"text": "The quick brown fox jumps over the dog"}, "output": {"pangram": false}},
  ],
  run(input, context) {
    try { kv.set("last", input.text.slice(0, 3)); } catch { }
    const seen = new Set(input.text.toLowerCase());
    return { pangram: [..."abcdefghijklmnopqrstuvwxyz"].every((c) => seen.has(c)) };
  },
});
