//! Small files of the kinds that people send: each opens in what opens such files.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use rand::RngExt as _;
use rand::rngs::StdRng;

/// A square picture that runs from one colour to another.
pub(super) fn picture(chance: &mut StdRng) -> Vec<u8> {
    const SIDE: u32 = 96;
    let (from, to): ([u8; 3], [u8; 3]) = (chance.random(), chance.random());
    let mut lines = Vec::new();
    for y in 0..SIDE {
        lines.push(0);
        for x in 0..SIDE {
            let mix = |(from, to): (u8, u8)| {
                let (here, whole) = (x + y, 2 * SIDE);
                let mixed = (u32::from(from) * (whole - here) + u32::from(to) * here) / whole;
                u8::try_from(mixed).unwrap_or(u8::MAX)
            };
            lines.extend(from.into_iter().zip(to).map(mix));
        }
    }
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&lines).expect("a vector takes all");
    let packed = packed.finish().expect("a vector takes all");

    // Width, height, 8 bits, RGB: <https://www.w3.org/TR/png-3/#11IHDR>
    let head = [&SIDE.to_be_bytes()[..], &SIDE.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in [(b"IHDR", head), (b"IDAT", packed), (b"IEND", Vec::new())] {
        let mut crc = Crc::new();
        crc.update(name);
        crc.update(&data);
        png.extend(u32::try_from(data.len()).expect("the picture is small").to_be_bytes());
        png.extend(name);
        png.extend(&data);
        png.extend(crc.sum().to_be_bytes());
    }
    png
}

/// A voice note in which nobody speaks, of one to five seconds.
pub(super) fn voice(chance: &mut StdRng) -> Vec<u8> {
    let seconds: u8 = chance.random_range(1..=5);
    let serial: u32 = chance.random();
    // <https://www.rfc-editor.org/rfc/rfc7845#section-5>
    let mut head = b"OpusHead\x01\x01\x38\x01".to_vec();
    head.extend(48_000_u32.to_le_bytes());
    head.extend([0; 3]);
    let tags = [&b"OpusTags\x06\0\0\0recado"[..], &[0; 4]].concat();
    // 20 ms of silence each.
    let frames = vec![vec![0xf8, 0xff, 0xfe]; usize::from(seconds) * 50];
    let heard = u64::from(seconds) * 48_000;
    let pages = [(2, 0, vec![head]), (0, 0, vec![tags]), (4, heard, frames)];
    let pages = (0_u32..).zip(pages).map(|(number, (marks, position, packets))| {
        ogg_page(marks, position, serial, number, &packets)
    });
    pages.collect::<Vec<_>>().concat()
}

/// A page of packets shorter than 255 bytes: <https://www.rfc-editor.org/rfc/rfc3533#section-6>.
fn ogg_page(marks: u8, position: u64, serial: u32, number: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let length = |length: usize| u8::try_from(length).expect("pages and packets are short");
    let mut page = b"OggS\0".to_vec();
    page.push(marks);
    page.extend(position.to_le_bytes());
    page.extend(serial.to_le_bytes());
    page.extend(number.to_le_bytes());
    page.extend([0; 4]);
    page.push(length(packets.len()));
    page.extend(packets.iter().map(|packet| length(packet.len())));
    page.extend(packets.concat());
    let checksum = page.iter().fold(0_u32, |sum, byte| {
        (0..8).fold(sum ^ (u32::from(*byte) << 24), |sum, _| {
            if sum >> 31 == 1 { (sum << 1) ^ 0x04c1_1db7 } else { sum << 1 }
        })
    });
    page[22..26].copy_from_slice(&checksum.to_le_bytes());
    page
}

/// A page with one line.
pub(super) fn document(line: &str) -> Vec<u8> {
    let line: String = line.chars().filter(|c| c.is_ascii() && !r"()\".contains(*c)).collect();
    let shown = format!("BT /F1 18 Tf 60 770 Td ({line}) Tj ET");
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>".to_owned(),
        format!("<</Length {}>>\nstream\n{shown}\nendstream", shown.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned(),
    ];
    // Writing to a string cannot fail.
    let mut pdf = "%PDF-1.4\n".to_owned();
    let mut places = String::new();
    for (number, object) in (1..).zip(&objects) {
        let _ = writeln!(places, "{:010} 00000 n ", pdf.len());
        let _ = write!(pdf, "{number} 0 obj\n{object}\nendobj\n");
    }
    let (count, at) = (objects.len() + 1, pdf.len());
    let _ = write!(pdf, "xref\n0 {count}\n0000000000 65535 f \n{places}");
    let _ = write!(pdf, "trailer\n<</Size {count}/Root 1 0 R>>\nstartxref\n{at}\n%%EOF\n");
    pdf.into_bytes()
}

/// A sticker of 512 by 512 pixels, all of them clear.
pub(super) fn sticker() -> Vec<u8> {
    const SIDE: u32 = 512;
    // Width and height less one, in 14 bits each, and that it is not opaque:
    // <https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification>
    let size = (SIDE - 1) | ((SIDE - 1) << 14) | (1 << 28);
    let mut webp = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f".to_vec();
    webp.extend(size.to_le_bytes());
    // One colour, of which each pixel takes no bits at all.
    webp.extend(b"\x07\x10\x11\x11\x88\x88\xfe\x07\0");
    webp
}
