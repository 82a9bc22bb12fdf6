//! A Chatwoot webhook's body, as it is stored.

#![no_main]

use libfuzzer_sys::fuzz_target;
use recado::channels::chatwoot;

fuzz_target!(|bytes: &[u8]| {
    let source = chatwoot::Source {
        inbox: "hash".to_owned(),
        name: "Chatwoot".to_owned(),
        site: "chat.example.com/1".to_owned(),
        only: Vec::new(),
        at: None,
    };
    let _ = chatwoot::parse(bytes);
    let _ = chatwoot::parse(&chatwoot::write(&source, bytes));
    let _ = chatwoot::typing(bytes);
});
