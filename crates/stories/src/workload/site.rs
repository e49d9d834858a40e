//! Where a workload takes place: rooms, half of them private, and the people in them.

use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::device::Device;
use crate::canary;

/// A room.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its id.
    pub id: String,
    /// Whether only members know of it.
    pub is_private: bool,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// The rooms.
    pub places: Vec<Place>,
    /// Everybody who may be let in somewhere.
    pub people: Vec<String>,
}

impl Site {
    /// Makes rooms as `owner` and lets everybody in: into the public ones all, into the private ones every other.
    ///
    /// # Errors
    /// With what the server answered in place of doing it.
    pub async fn build(
        owner: &mut Device,
        people: &[String],
        rooms: usize,
        luck: &mut StdRng,
    ) -> Result<Site, String> {
        let mut site = Site { places: Vec::new(), people: people.to_vec() };
        for number in 0..rooms {
            let is_private = number % 2 == 1;
            let name = if is_private { canary::draw(luck) } else { format!("Open {number}") };
            let body = json!({ "name": name, "isPrivate": is_private });
            let made = done(owner.asks("POST", "/chat/rooms", Some(&body)).await)?;
            let id = made["id"].as_str().ok_or_else(|| format!("no room: {made}"))?.to_owned();
            if is_private {
                owner.recorder.keep_private(&id);
            }
            for (at, person) in people.iter().enumerate() {
                if !is_private || at % 2 == number / 2 % 2 {
                    let path = format!("/chat/rooms/{id}/members/{person}");
                    done(owner.asks("PUT", &path, Some(&json!({}))).await)?;
                }
            }
            site.places.push(Place { id, is_private });
        }
        Ok(site)
    }
}

fn done(reply: Result<crate::client::Reply, String>) -> Result<Value, String> {
    let reply = reply?;
    if (200..300).contains(&reply.status) { Ok(reply.json()) } else { Err(reply.text) }
}
