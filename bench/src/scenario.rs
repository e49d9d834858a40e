//! What is measured.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::LocalSet;

use crate::client::Client;
use crate::server::{Server, token};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Makes rooms and lets users join them, over a few sockets that are gone afterwards.
pub async fn populate(
    server: &Server,
    users: usize,
    rooms: usize,
    of_user: impl Fn(usize) -> Vec<usize>,
) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut owner = Client::connect(server.address, &token("owner"), 0).await?;
    let mut ids = Vec::new();
    for number in 0..rooms {
        let (answer, _) = owner.call("room:create", &format!("{{\"name\":\"Room {number}\"}}")).await?;
        let answer: serde_json::Value = serde_json::from_str(&answer)?;
        let id = answer[0]["id"].as_str().ok_or_else(|| format!("no room was made: {answer}"))?;
        ids.push(id.to_owned());
    }
    drop(owner);
    for user in 0..users {
        let mut client = Client::connect(server.address, &token(&format!("u{user}")), user).await?;
        let wanted = of_user(user);
        for room in &wanted {
            client.send(&format!("420[\"room:join\",{{\"roomId\":\"{}\"}}]", ids[*room])).await?;
        }
        let mut answers = 0;
        while answers < wanted.len() {
            let text = client.next().await?;
            if let Some(answer) = text.strip_prefix("430") {
                if !answer.starts_with("[{\"ok\":true") {
                    return Err(format!("joining failed: {answer}").into());
                }
                answers += 1;
            }
        }
    }
    Ok(ids)
}

/// Until then a socket that nothing happens to has given back what it used: the first heartbeat is over.
const AT_REST: Duration = Duration::from_secs(30);

/// Memory of idle sockets, and CPU of connects. Memory is the slope between half of the sockets and all of them,
/// so that what a server has once does not count: connections to the database, its caches, buffers of threads.
pub async fn idle(server: &Server, sockets: usize, rooms: usize, in_flight: usize) -> Outcome {
    let room_count = (sockets * rooms / 100).max(rooms);
    populate(server, sockets, room_count, |user| {
        (0..rooms).map(|n| (user * rooms + n * 7919) % room_count).collect()
    })
    .await?;
    tokio::time::sleep(Duration::from_secs(7)).await;
    let mut clients = Vec::with_capacity(sockets);
    let mut resting_bytes = Vec::new();
    for half in [0..sockets / 2, sockets / 2..sockets] {
        let (cpu_s, many) = (server.cpu_s(), half.len());
        clients.extend(connect_all(server, half, in_flight).await?);
        // Those who are there already are told of the others in rounds, a second apart.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let each_us = (server.cpu_s() - cpu_s) * 1e6 / many as f64;
        println!("connect: {many} sockets, {in_flight} at once: {each_us:.0} µs of server CPU each");
        tokio::time::sleep(AT_REST).await;
        resting_bytes.push(server.rss_bytes());
    }
    println!(
        "idle: {:.0} bytes for each of the last {} of {sockets} sockets of members of {rooms} rooms ({:.1} MB in all)",
        (resting_bytes[1] - resting_bytes[0]) / (sockets - sockets / 2) as f64,
        sockets - sockets / 2,
        resting_bytes[1] / 1e6
    );
    Ok(())
}

/// Connects these users, so many at once.
async fn connect_all(
    server: &Server,
    users: std::ops::Range<usize>,
    in_flight: usize,
) -> Result<Vec<Client>, Box<dyn std::error::Error>> {
    let next = Rc::new(Cell::new(users.start));
    let local = LocalSet::new();
    let lanes: Vec<_> = (0..in_flight)
        .map(|_| {
            let (next, address, end) = (next.clone(), server.address, users.end);
            local.spawn_local(async move {
                let mut clients = Vec::new();
                while next.get() < end {
                    let number = next.replace(next.get() + 1);
                    let client = Client::connect(address, &token(&format!("u{number}")), number).await;
                    clients.push(client.map_err(|error| error.to_string())?);
                }
                Ok::<_, String>(clients)
            })
        })
        .collect();
    let mut clients = Vec::with_capacity(users.len());
    local
        .run_until(async {
            for lane in lanes {
                clients.extend(lane.await??);
            }
            Ok::<_, Box<dyn std::error::Error>>(())
        })
        .await?;
    Ok(clients)
}

