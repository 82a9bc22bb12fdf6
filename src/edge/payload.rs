//! The body of a poll: packets of text, one after the other.

/// What separates packets.
/// <https://socket.io/docs/v4/engine-io-protocol/#http-long-polling-1>
const SEPARATOR: char = '\u{1e}';

/// What separates a packet from its length before it, in the older protocol (2.x clients).
/// <https://github.com/socketio/engine.io-protocol/tree/v3#payload>
const LENGTH: char = ':';

/// The packet that says nothing.
pub(super) const NOTHING: &str = "6";

/// The packet that ends a session.
pub(super) const CLOSE: &str = "1";

/// What a packet begins with that carries a message.
const MESSAGE: char = '4';

/// What a packet of bytes begins with, in text.
const BYTES: char = 'b';

/// Returns the packets of a body; nothing if it is none.
pub(super) fn split(body: &str, is_old: bool) -> Option<Vec<&str>> {
    if !is_old {
        return Some(body.split(SEPARATOR).collect());
    }
    let (mut packets, mut rest) = (Vec::new(), body);
    while !rest.is_empty() {
        let (length, after) = rest.split_once(LENGTH)?;
        let (packet, further) = after.split_at(end(after, length.parse().ok()?)?);
        packets.push(packet);
        rest = further;
    }
    Some(packets)
}

/// Adds a packet to a body.
pub(super) fn add(body: &mut String, packet: &str, is_old: bool) {
    if is_old {
        body.push_str(&packet.encode_utf16().count().to_string());
        body.push(LENGTH);
    } else if !body.is_empty() {
        body.push(SEPARATOR);
    }
    body.push_str(packet);
}

/// Returns what an older client says as newer ones write it; nothing if it is none.
pub(super) fn renewed(body: &str) -> Option<String> {
    let mut renewed = String::with_capacity(body.len());
    for packet in split(body, true)?.into_iter().filter(|packet| !packet.is_empty()) {
        if packet.contains(SEPARATOR) {
            return None;
        }
        match packet.strip_prefix(BYTES) {
            // The older protocol says of what kind also packets of bytes are.
            Some(bytes) => {
                add(&mut renewed, &format!("{BYTES}{}", bytes.strip_prefix(MESSAGE)?), false);
            }
            None => add(&mut renewed, packet, false),
        }
    }
    Some(renewed)
}

/// Where a text of so many units of UTF-16 ends: clients are written in JavaScript.
fn end(text: &str, units: usize) -> Option<usize> {
    let mut left = units;
    for (at, character) in text.char_indices() {
        if left == 0 {
            return Some(at);
        }
        left = left.checked_sub(character.len_utf16())?;
    }
    (left == 0).then_some(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

    use super::{add, renewed, split};

    #[test]
    fn bodies_of_both_versions_are_split() {
        assert_eq!(split("40{}\u{1e}42[\"é\"]", false), Some(vec!["40{}", "42[\"é\"]"]));
        assert_eq!(split("2:404:4é𝕊1:6", true), Some(vec!["40", "4é𝕊", "6"]));
        for broken in ["40", "3:40", "1:𝕊", "x:40", ":", "2:402:"] {
            assert_eq!(split(broken, true), None, "{broken}");
        }
    }

    #[test]
    fn what_an_older_client_says_is_written_as_newer_ones_do() {
        assert_eq!(renewed("2:404:4é𝕊0:1:2"), Some("40\u{1e}4é𝕊\u{1e}2".to_owned()));
        assert_eq!(renewed("6:b4AP8e"), Some("bAP8e".to_owned()));
        assert_eq!(renewed(""), Some(String::new()));
        for broken in ["3:40", "5:bAP8e", "5:4x\u{1e}41", "40"] {
            assert_eq!(renewed(broken), None, "{broken}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn what_was_added_is_split(packets in proptest::collection::vec("[^\u{1e}]+", 1..5), is_old in any::<bool>()) {
            let mut body = String::new();
            for packet in &packets {
                add(&mut body, packet, is_old);
            }
            let packets: Vec<_> = packets.iter().map(String::as_str).collect();
            prop_assert_eq!(split(&body, is_old), Some(packets));
        }

        #[test]
        fn no_body_makes_it_panic(body in any::<String>()) {
            let _ = (split(&body, true), renewed(&body));
        }
    }
}
