//! Phone numbers as WhatsApp knows them, and the ids of messages.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::config::AreaCodes;

/// The address that WhatsApp knows whom one asks for by: digits only, and for Brazil's mobiles with
/// the ninth digit or without, as it was when the account was made. `None` if it is no number.
pub(super) fn true_address(told: &str, short: &[AreaCodes]) -> Option<String> {
    let is_written = |c: char| c.is_ascii_digit() || " +-().".contains(c);
    let digits: String = told.chars().filter(char::is_ascii_digit).collect();
    if !told.chars().all(is_written) || !(7..=15).contains(&digits.len()) {
        return None;
    }
    let Some((area, number)) = digits.strip_prefix("55").and_then(|rest| rest.split_at_checked(2))
    else {
        return Some(digits);
    };
    let is_short = area.parse().is_ok_and(|area| short.iter().any(|codes| codes.0.contains(&area)));
    let is_mobile = |number: &str| number.starts_with(['6', '7', '8', '9']);
    Some(match (number.len(), number.strip_prefix('9')) {
        (9, Some(rest)) if is_short && is_mobile(rest) => format!("55{area}{rest}"),
        (8, _) if !is_short && is_mobile(number) => format!("55{area}9{number}"),
        _ => digits,
    })
}

/// Which way a message goes.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// To the business.
    In,
    /// From the business.
    Out,
}

/// The id of a message with somebody: base64 of a few marks, the number, and a word by chance.
pub(super) fn wamid(with: &str, way: Way, chance: &mut StdRng) -> String {
    let word: String =
        (0..20).map(|_| char::from(b"0123456789ABCDEF"[chance.random_range(0..16)])).collect();
    let mark = match way {
        Way::In => 0x12,
        Way::Out => 0x11,
    };
    let length = |text: &str| u8::try_from(text.len()).unwrap_or(u8::MAX);
    let mut bytes = vec![0x1c, 0x18, length(with)];
    bytes.extend(with.bytes());
    bytes.extend([0x15, 0x02, 0x00, mark, 0x18, length(&word)]);
    bytes.extend(word.bytes());
    bytes.push(0);
    format!("wamid.{}", BASE64_STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::true_address;

    #[test]
    fn brazils_ninth_digit_depends_on_the_area() {
        let short = ["31-99".parse().unwrap()];
        for (told, known) in [
            ("5511988887777", Some("5511988887777")),
            ("551188887777", Some("5511988887777")),
            ("+55 (69) 99926-7344", Some("556999267344")),
            ("556999267344", Some("556999267344")),
            ("553133334444", Some("553133334444")),
            ("551133334444", Some("551133334444")),
            ("16505551234", Some("16505551234")),
            ("nobody", None),
            ("123", None),
            ("", None),
        ] {
            assert_eq!(true_address(told, &short).as_deref(), known, "{told}");
        }
        assert_eq!(true_address("5569999267344", &[]).as_deref(), Some("5569999267344"));
    }
}
