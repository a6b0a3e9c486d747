//! Builds the newest OpenSSL into a folder: `newest-openssl FOLDER TARGET`. Prints its version, and where its headers and
//! its libraries are. `cargo xtask bench --with openssl-src` links the candidate in C with them.
#![forbid(unsafe_code)]

use std::path::Path;

use anyhow::{Result, anyhow, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, target] = arguments.as_slice() else {
        bail!("usage: newest-openssl FOLDER TARGET");
    };
    let folder = Path::new(folder).join(openssl_src::version());
    let (headers, libraries) = (folder.join("install/include"), folder.join("install/lib"));
    // Written last: it takes minutes, and once is enough.
    let finished = folder.join("finished");
    if !finished.exists() {
        let mut build = openssl_src::Build::new();
        build.out_dir(&folder).host(target).target(target);
        let built = build.try_build().map_err(|error| anyhow!("{error}"))?;
        if built.include_dir() != headers || built.lib_dir() != libraries {
            bail!(
                "it was installed to another place than {}",
                folder.display()
            );
        }
        std::fs::write(finished, "")?;
    }
    println!("{}", openssl_src::version());
    println!("{}", headers.display());
    println!("{}", libraries.display());
    Ok(())
}
