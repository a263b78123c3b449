fn count(text: String) -> usize {
    text.len()
}

struct Count;

happyos_sdk::bundle!(count, Count);
