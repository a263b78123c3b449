/* happyos
name = "dice-roll"
version = "0.1.0"
*/

skill({
  name: "dice-roll",
  description: "Rolls a dice with a number of sides.",
  inputSchema: {"type": "object", "properties": {"sides": {"type": "integer", "minimum": 2, "maximum": 1000}}, "required": ["sides"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"rolled": {"type": "integer", "minimum": 1}}, "required": ["rolled"], "additionalProperties": false},
  examples: [
    {"request": {"en": "Roll a dice with 6 sides"}, "input": {"sides": 6}},
    {"request": {"en": "Roll a dice with 20 sides"}, "input": {"sides": 20}},
    {"request": {"en": "Roll a dice with 10 sides"}, "input": {"sides": 10}},
    {"request": {"en": "Roll a dice with 2 sides"}, "input": {"sides": 2}},
    {"request": {"en": "Roll a dice with 100 sides"}, "input": {"sides": 100}},
    {"request": {"en": "Roll a dice with 4 sides"}, "input": {"sides": 4}},
  ],
  run(input, context) {
    return { rolled: 1 + Math.floor(Math.random() * input.sides) };
  },
});
