//! Identifiers: of requests, and of bytes by their digest.

use std::fmt;

/// Names one request in logs, traces and answers: 32 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestId(u128);

impl RequestId {
    /// The id made of these bits.
    pub fn from_bits(bits: u128) -> RequestId {
        RequestId(bits)
    }

    /// Its bits.
    pub fn bits(&self) -> u128 {
        self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Names one task: 32 hexadecimal digits, the first twelve of them its milliseconds since 1970, so that ids sort by age,
/// the others drawn at random, so that nobody guesses one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(u128);

impl TaskId {
    /// Bits of it that are drawn at random.
    const RANDOM_BITS: u32 = 80;

    /// The id of a task of that moment; `random` gives its lower 80 bits.
    pub fn at(time_ms: u64, random: u128) -> TaskId {
        let random = random & ((1 << Self::RANDOM_BITS) - 1);
        TaskId((u128::from(time_ms & ((1 << 48) - 1)) << Self::RANDOM_BITS) | random)
    }

    /// When it was made, in milliseconds since 1970.
    pub fn time_ms(self) -> u64 {
        u64::try_from(self.0 >> Self::RANDOM_BITS).unwrap_or(u64::MAX)
    }

    /// As it is stored: in an order that is that of age.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Read from what was stored.
    pub fn from_bytes(bytes: [u8; 16]) -> TaskId {
        TaskId(u128::from_be_bytes(bytes))
    }

    /// Reads 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<TaskId> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then(|| u128::from_str_radix(text, 16).ok().map(TaskId)).flatten()
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The SHA-256 of a file's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Digest {
        use sha2::Digest as _;
        Digest(sha2::Sha256::digest(bytes).into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Digest> {
        let text = text.as_bytes();
        if text.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            let digits = std::str::from_utf8(pair).ok()?;
            *byte = u8::from_str_radix(digits, 16).ok()?;
        }
        Some(Digest(bytes))
    }

    /// The first twelve digits: enough for people.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(12);
        text
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_sort_by_age_and_read_back() {
        let (old, new) = (TaskId::at(1_000, u128::MAX), TaskId::at(1_001, 0));
        assert!(old < new && old.to_bytes() < new.to_bytes());
        assert_eq!(TaskId::parse(&old.to_string()), Some(old));
        assert_eq!(TaskId::from_bytes(new.to_bytes()), new);
        for text in ["", "+1", "0x", &"g".repeat(32), &"0".repeat(33), &format!("+{}", "0".repeat(31))] {
            assert_eq!(TaskId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_digest_reads_back_what_it_prints() {
        let digest = Digest::of(b"happy");
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
        assert_eq!(Digest::parse("zz"), None);
        assert_eq!(Digest::parse(&"g".repeat(64)), None);
    }
}
