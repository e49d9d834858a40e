//! What is measured, for `/metrics`: the recorder that all crates write to, and what only the process itself
//! knows.

mod process;

use std::sync::OnceLock;
use std::time::Duration;

use fireside_db::{Connections, Db};
use fireside_gateway::rest::RenderMetrics;
use fireside_gateway::socketio::Door;
use fireside_kernel::room_log::RoomLog;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Buckets of everything that takes time, in seconds.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Buckets of how many clients an event went to.
const RECIPIENTS: &[f64] =
    &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0];
/// How often what was recorded is put into its buckets, so that it does not pile up when nobody asks.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// The recorder of this process. There is one, whatever number of servers run in it.
fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Suffix("_recipients".to_owned()), RECIPIENTS)
            });
        let recorder = builder.expect("the lists of buckets are not empty").build_recorder();
        let handle = recorder.handle();
        // Fails only where a program that uses this crate records elsewhere; then this one stays empty.
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("metrics are recorded elsewhere");
        }
        describe();
        handle
    })
}

/// Starts recording. To be called before anything is measured.
pub fn start() {
    recorder();
}

/// Keeps the recorder tidy until the task is aborted.
pub async fn upkeep() {
    loop {
        tokio::time::sleep(UPKEEP_INTERVAL).await;
        recorder().run_upkeep();
    }
}

/// What `/metrics` answers.
pub fn render(db: Db, log: RoomLog, door: Door) -> RenderMetrics {
    Box::new(move || {
        read_connections(&door);
        let pools = db.stats();
        for (pool, connections) in [("read", pools.read), ("write", pools.write)] {
            read_pool(pool, connections);
        }
        counter!("fireside_db_lost_races_total").absolute(pools.read.lost_races + pools.write.lost_races);
        gauge!("fireside_room_log_waiting").set(log.waiting() as f64);
        process::read();
        recorder().render()
    })
}

fn read_connections(door: &Door) {
    let (mut polling, mut websocket, mut packets_in, mut packets_out, mut bytes_in, mut bytes_out) =
        (0, 0, 0, 0, 0, 0);
    let mut panics = 0;
    for stats in door.stats() {
        polling += stats.open_polling;
        websocket += stats.open_websocket;
        packets_in += stats.packets_in;
        packets_out += stats.packets_out;
        bytes_in += stats.bytes_in;
        bytes_out += stats.bytes_out;
        panics += stats.panics;
    }
    counter!("fireside_panics_total", "door" => "socketio").absolute(panics);
    gauge!("fireside_connections", "transport" => "polling").set(polling as f64);
    gauge!("fireside_connections", "transport" => "websocket").set(websocket as f64);
    counter!("fireside_packets_total", "direction" => "in").absolute(packets_in);
    counter!("fireside_packets_total", "direction" => "out").absolute(packets_out);
    counter!("fireside_transport_bytes_total", "direction" => "in").absolute(bytes_in);
    counter!("fireside_transport_bytes_total", "direction" => "out").absolute(bytes_out);
}

fn read_pool(pool: &'static str, connections: Connections) {
    gauge!("fireside_db_pool_connections", "pool" => pool, "state" => "idle")
        .set(f64::from(connections.idle));
    gauge!("fireside_db_pool_connections", "pool" => pool, "state" => "in_use")
        .set(f64::from(connections.in_use));
    counter!("fireside_db_calls_total", "pool" => pool).absolute(connections.lent);
}

fn describe() {
    gauge!("fireside_build_info", "version" => env!("CARGO_PKG_VERSION"), "commit" => crate::wiring::COMMIT.unwrap_or("unknown"))
        .set(1.0);
    describe_gauge!("fireside_build_info", "What this program is");
    describe_gauge!("fireside_connections", "Open connections of the Socket.IO door by transport");
    describe_gauge!("fireside_sockets", "Connected sockets");
    describe_gauge!("fireside_users", "Users by state");
    describe_gauge!("fireside_room_log_waiting", "Changes that wait for their transaction");
    describe_gauge!("fireside_db_pool_connections", "Connections to the database by state");
    describe_counter!(
        "fireside_db_lost_races_total",
        "Transactions that concurrent work got in the way of (deadlocks, serialization failures)"
    );
    describe_gauge!("fireside_tasks", "Tasks of the runtime that have not ended");
    describe_counter!("fireside_db_calls_total", "Queries and transactions by the connections they use");
    describe_gauge!("fireside_nodes", "Servers that work on this database, this one among them");
    describe_gauge!(
        "fireside_lookout_rooms",
        "Rooms compared with the database in the last look for what was missed"
    );
    describe_histogram!("fireside_lookout_seconds", "Time of a look for what was missed");
    describe_gauge!("fireside_bus_up", "Whether the bus between nodes reaches them: 1 or 0");
    describe_counter!("fireside_bus_messages_total", "Messages between nodes by direction");
    describe_counter!(
        "fireside_bus_dropped_total",
        "Messages that the bus gave up: away, or too much waiting"
    );
    describe_counter!(
        "fireside_bus_rejected_total",
        "Messages on the bus that no node of this chat has made"
    );
    describe_counter!("fireside_bus_reconnects_total", "Attempts of the bus to connect again");
    describe_counter!("fireside_company_events_total", "Events of other servers on the same Redis by result");
    describe_counter!("fireside_connects_total", "Attempts to connect a socket by result");
    describe_counter!("fireside_disconnects_total", "Ended sockets by reason");
    describe_counter!(
        "fireside_forwarded_requests_total",
        "Requests of long polling passed on to the node that has the session, by result (answered, lost)"
    );
    describe_counter!("fireside_events_total", "Events from clients by result");
    describe_counter!("fireside_messages_total", "Messages committed, by where they were written");
    describe_counter!("fireside_room_events_total", "Events committed to the logs of rooms");
    describe_counter!("fireside_gaps_filled_total", "Holes in delivery that were filled from the log");
    describe_counter!("fireside_rate_limited_total", "Requests refused by a rate limit");
    describe_counter!("fireside_sign_ins_total", "Attempts to sign in by result");
    describe_counter!("fireside_http_requests_total", "Answered HTTP requests");
    describe_counter!("fireside_packets_total", "Engine.IO packets");
    describe_counter!("fireside_transport_bytes_total", "Bytes of Engine.IO packets");
    describe_counter!("fireside_panics_total", "Panics that were caught");
    // There from the start: a rate over a counter that appears with its first panic does not see that one.
    ["rest", "room_log", "delivery"]
        .iter()
        .for_each(|door| counter!("fireside_panics_total", "door" => *door).absolute(0));
    describe_counter!("fireside_typing_dropped_total", "Typing signals that were dropped under load");
    describe_histogram!("fireside_message_ack_seconds", "Time from a change's arrival to its commit");
    describe_histogram!("fireside_fanout_seconds", "Time to hand a committed batch to all sockets");
    describe_histogram!("fireside_fanout_recipients", "Sockets that an event went to");
    describe_histogram!("fireside_http_request_duration_seconds", "Time to answer HTTP requests");
    describe_histogram!("fireside_db_query_seconds", "Time of database calls");
}
