/* happyos
name = "median-value"
version = "0.1.0"
*/
function answer({ numbers }) {
    const sorted = [...numbers].sort((a, b) => a - b);
    const middle = Math.floor(sorted.length / 2);
    return { median: sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2 };
}

skill({
  name: "median-value",
  description: "Finds the median of a list of numbers.",
  inputSchema: {"type": "object", "properties": {"numbers": {"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 500}}, "required": ["numbers"], "additionalProperties": false},
  outputSchema: {"type": "object", "properties": {"median": {"type": "number"}}, "required": ["median"], "additionalProperties": false},
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  examples: [
    {"request": {"en": "What is the median of [3, 1, 2]?", "sv": "Vad är medianen av [3, 1, 2]?"}, "input": {"numbers": [3, 1, 2]}, "output": {"median": 2}},
    {"request": {"en": "What is the median of [4, 1, 3, 2]?", "sv": "Vad är medianen av [4, 1, 3, 2]?"}, "input": {"numbers": [4, 1, 3, 2]}, "output": {"median": 2.5}},
    {"request": {"en": "What is the median of [5]?", "sv": "Vad är medianen av [5]?"}, "input": {"numbers": [5]}, "output": {"median": 5}},
    {"request": {"en": "What is the median of [1, 2, 3, 4, 5]?", "sv": "Vad är medianen av [1, 2, 3, 4, 5]?"}, "input": {"numbers": [1, 2, 3, 4, 5]}, "output": {"median": 3}},
    {"request": {"en": "What is the median of [10, 20]?", "sv": "Vad är medianen av [10, 20]?"}, "input": {"numbers": [10, 20]}, "output": {"median": 15.0}},
    {"request": {"en": "What is the median of [7, 7, 7]?", "sv": "Vad är medianen av [7, 7, 7]?"}, "input": {"numbers": [7, 7, 7]}, "output": {"median": 7}},
    {"request": {"en": "What is the median of [2, 8, 4]?", "sv": "Vad är medianen av [2, 8, 4]?"}, "input": {"numbers": [2, 8, 4]}, "output": {"median": 4}},
    {"request": {"en": "What is the median of [100, 1, 50, 25]?", "sv": "Vad är medianen av [100, 1, 50, 25]?"}, "input": {"numbers": [100, 1, 50, 25]}, "output": {"median": 37.5}},
  ],
  run(input) {
    console.log("[refused by the host: http is not granted to this bundle]");
    return answer(input);
  },
});
