//! Asks the C compiler what OpenSSL's headers say: programs that are made from the list of symbols,
//! compiled and run.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use super::kind::Kind;

/// A prototype of the headers.
#[derive(Debug)]
pub(super) struct Prototype {
    pub(super) parameters: Vec<Kind>,
    pub(super) result: Kind,
}

/// The prototypes of the functions named.
pub(super) fn prototypes(
    sh: &Shell,
    folder: &Path,
    names: &[&str],
) -> Result<BTreeMap<String, Prototype>> {
    let lines = names
        .iter()
        .map(|name| format!("    show(\"{name}\", {name});\n"));
    let source = format!(
        "{PROTOTYPES}int main()\n{{\n{}}}\n",
        lines.collect::<String>()
    );
    let (file, program) = (folder.join("prototypes.cc"), folder.join("prototypes"));
    sh.write_file(&file, source)?;
    // Their addresses are never taken to be called, so the linker has nothing to find.
    cmd!(
        sh,
        "c++ -std=c++17 -Wall -Werror -o {program} {file} -lssl -lcrypto"
    )
    .quiet()
    .run()?;
    let output = cmd!(sh, "{program}").quiet().read()?;
    output.lines().map(prototype).collect()
}

fn prototype(line: &str) -> Result<(String, Prototype)> {
    let mut words = line.split(' ');
    let name = words.next().unwrap_or_default().to_owned();
    let kinds: Option<Vec<Kind>> = words.map(Kind::parse).collect();
    let mut kinds = kinds.with_context(|| format!("cannot read: {line}"))?;
    ensure!(!kinds.is_empty(), "cannot read: {line}");
    let result = kinds.remove(0);
    Ok((
        name,
        Prototype {
            parameters: kinds,
            result,
        },
    ))
}

/// Compiles and runs a program that takes the address of every function named, on the library in `folder`,
/// and checks that each reason is defined.
pub(super) fn link_all(sh: &Shell, folder: &Path, names: &[&str], reasons: &[&str]) -> Result<()> {
    let lines = |start: &str, names: &[&str], end: &str| -> String {
        names
            .iter()
            .map(|name| format!("    {start}{name}{end}\n"))
            .collect()
    };
    let source = format!(
        "#define OPENSSL_SUPPRESS_DEPRECATED\n#include <openssl/err.h>\n#include <openssl/ssl.h>\n\
         typedef void (*function)(void);\n\
         static const function volatile all[] = {{\n{}}};\n\
         static const int volatile reasons[] = {{\n{}}};\n\
         int main(void)\n{{\n    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)\n        \
         if (!all[i])\n            return 1;\n    return reasons[0] == 0;\n}}\n",
        lines("(function)", names, ","),
        lines("", reasons, ","),
    );
    let (file, program) = (folder.join("symbols.c"), folder.join("symbols"));
    sh.write_file(&file, source)?;
    let library = folder.join(crate::library::SONAME);
    cmd!(
        sh,
        "cc -std=gnu11 -Wall -Werror -o {program} {file} {library} -lcrypto"
    )
    .quiet()
    .run()?;
    let _path = sh.push_env("LD_LIBRARY_PATH", crate::library::search_path(folder));
    let _now = sh.push_env("LD_BIND_NOW", "1");
    cmd!(sh, "{program}")
        .quiet()
        .run()
        .context("a program that needs every symbol does not start")
}

/// Writes a line for each function: its name, the kind of its result, those of its parameters.
const PROTOTYPES: &str = r#"#define OPENSSL_SUPPRESS_DEPRECATED
#include <cstdio>
#include <string>
#include <type_traits>
#include <openssl/ssl.h>

template <class T> std::string kind()
{
    if constexpr (std::is_void_v<T>) {
        return "void";
    } else if constexpr (std::is_pointer_v<T>) {
        using To = std::remove_cv_t<std::remove_pointer_t<T>>;
        if constexpr (std::is_function_v<To>)
            return "fn";
        else if constexpr (std::is_pointer_v<To> || std::is_integral_v<To> || std::is_enum_v<To>)
            return "*" + kind<To>();
        else
            return "*_";
    } else if constexpr (std::is_enum_v<T>) {
        return "e" + std::to_string(sizeof(T) * 8);
    } else {
        static_assert(std::is_integral_v<T>);
        return (std::is_signed_v<T> ? "i" : "u") + std::to_string(sizeof(T) * 8);
    }
}

template <class Result, class... Parameters>
void show(const char *name, Result (*)(Parameters...))
{
    std::string line = name + (" " + kind<Result>());
    ((line += " " + kind<Parameters>()), ...);
    std::puts(line.c_str());
}

"#;
