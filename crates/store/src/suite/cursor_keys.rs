//! Keys that seal cursors.

use super::world::World;
use crate::CursorKey;

pub async fn keys_are_kept_by_number_and_never_replaced(world: &World) {
    assert_eq!(world.cursor_keys().await.unwrap(), []);
    let key = |number, secret| CursorKey {
        number,
        secret: [secret; 16],
        created_at: world.now(),
    };
    let (first, last, between) = (key(0, 1), key(255, 2), key(7, 3));
    for key in [&first, &last, &between] {
        world.add_cursor_key(key.clone()).await.unwrap();
    }
    world.add_cursor_key(key(7, 9)).await.unwrap();
    assert_eq!(world.cursor_keys().await.unwrap(), [first, between, last]);
}
