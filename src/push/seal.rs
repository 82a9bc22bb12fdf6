//! Sealing what only one browser is to read, and showing its push service who writes.
//!
//! <https://www.rfc-editor.org/rfc/rfc8291>, <https://www.rfc-editor.org/rfc/rfc8188>,
//! <https://www.rfc-editor.org/rfc/rfc8292>

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, PublicKey, UnparsedPublicKey, agree};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::rand;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{alphabet, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use crate::desk::{PushKey, Reach, Time};

const SALT_LEN: usize = 16;
const KEY_LEN: usize = 16;
const AUTH_LEN: usize = 16;

/// The size of the one record that a message is: as much as every push service takes.
const RECORD: u32 = 4_096;

/// What ends the last record.
const LAST: u8 = 2;

/// For how long a push service believes who writes, in seconds: at most a day.
const BELIEVED: i64 = 12 * 60 * 60;

/// Base64url, padded or not: browsers differ.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Who reads: a browser's public key, and the secret that it shares with whoever writes to it.
#[derive(Debug)]
pub(super) struct Reader {
    public: Vec<u8>,
    auth: [u8; AUTH_LEN],
}

impl Reader {
    /// Nothing if that is neither.
    pub(super) fn of(reach: &Reach) -> Option<Self> {
        let public = LENIENT.decode(&reach.p256dh).ok().filter(|it| it.len() == 65)?;
        let auth = LENIENT.decode(&reach.auth).ok()?.try_into().ok()?;
        // A point that is not on the curve agrees with nobody.
        agreed(&PrivateKey::generate(&ECDH_P256).ok()?, &public).ok()?;
        Some(Self { public, auth })
    }

    /// Seals a message that this reader alone opens.
    pub(super) fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let mut salt = [0; SALT_LEN];
        rand::fill(&mut salt)?;
        self.seal_by(plain, salt, &PrivateKey::generate(&ECDH_P256)?)
    }

    fn seal_by(
        &self,
        plain: &[u8],
        salt: [u8; SALT_LEN],
        writer: &PrivateKey,
    ) -> Result<Vec<u8>, Unspecified> {
        let public: PublicKey = writer.compute_public_key()?;
        let public = public.as_ref();
        let secret = agreed(writer, &self.public)?;
        let both = [b"WebPush: info\0", self.public.as_slice(), public].concat();
        let secret: [u8; 32] =
            expanded(&Salt::new(HKDF_SHA256, &self.auth).extract(&secret), &both)?;
        let prk = Salt::new(HKDF_SHA256, &salt).extract(&secret);
        let key: [u8; KEY_LEN] = expanded(&prk, b"Content-Encoding: aes128gcm\0")?;
        let nonce: [u8; NONCE_LEN] = expanded(&prk, b"Content-Encoding: nonce\0")?;

        let mut sealed = [plain, &[LAST]].concat();
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
        let nonce = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed)?;
        let length = u8::try_from(public.len()).map_err(|_| Unspecified)?;
        Ok([&salt[..], &RECORD.to_be_bytes(), &[length], public, &sealed].concat())
    }
}

fn agreed(ours: &PrivateKey, theirs: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let theirs = UnparsedPublicKey::new(&ECDH_P256, theirs);
    agree(ours, theirs, Unspecified, |secret| Ok(secret.to_vec()))
}

/// So many bytes.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expanded<const N: usize>(prk: &Prk, info: &[u8]) -> Result<[u8; N], Unspecified> {
    let mut bytes = [0; N];
    prk.expand(&[info], Length(N))?.fill(&mut bytes)?;
    Ok(bytes)
}

/// Shows push services who writes.
pub(super) struct Signer {
    key: EncodingKey,
    public: String,
    contact: Option<String>,
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
}

impl Signer {
    /// Signs by `key`; `contact` is whom a push service writes to when there is trouble.
    pub(super) fn new(key: &PushKey, contact: Option<String>) -> Option<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key.0).ok()?;
        let public = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        Some(Self { key: EncodingKey::from_ec_der(&key.0), public, contact })
    }

    /// By what browsers know this installation: an uncompressed point, base64url.
    pub(super) fn public(&self) -> &str {
        &self.public
    }

    /// What goes into `Authorization` for a push service at that origin.
    pub(super) fn authorization(&self, origin: &str) -> jsonwebtoken::errors::Result<String> {
        let exp = Time::now().seconds() + BELIEVED;
        let claims = Claims { aud: origin, exp, sub: self.contact.as_deref() };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &self.key)?;
        Ok(format!("vapid t={token}, k={}", self.public))
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;

    use super::{Reach, Reader};

    /// <https://www.rfc-editor.org/rfc/rfc8291#appendix-A>
    #[test]
    fn the_standards_example_comes_out_as_it_is_written_there() {
        let decoded = |text: &str| BASE64URL.decode(text).unwrap();
        let reader = reader(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "BTBZMqHH6r4Tts7J_aSIgg",
        );
        let private = decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
        let writer = PrivateKey::from_private_key(&ECDH_P256, &private).unwrap();
        let salt = decoded("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();

        let plain = b"When I grow up, I want to be a watermelon";
        let sealed = reader.unwrap().seal_by(plain, salt, &writer).unwrap();

        assert_eq!(
            BASE64URL.encode(sealed),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLoc\
             InmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVW\
             GNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn what_is_no_key_of_that_curve_and_what_is_no_secret_is_refused() {
        let (key, auth) = (
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "BTBZMqHH6r4Tts7J_aSIgg",
        );
        assert!(reader(key, auth).is_some() && reader(key, &format!("{auth}==")).is_some());
        for wrong in ["", "text", &key[..80], &key.replace('x', "y"), &"B".repeat(87)] {
            assert!(reader(wrong, auth).is_none(), "{wrong}");
        }
        for wrong in ["", "text", &auth[..20]] {
            assert!(reader(key, wrong).is_none(), "{wrong}");
        }
    }

    fn reader(p256dh: &str, auth: &str) -> Option<Reader> {
        let (p256dh, auth) = (p256dh.to_owned(), auth.to_owned());
        Reader::of(&Reach { endpoint: String::new(), p256dh, auth })
    }
}
