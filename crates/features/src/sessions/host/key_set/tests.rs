//! A key set behind an address that changes, fails and hangs.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::sessions::tests::signing::{Signer, claims, key_set};

/// A server that answers every request with the same text, and counts.
struct Publisher {
    url: String,
    answer: Arc<parking_lot::Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Publisher {
    async fn start(body: &str) -> Publisher {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/jwks", listener.local_addr().expect("an address"));
        let publisher = Publisher { url, answer: Arc::default(), asked: Arc::default() };
        publisher.publish(body);
        let (answer, asked) = (publisher.answer.clone(), publisher.asked.clone());
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                asked.fetch_add(1, Ordering::SeqCst);
                let answer = answer.lock().clone();
                let _read = socket.read(&mut [0; 4096]).await;
                let _written = socket.write_all(answer.as_bytes()).await;
            }
        });
        publisher
    }

    fn publish(&self, body: &str) {
        self.answer_with("200 OK", body);
    }

    fn answer_with(&self, status: &str, body: &str) {
        let head =
            format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        *self.answer.lock() = head + body;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn keys(&self) -> KeySet {
        let settings = Settings { jwks_url: Some(self.url.clone()), ..Settings::default() };
        KeySet::open(&settings).await.expect("it opens").expect("there is one")
    }
}

async fn accepts(keys: &KeySet, signer: &Signer) -> bool {
    let token = signer.token(&claims("alice", 0));
    let token = Unverified::parse(&token).expect("a token");
    keys.verify(&token).await.is_some()
}

#[tokio::test]
async fn published_keys_of_every_kind_verify() {
    let publisher = Publisher::start(&key_set(&Signer::all())).await;
    let keys = publisher.keys().await;
    for signer in Signer::all() {
        assert!(accepts(&keys, &signer).await, "{}", signer.kid());
    }
    assert_eq!(publisher.asked(), 1, "known keys need no second look");
}

#[tokio::test]
async fn a_new_key_is_looked_for_and_an_old_one_goes() {
    let publisher = Publisher::start(&key_set(&[Signer::ec()])).await;
    let mut keys = publisher.keys().await;
    keys.look_again_after = Duration::ZERO;
    publisher.publish(&key_set(&[Signer::ed()]));
    assert!(accepts(&keys, &Signer::ed()).await);
    assert!(!accepts(&keys, &Signer::ec()).await, "a key that is withdrawn is no key");
}

#[tokio::test]
async fn unknown_keys_do_not_make_us_ask_again_and_again() {
    let publisher = Publisher::start(&key_set(&[Signer::ec()])).await;
    let keys = publisher.keys().await;
    for number in 0..50 {
        let header = json!({"alg": "EdDSA", "kid": format!("unknown {number}")});
        let token = Signer::ed().with_header(&header, &claims("alice", 0));
        assert!(keys.verify(&Unverified::parse(&token).expect("a token")).await.is_none());
    }
    assert_eq!(publisher.asked(), 1);
}

#[tokio::test]
async fn keys_stay_good_while_their_source_is_down() {
    let publisher = Publisher::start(&key_set(&[Signer::ec()])).await;
    let mut keys = publisher.keys().await;
    keys.look_again_after = Duration::ZERO;
    let long = format!(r#"{{"keys":[],"padding":"{}"}}"#, "x".repeat(300 * 1024));
    for (status, body) in
        [("500 Oh", "{}"), ("200 OK", "<html>"), ("200 OK", r#"{"keys":[]}"#), ("200 OK", &long)]
    {
        publisher.answer_with(status, body);
        assert!(!accepts(&keys, &Signer::ed()).await);
        assert!(accepts(&keys, &Signer::ec()).await, "lost after {status}");
    }
    assert_eq!(publisher.asked(), 5);
}

#[tokio::test]
async fn a_source_that_is_down_at_the_start_is_asked_later() {
    let publisher = Publisher::start("").await;
    let mut keys = publisher.keys().await;
    assert!(!accepts(&keys, &Signer::ec()).await && !keys.is_known());
    publisher.publish(&key_set(&[Signer::ec()]));
    keys.look_again_after = Duration::ZERO;
    assert!(accepts(&keys, &Signer::ec()).await && keys.is_known());
}

#[tokio::test]
async fn a_crowd_with_a_new_key_asks_once() {
    let publisher = Publisher::start(&key_set(&[Signer::ec()])).await;
    let mut keys = publisher.keys().await;
    keys.look_again_after = Duration::ZERO;
    publisher.publish(&key_set(&Signer::all()));
    let keys = Arc::new(keys);
    let crowd: Vec<_> = (0..20)
        .map(|_| {
            let keys = keys.clone();
            tokio::spawn(async move { accepts(&keys, &Signer::ed()).await })
        })
        .collect();
    for one in crowd {
        assert!(one.await.expect("no panic"));
    }
    assert_eq!(publisher.asked(), 2);
}

#[tokio::test]
async fn a_file_without_keys_is_a_mistake() {
    let settings = Settings { jwks_file: Some("/nonexistent/jwks.json".into()), ..Settings::default() };
    let error = KeySet::open(&settings).await.err().expect("it opened").to_string();
    assert!(error.contains("FIRESIDE_JWT_JWKS_FILE /nonexistent/jwks.json"), "{error}");
}
