//! What WhatsApp's errors mean for whoever sends.
//!
//! <https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes>

use super::super::Refusal;

/// Tells what an error means by its code and the status of the answer that held it.
pub fn refusal(code: i64, status: u16) -> Refusal {
    match code {
        // "Unknown", in an answer that says that WhatsApp broke: nobody can tell how far it had got.
        1 | 131_000 if status >= 500 => Refusal::Unsure,
        2 | 131_016 | 133_004 => Refusal::Away,
        1 | 131_000 => Refusal::Trouble,
        4 | 80_007 | 130_429 | 131_048 | 131_057 | 131_064 | 133_016 => Refusal::Busy,
        131_056 => Refusal::Pair,
        131_047 => Refusal::WindowClosed,
        0 | 3 | 10 | 190 | 200..=299 => Refusal::Unauthorised,
        368 | 130_497 | 131_031 => Refusal::Banned,
        _ => Refusal::Final,
    }
}

/// Tells what an answer means that refuses without saying why.
pub(super) fn refusal_of_status(status: u16) -> Refusal {
    match status {
        429 => Refusal::Busy,
        401 | 403 => Refusal::Unauthorised,
        500.. => Refusal::Unsure,
        _ => Refusal::Final,
    }
}

#[cfg(test)]
mod tests {
    use super::{Refusal, refusal};

    #[test]
    fn each_code_has_its_consequence() {
        for (codes, status, expected) in [
            (&[0, 3, 10, 190, 200, 299][..], 401, Refusal::Unauthorised),
            (&[4, 80_007, 130_429, 131_048, 133_016, 131_064, 131_057], 429, Refusal::Busy),
            (&[131_056], 429, Refusal::Pair),
            (&[368, 131_031, 130_497], 403, Refusal::Banned),
            (&[1, 131_000], 400, Refusal::Trouble),
            (&[1, 131_000], 500, Refusal::Unsure),
            (&[2, 131_016, 133_004], 400, Refusal::Away),
            (&[2, 131_016, 133_004], 503, Refusal::Away),
            (&[131_047], 400, Refusal::WindowClosed),
            (&[131_021, 131_026, 131_030, 131_050, 130_472, 131_049], 400, Refusal::Final),
            (&[100, 33, 131_005, 131_008, 131_009, 131_037, 131_042, 131_053], 400, Refusal::Final),
            (&[132_000, 132_001, 132_015, 132_016, 135_000, 138_000, 424_242], 400, Refusal::Final),
        ] {
            for code in codes {
                assert_eq!(refusal(*code, status), expected, "{code} with {status}");
            }
        }
    }
}
