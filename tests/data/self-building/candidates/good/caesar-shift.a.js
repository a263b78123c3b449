/* happyos
name = "caesar-shift"
version = "0.1.0"
*/
skill({
  name: "caesar-shift",
  description: "Shifts the letters A to Z of a text along the alphabet, as in a Caesar cipher.",
  inputSchema: {"type": "object", "properties": {"text": {"type": "string", "maxLength": 2000}, "shift": {"type": "integer", "minimum": -26, "maximum": 26}}, "required": ["text", "shift"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "Encrypt \"abc\" with a Caesar cipher of 1", "sv": "Kryptera \"abc\" med caesarchiffer 1"}, "input": {"text": "abc", "shift": 1}, "output": {"text": "bcd"}},
    {"request": {"en": "Encrypt \"Hello, World!\" with a Caesar cipher of 3", "sv": "Kryptera \"Hello, World!\" med caesarchiffer 3"}, "input": {"text": "Hello, World!", "shift": 3}, "output": {"text": "Khoor, Zruog!"}},
    {"request": {"en": "Encrypt \"xyz\" with a Caesar cipher of 3", "sv": "Kryptera \"xyz\" med caesarchiffer 3"}, "input": {"text": "xyz", "shift": 3}, "output": {"text": "abc"}},
    {"request": {"en": "Encrypt \"Attack at dawn\" with a Caesar cipher of 13", "sv": "Kryptera \"Attack at dawn\" med caesarchiffer 13"}, "input": {"text": "Attack at dawn", "shift": 13}, "output": {"text": "Nggnpx ng qnja"}},
    {"request": {"en": "Encrypt \"zebra\" with a Caesar cipher of 1", "sv": "Kryptera \"zebra\" med caesarchiffer 1"}, "input": {"text": "zebra", "shift": 1}, "output": {"text": "afcsb"}},
    {"request": {"en": "Encrypt \"The End\" with a Caesar cipher of 5", "sv": "Kryptera \"The End\" med caesarchiffer 5"}, "input": {"text": "The End", "shift": 5}, "output": {"text": "Ymj Jsi"}},
    {"request": {"en": "Encrypt \"abc\" with a Caesar cipher of 0", "sv": "Kryptera \"abc\" med caesarchiffer 0"}, "input": {"text": "abc", "shift": 0}, "output": {"text": "abc"}},
    {"request": {"en": "Encrypt \"secret\" with a Caesar cipher of 7", "sv": "Kryptera \"secret\" med caesarchiffer 7"}, "input": {"text": "secret", "shift": 7}, "output": {"text": "zljyla"}},
  ],
  run({ text, shift }) {
    const turn = (code, base) => String.fromCharCode(((code - base + shift + 52) % 26) + base);
    return { text: text.replace(/[a-z]/g, (c) => turn(c.charCodeAt(0), 97)).replace(/[A-Z]/g, (c) => turn(c.charCodeAt(0), 65)) };
  },
});
