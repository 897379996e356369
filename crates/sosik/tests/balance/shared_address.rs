//! Two balancers on one address, with the files of `deploy/balance`.

use std::path::Path;
use std::process::{Command, Output};

/// Runs the script in namespaces of its own. Only root may make them.
fn run(script: &Path, deploy: &Path) -> Output {
    let unshare = [
        "unshare",
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
    ];
    let mut command = match rustix::process::geteuid().is_root() {
        true => Command::new(unshare[0]),
        false => {
            let mut sudo = Command::new("sudo");
            sudo.args(["-n", unshare[0]]);
            sudo
        }
    };
    command.args(&unshare[1..]).arg("sh").arg(script);
    command.arg(env!("CARGO_BIN_EXE_sosik")).arg(deploy);
    command.output().unwrap()
}

#[test]
fn another_balancer_takes_the_address_of_one_that_stops_is_killed_or_is_cut_off() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = here.join("tests/balance/shared_address.sh");
    let deploy = here.join("../../deploy/balance").canonicalize().unwrap();
    let ran = run(&script, &deploy);
    let out = String::from_utf8_lossy(&ran.stdout);
    assert!(
        ran.status.success() && out.ends_with("done\n"),
        "needs root, iproute2, keepalived and curl: {out}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    // A request that arrives while the address moves waits. At most the one in flight at that moment breaks.
    let statuses = out.lines().find(|line| line.starts_with("statuses:"));
    let words: Vec<&str> = statuses.unwrap().split(' ').skip(1).collect();
    for counted in words.chunks(2) {
        let fits = match counted[1] {
            "200" => true,
            "000" => counted[0] == "1",
            _ => false,
        };
        assert!(fits, "{out}");
    }
}

#[test]
fn the_sample_configuration_is_accepted() {
    let folder = crate::common::Folder::new();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/balance/balance.toml");
    let file = format!("--config={}", file.display());
    let shown = folder.run(&["config", &file]).ends_with(0).out;
    assert!(shown.contains("10.0.0.2:8421"), "{shown}");
}

#[test]
fn systemd_accepts_the_unit() {
    let folder = crate::common::Folder::new();
    let unit =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/balance/sosik-balance.service");
    // The check requires that the program exists.
    let unit = std::fs::read_to_string(unit).unwrap();
    let unit = unit.replace("/usr/local/bin/sosik", env!("CARGO_BIN_EXE_sosik"));
    folder.write("sosik-balance.service", &unit);
    let path = folder.path("sosik-balance.service");
    let checked = folder.run_another("systemd-analyze", &["verify", path.to_str().unwrap()]);
    let checked = checked.ends_with(0);
    assert_eq!(checked.out + &checked.err, "");
}
