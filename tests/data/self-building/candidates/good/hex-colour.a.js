/* happyos
name = "hex-colour"
version = "0.1.0"
*/
skill({
  name: "hex-colour",
  description: "Splits a colour in hexadecimal into red, green and blue from 0 to 255.",
  inputSchema: {"type": "object", "properties": {"hex": {"type": "string", "pattern": "^#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$"}}, "required": ["hex"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"red": {"type": "integer", "minimum": 0, "maximum": 255}, "green": {"type": "integer", "minimum": 0, "maximum": 255}, "blue": {"type": "integer", "minimum": 0, "maximum": 255}}, "required": ["red", "green", "blue"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "What are the RGB values of the colour #ff0000?", "sv": "Vilka RGB-värden har färgen #ff0000?"}, "input": {"hex": "#ff0000"}, "output": {"red": 255, "green": 0, "blue": 0}},
    {"request": {"en": "What are the RGB values of the colour #00ff00?", "sv": "Vilka RGB-värden har färgen #00ff00?"}, "input": {"hex": "#00ff00"}, "output": {"red": 0, "green": 255, "blue": 0}},
    {"request": {"en": "What are the RGB values of the colour 0000ff?", "sv": "Vilka RGB-värden har färgen 0000ff?"}, "input": {"hex": "0000ff"}, "output": {"red": 0, "green": 0, "blue": 255}},
    {"request": {"en": "What are the RGB values of the colour #FFFFFF?", "sv": "Vilka RGB-värden har färgen #FFFFFF?"}, "input": {"hex": "#FFFFFF"}, "output": {"red": 255, "green": 255, "blue": 255}},
    {"request": {"en": "What are the RGB values of the colour #000000?", "sv": "Vilka RGB-värden har färgen #000000?"}, "input": {"hex": "#000000"}, "output": {"red": 0, "green": 0, "blue": 0}},
    {"request": {"en": "What are the RGB values of the colour #336699?", "sv": "Vilka RGB-värden har färgen #336699?"}, "input": {"hex": "#336699"}, "output": {"red": 51, "green": 102, "blue": 153}},
    {"request": {"en": "What are the RGB values of the colour #abc?", "sv": "Vilka RGB-värden har färgen #abc?"}, "input": {"hex": "#abc"}, "output": {"red": 170, "green": 187, "blue": 204}},
    {"request": {"en": "What are the RGB values of the colour a1b2c3?", "sv": "Vilka RGB-värden har färgen a1b2c3?"}, "input": {"hex": "a1b2c3"}, "output": {"red": 161, "green": 178, "blue": 195}},
  ],
  run({ hex }) {
    let digits = hex.replace("#", "");
    if (digits.length === 3) digits = [...digits].map((c) => c + c).join("");
    const part = (at) => parseInt(digits.slice(at, at + 2), 16);
    return { red: part(0), green: part(2), blue: part(4) };
  },
});
