//! Compiles the interpreter of calls, which is C because the interface it calls is.

fn main() {
    const FILES: [&str; 4] = ["calls.c", "callbacks.c", "looks.c", "settings.c"];
    for file in FILES.iter().chain(&["calls.h"]) {
        println!("cargo::rerun-if-changed=c/{file}");
    }
    cc::Build::new()
        .files(FILES.map(|file| format!("c/{file}")))
        .flags([
            "-std=gnu11",
            "-Wno-unused-parameter",
            "-Wno-deprecated-declarations",
        ])
        .warnings_into_errors(true)
        .compile("calls");
}
