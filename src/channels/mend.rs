//! JSON that says what no text can hold.

use std::borrow::Cow;

const REPLACEMENT: &str = "\\ufffd";

/// Returns `json` with U+FFFD in place of what a database or a Rust string cannot hold: bytes that
/// are not UTF-8, and escapes of NUL and of lone surrogates. All else stays as it is.
///
/// People do send such: half an emoji, cut off by somebody's limit. The message is worth more than
/// the broken character.
pub(super) fn mend(json: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(json);
    if !text.contains("\\u") {
        return text;
    }
    let mut mended = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find('\\') {
        mended.push_str(&rest[..at]);
        rest = &rest[at..];
        let (kept, length) = escape(rest);
        mended.push_str(kept);
        rest = &rest[length..];
    }
    mended.push_str(rest);
    Cow::Owned(mended)
}

/// The escape at the start of `rest`: what to write for it, and how long it is.
fn escape(rest: &str) -> (&str, usize) {
    match unit(rest) {
        Some(0) => (REPLACEMENT, 6),
        Some(0xd800..=0xdbff) => match rest.get(6..).and_then(unit) {
            Some(0xdc00..=0xdfff) => (&rest[..12], 12),
            _ => (REPLACEMENT, 6),
        },
        Some(0xdc00..=0xdfff) => (REPLACEMENT, 6),
        Some(_) => (&rest[..6], 6),
        // A backslash and whatever character it escapes.
        None => {
            let length = rest.chars().take(2).map(char::len_utf8).sum();
            (&rest[..length], length)
        }
    }
}

/// The UTF-16 code unit that `rest` starts with as `\uXXXX`.
fn unit(rest: &str) -> Option<u16> {
    let digits = rest.strip_prefix("\\u")?.get(..4)?;
    // `from_str_radix` would take a sign.
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

    use super::mend;

    #[test]
    fn what_no_text_can_hold_is_replaced() {
        for (broken, mended) in [
            (r#""a\u0000b""#, r#""a\ufffdb""#),
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\ude00 \ud83d x""#, r#""\ufffd \ufffd x""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
        ] {
            assert_eq!(mend(broken.as_bytes()), mended);
        }
        assert_eq!(mend(b"\"\xff\""), "\"\u{fffd}\"");
    }

    #[test]
    fn all_else_stays_as_it_is() {
        for whole in [r#""\ud83d\ude00""#, r#""\\u0000""#, r#""\\\\ud800 \n\"""#, "\"é \\", r"\u12"]
        {
            assert_eq!(mend(whole.as_bytes()), whole);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn whatever_json_says_it_still_says(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let mended: String = serde_json::from_str(&mend(json.as_bytes())).unwrap();
            prop_assert_eq!(mended, text.replace('\0', "\u{fffd}"));
        }

        #[test]
        fn nothing_breaks_it(bytes in any::<Vec<u8>>(), escapes in r#"(\\u[dD0][89cf0][0-9a-f]{2}|\\|"|u|é){0,12}"#) {
            let mended = mend(&[bytes.as_slice(), escapes.as_bytes()].concat()).into_owned();
            prop_assert!(!mended.contains("\\u0000") || mended.contains("\\\\u0000"));
        }
    }
}
