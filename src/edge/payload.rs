//! The body of a poll: packets of text, one after the other.

/// What separates packets.
/// <https://socket.io/docs/v4/engine-io-protocol/#http-long-polling-1>
pub(super) const SEPARATOR: char = '\u{1e}';

/// What separates a packet from its length before it, in the older protocol (2.x clients).
/// <https://github.com/socketio/engine.io-protocol/tree/v3#payload>
const LENGTH: char = ':';

/// The packet that says nothing.
pub(super) const NOTHING: &str = "6";

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

/// Returns the body with one packet.
pub(super) fn write(packet: &str, is_old: bool) -> String {
    if is_old {
        format!("{}{LENGTH}{packet}", packet.encode_utf16().count())
    } else {
        packet.to_owned()
    }
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

    use super::{split, write};

    #[test]
    fn bodies_of_both_versions_are_split() {
        assert_eq!(split("40{}\u{1e}42[\"é\"]", false), Some(vec!["40{}", "42[\"é\"]"]));
        assert_eq!(split("2:404:4é𝕊1:6", true), Some(vec!["40", "4é𝕊", "6"]));
        for broken in ["40", "3:40", "1:𝕊", "x:40", ":", "2:402:"] {
            assert_eq!(split(broken, true), None, "{broken}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn what_was_written_is_split(packets in proptest::collection::vec(any::<String>(), 0..5)) {
            let body: String = packets.iter().map(|packet| write(packet, true)).collect();
            let packets: Vec<_> = packets.iter().map(String::as_str).collect();
            prop_assert_eq!(split(&body, true), Some(packets));
        }

        #[test]
        fn no_body_makes_it_panic(body in any::<String>()) {
            let _ = split(&body, true);
        }
    }
}
