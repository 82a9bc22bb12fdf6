//! What kinds of files WhatsApp takes.

/// What a file is sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A picture.
    Image,
    /// A sticker.
    Sticker,
    /// A sound.
    Audio,
    /// A film.
    Video,
    /// Any other file.
    Document,
}

/// What a file of that type is sent as; nothing if WhatsApp does not take it.
/// <https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media#supported-media-types>
pub fn kind_of(mime_type: &str) -> Option<Kind> {
    match mime_type {
        "image/jpeg" | "image/png" => Some(Kind::Image),
        "image/webp" => Some(Kind::Sticker),
        "audio/aac" | "audio/amr" | "audio/mpeg" | "audio/mp4" | "audio/ogg" | "audio/opus" => {
            Some(Kind::Audio)
        }
        "video/mp4" | "video/3gpp" => Some(Kind::Video),
        "text/plain"
        | "text/csv"
        | "application/pdf"
        | "application/msword"
        | "application/vnd.ms-excel"
        | "application/vnd.ms-powerpoint"
        | "application/zip"
        | "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        | "application/vnd.openxmlformats-officedocument.presentationml.presentation" => {
            Some(Kind::Document)
        }
        _ => None,
    }
}
