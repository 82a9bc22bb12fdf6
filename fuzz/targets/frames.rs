//! A client's websocket, from its first byte.

#![no_main]

use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 4_096;

fuzz_target!(|bytes: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for deflate in [false, true] {
        let largest = runtime.block_on(recado::edge::largest_message(bytes, LIMIT, deflate));
        assert!(largest <= LIMIT, "a message of {largest} bytes came through");
    }
});
