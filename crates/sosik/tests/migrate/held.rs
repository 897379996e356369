//! A migration that is stopped and killed at a known place.

use std::process::Stdio;

use super::common::Folder;
use super::content::Target;

/// The advisory lock that a trigger waits for.
const LOCK: i64 = 77;

/// Runs the command until it is within the second transaction of the stories, and kills it there.
pub(crate) async fn kill_within_stories(folder: &Folder, target: &Target, command: &[&str]) {
    let hold = format!(
        "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN IF NEW.id = 1500 * 256 + 1500 % 256 THEN PERFORM pg_advisory_xact_lock({LOCK}); END IF; RETURN NEW; END';
        CREATE TRIGGER hold BEFORE INSERT ON stories FOR EACH ROW EXECUTE FUNCTION hold();
        SELECT pg_advisory_lock({LOCK})"
    );
    target.run(&hold).await;
    let mut running = folder.command(command);
    let running = running.stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = running.spawn().unwrap();
    let waits = "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'advisory'
        AND datname = current_database()";
    target.wait_until(waits).await;
    running.kill().unwrap();
    running.wait().unwrap();
    let release = format!("SELECT pg_advisory_unlock({LOCK})");
    target.run(&release).await;
    let gone = "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name LIKE 'sosik/%'
        AND datname = current_database()";
    target.wait_until(gone).await;
    target
        .run("DROP TRIGGER hold ON stories; DROP FUNCTION hold()")
        .await;
}
