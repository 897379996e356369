//! Only one process at a time can open a store, by any name of its file.

mod common;

use std::fs;
use std::os::unix::fs::symlink;

use common::{Folder, Server};

#[test]
fn a_store_that_a_server_uses_is_refused_by_every_name_it_has() {
    let folder = Folder::new();
    folder.write("friends", "1 2\n");
    let _server = Server::start(&folder, &[]);
    symlink(folder.database(), folder.path("link.db")).unwrap();
    symlink(folder.path("data"), folder.path("linked")).unwrap();
    fs::hard_link(folder.database(), folder.path("hard.db")).unwrap();
    let names = [
        "data/sosik.db".to_owned(),
        "./data/../data/sosik.db".to_owned(),
        folder.database().display().to_string(),
        "link.db".to_owned(),
        "linked/sosik.db".to_owned(),
        "hard.db".to_owned(),
    ];
    for name in names {
        let url = format!("--set=store.url=sqlite:{name}");
        let ran = folder.run(&["import", "--friendships=friends", &url]);
        assert_eq!(ran.code, Some(3), "{name}: {ran:?}");
        assert!(
            ran.err.contains("another process has it"),
            "{name}: {ran:?}"
        );
    }
}
