//! A room as long as one likes: weather buoys that report, and people who remark on it now and then.

use fireside_kernel::Result;
use fireside_protocol::{RoomId, UserId};
use futures_util::future::try_join_all;
use serde_json::json;

use super::house::House;
use super::talk::Place;

/// How long before now the reports begin, in ms.
pub(super) const SPAN_MS: i64 = 20 * 24 * 60 * 60 * 1000;
/// Reports that come at one moment: as many as share a commit.
const AT_ONCE: u32 = 100;

const REMARKS: &[&str] = &[
    "Anyone else seeing the swell build up from the west?",
    "Battery of buoy 4 is down to 40 %, swapping it on the next round.",
    "```\nbuoy=7 wave_m=2.3 period_s=8\n```",
    "Fog until noon, I would keep the small boats in. 🌫️",
    "Calm as milk today.\n\n- visibility **20 km**\n- no traffic",
    "The *long* wave is back; see the [chart](https://example.org/charts/swell) before you go out.",
];
const WINDS: &[&str] = &["N", "NE", "E", "SE", "S", "SW", "W", "NW"];

pub(super) fn place() -> Place {
    Place {
        name: "Weather buoys".to_owned(),
        topic: "Every buoy, every few minutes. Long, on purpose.".to_owned(),
        members: ["ada", "marit", "tomas", "bjorn"].map(str::to_owned).to_vec(),
        ..Place::default()
    }
}

/// Sends so many messages, by turns.
pub(super) async fn report(house: &House, room: &RoomId, people: &[UserId], messages: u32) -> Result<()> {
    let rounds = messages.div_ceil(AT_ONCE);
    // To the end of the span less an hour.
    let step_ms = (SPAN_MS - 60 * 60 * 1000) / i64::from(rounds.max(1));
    for first in (0..messages).step_by(AT_ONCE as usize) {
        house.clock.shift_ms(step_ms);
        let together = (first..messages.min(first + AT_ONCE)).map(|number| {
            let by = &people[number as usize / 7 % people.len()];
            let request = json!({ "roomId": room.as_str(), "content": text(number) });
            async move { house.ask(by, "messages.send", &request).await }
        });
        // In the order of their numbers: each takes its place in the room's queue before it first waits.
        try_join_all(together).await?;
    }
    Ok(())
}

/// What the message of a number says.
fn text(number: u32) -> String {
    // A multiplicative hash (Knuth, TAOCP 3, 6.4): looks like weather, and is the same each time.
    let luck = number.wrapping_mul(2_654_435_761) >> 8;
    let pick = |list: &'static [&'static str]| list[luck as usize % list.len()];
    if luck.is_multiple_of(23) {
        return pick(REMARKS).to_owned();
    }
    let (buoy, knots, wave, wind) = (luck % 9 + 1, luck % 31 + 2, luck % 27 + 3, pick(WINDS));
    format!("#{number} buoy {buoy}: wind {knots} kn {wind}, wave {}.{} m", wave / 10, wave % 10)
}
