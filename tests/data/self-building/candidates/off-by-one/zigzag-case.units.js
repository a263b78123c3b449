/* happyos
name = "zigzag-case"
version = "0.1.0"
*/

skill({
  name: "zigzag-case",
  description: "Writes the letters of a text in capital and small by turns.",
  inputSchema: {"type": "object", "properties": {"text": {"type": "string", "maxLength": 400}}, "required": ["text"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"], "additionalProperties": false},
  examples: [
    {"request": {"en": "Write \"hello\" in zigzag case"}, "input": {"text": "hello"}, "output": {"text": "HeLlO"}},
    {"request": {"en": "Write \"zigzag\" in zigzag case"}, "input": {"text": "zigzag"}, "output": {"text": "ZiGzAg"}},
    {"request": {"en": "Write \"two words\" in zigzag case"}, "input": {"text": "two words"}, "output": {"text": "TwO wOrDs"}},
    {"request": {"en": "Write \"ABC\" in zigzag case"}, "input": {"text": "ABC"}, "output": {"text": "AbC"}},
    {"request": {"en": "Write \"x\" in zigzag case"}, "input": {"text": "x"}, "output": {"text": "X"}},
    {"request": {"en": "Write \"go 42 go\" in zigzag case"}, "input": {"text": "go 42 go"}, "output": {"text": "Go 42 Go"}},
  ],
  run(input, context) {
    let up = true, out = "";
    for (let k = 0; k < input.text.length; k++) { const c = input.text[k]; if (/[a-z]/i.test(c)) { out += up ? c.toUpperCase() : c.toLowerCase(); up = !up; } else out += c; }
    return { text: out };
  },
});
