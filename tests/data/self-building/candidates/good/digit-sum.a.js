/* happyos
name = "digit-sum"
version = "0.1.0"
*/

skill({
  name: "digit-sum",
  description: "Adds up the digits of a whole number.",
  inputSchema: {"type": "object", "properties": {"number": {"type": "integer", "minimum": 0, "maximum": 999999999999}}, "required": ["number"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"], "additionalProperties": false},
  examples: [
    {"request": {"en": "Add up the digits of 12"}, "input": {"number": 12}, "output": {"sum": 3}},
    {"request": {"en": "Add up the digits of 305"}, "input": {"number": 305}, "output": {"sum": 8}},
    {"request": {"en": "Add up the digits of 99"}, "input": {"number": 99}, "output": {"sum": 18}},
    {"request": {"en": "Add up the digits of 7"}, "input": {"number": 7}, "output": {"sum": 7}},
    {"request": {"en": "Add up the digits of 4821"}, "input": {"number": 4821}, "output": {"sum": 15}},
    {"request": {"en": "Add up the digits of 100"}, "input": {"number": 100}, "output": {"sum": 1}},
  ],
  run(input, context) {
    return { sum: [...String(input.number)].reduce((sum, digit) => sum + Number(digit), 0) };
  },
});