/// CPU of a delivery.
pub async fn fanout(server: &Server, members: usize, rate: u64, in_flight: usize, seconds: u64) -> Outcome {
    let rooms = populate(server, members, 1, |_| vec![0]).await?;
    let received = Rc::new(Cell::new(0u64));
    let local = LocalSet::new();
    let room = rooms[0].clone();
    local
        .run_until(async {
            for number in 1..members {
                let mut client = Client::connect(server.address, &token(&format!("u{number}")), number).await?;
                let received = received.clone();
                tokio::task::spawn_local(async move {
                    while let Ok(text) = client.next().await {
                        if text.starts_with("42[\"message:new\"") {
                            received.set(received.get() + 1);
                        }
                    }
                });
            }
            let mut sender = Client::connect(server.address, &token("u0"), 0).await?;
            tokio::time::sleep(Duration::from_secs(3)).await;
            let payload = format!("{{\"roomId\":\"{room}\",\"content\":\"{}\"}}", "x".repeat(80));
            let (cpu, start, before) = (server.cpu_s(), Instant::now(), received.get());
            let mut sent = 0u64;
            while start.elapsed() < Duration::from_secs(seconds) {
                for _ in 0..in_flight {
                    sender.send(&format!("420[\"message:send\",{payload}]")).await?;
                }
                let mut answers = 0;
                while answers < in_flight {
                    answers += usize::from(sender.next().await?.starts_with("430"));
                }
                sent += in_flight as u64;
                if let Some(due_us) = (sent * 1_000_000).checked_div(rate) {
                    tokio::time::sleep_until((start + Duration::from_micros(due_us)).into()).await;
                }
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
            let (cpu, delivered) = (server.cpu_s() - cpu, received.get() - before);
            let expected = sent * (members as u64 - 1);
            println!(
                "fanout: {sent} messages to {members} members, {in_flight} in flight: {delivered} of {expected} delivered, \
                 {:.2} µs of server CPU a delivery, {:.0} deliveries/s",
                cpu * 1e6 / delivered.max(1) as f64,
                delivered as f64 / seconds as f64,
            );
            Ok(())
        })
        .await
}

/// Durable sends a second.
pub async fn sends(server: &Server, senders: usize, rooms: usize, seconds: u64) -> Outcome {
    let ids = populate(server, senders, rooms, |user| vec![user % rooms]).await?;
    let latencies = Rc::new(std::cell::RefCell::new(Vec::<u32>::new()));
    let sent = Rc::new(Cell::new(0u32));
    let local = LocalSet::new();
    local
        .run_until(async {
            let end = Instant::now() + Duration::from_secs(seconds + 2);
            let measure_from = end - Duration::from_secs(seconds);
            let (cpu_s, written_bytes) = (server.cpu_s(), server.written_bytes());
            let mut tasks = Vec::new();
            for number in 0..senders {
                let token = token(&format!("u{number}"));
                let (address, room) = (server.address, ids[number % rooms].clone());
                let (latencies, sent) = (latencies.clone(), sent.clone());
                tasks.push(tokio::task::spawn_local(async move {
                    let mut client =
                        Client::connect(address, &token, number).await.map_err(|error| error.to_string())?;
                    while Instant::now() < end {
                        let since = Instant::now();
                        let payload = format!("{{\"roomId\":\"{room}\",\"content\":\"{}\"}}", "x".repeat(80));
                        let (answer, _) =
                            client.call("message:send", &payload).await.map_err(|error| error.to_string())?;
                        if !answer.starts_with("[{\"ok\":true") {
                            return Err(answer);
                        }
                        sent.set(sent.get() + 1);
                        if since >= measure_from {
                            latencies
                                .borrow_mut()
                                .push(u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX));
                        }
                    }
                    Ok::<(), String>(())
                }));
            }
            for task in tasks {
                task.await??;
            }
            // Connects and all: the fewer the sends, the more of it is theirs.
            let each = |total: f64| total / f64::from(sent.get().max(1));
            let (cpu_s, written_bytes) = (server.cpu_s() - cpu_s, server.written_bytes() - written_bytes);
            let mut latencies = latencies.borrow_mut();
            latencies.sort_unstable();
            let at =
                |share: f64| f64::from(latencies[((latencies.len() - 1) as f64 * share) as usize]) / 1000.0;
            println!(
                "sends: {:.0}/s from {senders} senders over {rooms} rooms, p50 {:.1} ms, p99 {:.1} ms; \
                 each {:.0} µs of server CPU and {:.0} bytes that the server wrote to disk",
                latencies.len() as f64 / seconds as f64,
                at(0.5),
                at(0.99),
                each(cpu_s * 1e6),
                each(written_bytes),
            );
            Ok(())
        })
        .await
}
