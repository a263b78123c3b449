//! The `happyos` command as a user starts it.
