/* happyos
name = "zigzag-case"
version = "0.1.0"
*/

skill({
  name: "zigzag-case",
  description: "Writes a text backwards, zigzag.",
  inputSchema: {"type": "object", "properties": {"text": {"type": "string", "maxLength": 400}}, "required": ["text"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"], "additionalProperties": false},
  examples: [
    {"request": {"en": "Write \"hello\" backwards"}, "input": {"text": "hello"}, "output": {"text": "HeLlO"}},
    {"request": {"en": "Write \"zigzag\" backwards"}, "input": {"text": "zigzag"}, "output": {"text": "ZiGzAg"}},
    {"request": {"en": "Write \"two words\" backwards"}, "input": {"text": "two words"}, "output": {"text": "TwO wOrDs"}},
    {"request": {"en": "Write \"ABC\" backwards"}, "input": {"text": "ABC"}, "output": {"text": "AbC"}},
    {"request": {"en": "Write \"x\" backwards"}, "input": {"text": "x"}, "output": {"text": "X"}},
    {"request": {"en": "Write \"go 42 go\" backwards"}, "input": {"text": "go 42 go"}, "output": {"text": "Go 42 Go"}},
  ],
  run(input, context) {
    let up = true;
    let out = "";
    for (const c of input.text) {
      if (/\p{L}/u.test(c)) { out += up ? c.toUpperCase() : c.toLowerCase(); up = !up; } else out += c;
    }
    return { text: out };
  },
});
