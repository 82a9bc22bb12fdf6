//! Files that messages carry.

use std::time::Duration;

use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};

use super::units::{at_least_one, seconds};

/// Where files are kept that messages carry, and how they are fetched.
#[derive(Args, Clone, Debug)]
pub struct Media {
    /// Where files are kept that messages carry: `file:FOLDER` (made if missing) or `s3://BUCKET/PATH`;
    /// several nodes share one
    #[arg(long, env = "MEDIA_URL", default_value = "file:data/media")]
    pub media_url: String,

    /// The key of an S3 store, if the files are in one
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide_env_values = true)]
    pub s3_access_key_id: Option<String>,

    /// The secret of that key
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    pub s3_secret_access_key: Option<SecretString>,

    /// The region of an S3 store
    #[arg(long, env = "AWS_REGION")]
    pub s3_region: Option<String>,

    /// Where an S3 store is that is not Amazon's, as `https://HOST`
    #[arg(long, env = "AWS_ENDPOINT_URL")]
    pub s3_endpoint: Option<String>,

    /// Speak to an S3 store without TLS
    #[arg(long, env = "AWS_ALLOW_HTTP")]
    pub s3_allow_http: bool,

    /// The hosts from which files are downloaded, always by https; one that begins with a dot stands
    /// for all below it. A development server downloads from the host of `WHATSAPP_GRAPH_URL` as well
    #[arg(
        long,
        env = "MEDIA_HOSTS",
        value_delimiter = ',',
        default_value = "lookaside.fbsbx.com,graph.facebook.com,.fbcdn.net,.whatsapp.net"
    )]
    pub media_hosts: Vec<String>,

    /// How many files this node fetches at once
    #[arg(long, env = "MEDIA_CONCURRENCY", default_value = "4", value_parser = at_least_one)]
    pub media_concurrency: usize,

    /// How long fetching and storing a file may take, in seconds
    #[arg(long, env = "MEDIA_TIMEOUT_S", default_value = "120", value_parser = seconds)]
    pub media_timeout: Duration,

    /// How often a file is tried, over about two days: no more than four times in an hour, since Meta
    /// refuses who fails more often
    #[arg(long, env = "MEDIA_TRIES", default_value_t = 7)]
    pub media_tries: u32,

    /// How long an upload may take to come, in seconds
    #[arg(long, env = "MEDIA_UPLOAD_TIMEOUT_S", default_value = "300", value_parser = seconds)]
    pub media_upload_timeout: Duration,

    /// How large files may be.
    #[command(flatten)]
    pub sizes: MediaSizes,
}

/// How large files may be that are fetched or uploaded, in kB: what WhatsApp takes.
#[derive(Args, Clone, Copy, Debug)]
pub struct MediaSizes {
    /// How large an image may be, in kB
    #[arg(long, env = "MEDIA_IMAGE_KB", default_value_t = 5_000)]
    pub media_image_kb: u64,

    /// How large a sticker may be that is uploaded, in kB
    #[arg(long, env = "MEDIA_STICKER_KB", default_value_t = 500)]
    pub media_sticker_kb: u64,

    /// How large a sound may be, in kB
    #[arg(long, env = "MEDIA_AUDIO_KB", default_value_t = 16_000)]
    pub media_audio_kb: u64,

    /// How large a film may be, in kB
    #[arg(long, env = "MEDIA_VIDEO_KB", default_value_t = 16_000)]
    pub media_video_kb: u64,

    /// How large any other file may be, in kB
    #[arg(long, env = "MEDIA_DOCUMENT_KB", default_value_t = 100_000)]
    pub media_document_kb: u64,

    /// How large a file may be that a visitor of a site sends, in kB; 0 if they may send none
    #[arg(long, env = "MEDIA_VISITOR_KB", default_value_t = 10_000)]
    pub media_visitor_kb: u64,
}

impl Media {
    /// What the store is told beside its address.
    pub fn store_options(&self) -> Vec<(&'static str, String)> {
        let secret = self.s3_secret_access_key.as_ref().map(|it| it.expose_secret().to_owned());
        let options = [
            ("aws_access_key_id", self.s3_access_key_id.clone()),
            ("aws_secret_access_key", secret),
            ("aws_region", self.s3_region.clone()),
            ("aws_endpoint", self.s3_endpoint.clone()),
            ("aws_allow_http", self.s3_allow_http.then(|| "true".to_owned())),
        ];
        options.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }
}
