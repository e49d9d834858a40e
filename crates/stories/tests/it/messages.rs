//! Stories of messages.

use fireside_stories::{World, stories};

stories!(what_one_says_the_others_hear);

async fn what_one_says_the_others_hear(world: &World) {
    let World { alice, bob, carol, dave, mallory, .. } = world;
    alice.sends("hi").await;
    bob.sees("hi").await;
    carol.sees("hi").await;
    for outsider in [dave, mallory] {
        outsider.sees_nothing().await;
    }
}
