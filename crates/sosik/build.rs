//! Builds the web client and embeds its files into the executable.
//!
//! Needs Node and npm. Without Node the executable contains a page that says what to do, and its API works anyway.
//! `SOSIK_WEB=none` leaves the client out on purpose, for builds on machines without a package registry.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use std::{env, fs, io};

/// The sources of the client, below `web/`.
const SOURCES: [&str; 12] = [
    "src",
    "public",
    "reference",
    "scripts/reference.mjs",
    "scripts/compress.mjs",
    "index.html",
    "package.json",
    "package-lock.json",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
    "vite.sw.config.ts",
];

const WITHOUT_CLIENT: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Sosik</title>\n\
<h1>Sosik runs without its web client</h1>\n\
<p>This executable was built on a machine without Node. Install Node 20.19 or newer with npm, and build again.</p>\n\
<p>The HTTP API works: see <a href=\"/openapi.json\">/openapi.json</a>.</p></html>\n";

fn main() -> io::Result<()> {
    // Read at run time and not at compile time: two clones may share one target folder, and with it this program.
    let web = given("CARGO_MANIFEST_DIR")?.join("../../web");
    let made = given("OUT_DIR")?.join("web");
    for source in SOURCES {
        println!("cargo:rerun-if-changed={}", web.join(source).display());
    }
    println!("cargo:rerun-if-env-changed=SOSIK_WEB");
    if made.exists() {
        fs::remove_dir_all(&made).map_err(|error| with_path("remove", &made, &error))?;
    }
    fs::create_dir_all(&made).map_err(|error| with_path("make", &made, &error))?;
    let unwanted = env::var("SOSIK_WEB").is_ok_and(|how| how == "none");
    if unwanted || !runs("node") || !web.join("package.json").exists() {
        println!(
            "cargo:warning=the web client is left out: install Node 20.19 or newer and build again to include it"
        );
        let page = made.join("index.html");
        return fs::write(&page, WITHOUT_CLIENT).map_err(|error| with_path("write", &page, &error));
    }
    build(&web)?;
    copy(&web.join("dist"), &made)
}

/// The path in a variable that cargo sets.
fn given(name: &str) -> io::Result<PathBuf> {
    let folder = env::var_os(name).ok_or_else(|| io::Error::other(format!("no {name}")))?;
    Ok(PathBuf::from(folder))
}

/// Installs the build dependencies unless they are installed, and builds the client.
fn build(web: &Path) -> io::Result<()> {
    let changed = |path: &str| {
        let path = web.join(path);
        let modified = fs::metadata(&path).and_then(|file| file.modified());
        modified.map_err(|error| with_path("look at", &path, &error))
    };
    let installed = changed("node_modules/.package-lock.json").unwrap_or(SystemTime::UNIX_EPOCH);
    if installed < changed("package-lock.json")? {
        npm(web, &["ci", "--no-audit", "--no-fund"])?;
    }
    npm(web, &["run", "build"])
}

fn npm(web: &Path, arguments: &[&str]) -> io::Result<()> {
    let output = Command::new("npm")
        .args(arguments)
        .current_dir(web)
        .output()
        .map_err(|error| with_path("run npm in", web, &error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    Err(io::Error::other(format!(
        "npm {} failed in web/ (SOSIK_WEB=none builds without the client):\n{said}",
        arguments.join(" ")
    )))
}

fn runs(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to).map_err(|error| with_path("make", to, &error))?;
    let unreadable = |error| with_path("read", from, &error);
    for entry in fs::read_dir(from).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().map_err(unreadable)?.is_dir() {
            true => copy(&source, &target)?,
            false => fs::copy(&source, &target)
                .map(drop)
                .map_err(|error| with_path("copy", &source, &error))?,
        }
    }
    Ok(())
}

/// Adds the operation and the file to a system error, which contains neither.
fn with_path(doing: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{doing} {}: {error}", path.display()))
}
