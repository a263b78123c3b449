/* happyos
name = "chunk-list"
version = "0.1.0"
*/

skill({
  name: "chunk-list",
  description: "Splits a list of numbers into parts of a size.",
  inputSchema: {"type": "object", "properties": {"items": {"type": "array", "items": {"type": "integer"}, "maxItems": 6}, "size": {"type": "integer", "minimum": 1, "maximum": 4}}, "required": ["items", "size"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"parts": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}}, "required": ["parts"], "additionalProperties": false},
  examples: [
    {"request": {"en": "Split [1, 2, 3, 4] into parts of 2"}, "input": {"items": [1, 2, 3, 4], "size": 2}, "output": {"parts": [[1, 2], [3, 4]]}},
    {"request": {"en": "Split [1, 2, 3, 4, 5, 6] into parts of 3"}, "input": {"items": [1, 2, 3, 4, 5, 6], "size": 3}, "output": {"parts": [[1, 2, 3], [4, 5, 6]]}},
    {"request": {"en": "Split [5, 6] into parts of 1"}, "input": {"items": [5, 6], "size": 1}, "output": {"parts": [[5], [6]]}},
    {"request": {"en": "Split [1, 2, 3, 4] into parts of 4"}, "input": {"items": [1, 2, 3, 4], "size": 4}, "output": {"parts": [[1, 2, 3, 4]]}},
    {"request": {"en": "Split [9, 8, 7, 6] into parts of 2"}, "input": {"items": [9, 8, 7, 6], "size": 2}, "output": {"parts": [[9, 8], [7, 6]]}},
    {"request": {"en": "Split [1, 1, 1] into parts of 3"}, "input": {"items": [1, 1, 1], "size": 3}, "output": {"parts": [[1, 1, 1]]}},
  ],
  run(input, context) {
    const parts = [];
    for (let at = 0; at < input.items.length; at += input.size) parts.push(input.items.slice(at, at + input.size));
    return { parts };
  },
});
