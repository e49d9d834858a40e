//! Messages are told apart wherever the bytes are cut, and each has its fate.

use super::*;

const PUSH: &[u8] = b">3\r\n$7\r\nmessage\r\n$5\r\ntopic\r\n$4\r\n\r\n\r\n\r\n";

#[test]
fn values_of_redis_end_where_they_end() {
    for value in [PUSH, b"+OK\r\n", b"$-1\r\n", b"%1\r\n+a\r\n*2\r\n:1\r\n$1\r\nb\r\n", b"*0\r\n"] {
        assert_eq!(redis_value(&[value, b"+next\r\n"].concat()), Some(value.len()), "{value:?}");
        for cut in 0..value.len() {
            assert_eq!(redis_value(&value[..cut]), None, "{value:?} cut at {cut}");
        }
    }
}

#[test]
fn requests_to_postgresql_end_where_they_end() {
    let startup = [0, 0, 0, 9, 0, 3, 0, 0, 0];
    let query = [b'Q', 0, 0, 0, 6, b'x', 0];
    for request in [&startup[..], &query[..]] {
        assert_eq!(postgres_request(&[request, &query].concat()), Some(request.len()));
        for cut in 0..request.len() {
            assert_eq!(postgres_request(&request[..cut]), None, "{request:?} cut at {cut}");
        }
    }
}

#[tokio::test]
async fn messages_are_lost_doubled_and_late() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let target = listener.local_addr().expect("an address");
    let judge = |message: &[u8]| match message {
        b"+lost\r\n" => Fate::IsLost,
        b"+twice\r\n" => Fate::IsDoubled,
        b"+late\r\n" => Fate::IsLate(Duration::from_millis(50)),
        _ => Fate::Passes,
    };
    let courier = Courier::before(target, (Direction::Answers, redis_value), judge).await.expect("a port");
    let mut client = TcpStream::connect(courier.address).await.expect("it listens");
    let (mut server, _) = listener.accept().await.expect("it connects");
    server.write_all(b"+lost\r\n+twice\r\n+las").await.expect("it is taken");
    server.write_all(b"t\r\n").await.expect("it is taken");
    assert_eq!(hears(&mut client, 23).await, "+twice\r\n+twice\r\n+last\r\n");
    server.write_all(b"+late\r\n+next\r\n").await.expect("it is taken");
    assert_eq!(hears(&mut client, 14).await, "+next\r\n+late\r\n");
}

async fn hears(client: &mut TcpStream, length: usize) -> String {
    let mut heard = vec![0; length];
    client.read_exact(&mut heard).await.expect("it comes");
    String::from_utf8(heard).expect("text")
}
