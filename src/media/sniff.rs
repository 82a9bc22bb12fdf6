//! What a file is, by its bytes.

use std::fs::File;
use std::io::BufReader;

/// How many bytes tell what a file is.
pub(super) const HEAD: usize = 8 * 1024;

/// The type of anything.
const ANYTHING: &str = "application/octet-stream";

/// What a file is that begins with `head`. What its sender says counts only for what cannot be told
/// by looking, which is never opened by browsers.
pub(super) fn type_of(head: &[u8], told: &str) -> String {
    let told = told.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some(seen) = infer::get(head) else { return unseen(head, &told).to_owned() };
    match (seen.mime_type(), told.as_str()) {
        // Opus, of which people speak by the name of what it is wrapped in.
        ("audio/opus", _) => "audio/ogg",
        ("audio/m4a", _) | ("video/mp4", "audio/mp4") => "audio/mp4",
        // Which office document an archive is, stands too deep within it.
        ("application/zip", told) if told.starts_with("application/vnd.openxmlformats-") => told,
        (seen, _) => seen,
    }
    .to_owned()
}

fn unseen<'a>(head: &[u8], told: &'a str) -> &'a str {
    // A film of a kind that the library does not know: <https://www.iana.org/assignments/media-types/video/3gpp>
    if head.get(4..10) == Some(b"ftyp3g") {
        return "video/3gpp";
    }
    let is_text = !head.contains(&0);
    match told {
        "text/plain" | "text/csv" if is_text => told,
        _ => ANYTHING,
    }
}

/// How wide and high a picture is.
pub(super) fn dimensions(picture: File) -> Option<(u32, u32)> {
    let size = imagesize::reader_size(BufReader::new(picture)).ok()?;
    Some((u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?))
}

#[cfg(test)]
mod tests {
    use super::type_of;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        for (head, told, is) in [
            (&b"\x89PNG\r\n\x1a\n"[..], "image/jpeg", "image/png"),
            (b"<!DOCTYPE html><script>", "image/png", "text/html"),
            (b"<b>Oi</b>", "image/png", "text/html"),
            (
                b"<svg xmlns='http://www.w3.org/2000/svg'>",
                "image/svg+xml",
                "application/octet-stream",
            ),
            (b"%PDF-1.4", "application/pdf; charset=x", "application/pdf"),
            (
                b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead",
                "audio/ogg; codecs=opus",
                "audio/ogg",
            ),
            (b"PK\x03\x04rest", "application/zip", "application/zip"),
            (b"nome;valor\n", "text/csv", "text/csv"),
            (b"a\0b", "text/plain", "application/octet-stream"),
            (b"\0\0\0\x18ftyp3gp4", "video/3gpp", "video/3gpp"),
            (b"", "text/plain", "text/plain"),
        ] {
            assert_eq!(type_of(head, told), is, "{told}: {}", String::from_utf8_lossy(head));
        }
    }
}
