//! Tokens that must not open anything, against the verifier that both doors use.

use serde_json::json;

use super::signing::{SECRET, Signer, claims, key_set, part};
use super::*;

/// A node that trusts a secret and three published keys.
async fn trusting() -> World {
    world_with(|directory| {
        let file = directory.join("jwks.json");
        std::fs::write(&file, key_set(&Signer::all())).expect("a file");
        Settings { jwt_secret: Some(SECRET.into()), jwks_file: Some(file), ..open() }
    })
    .await
}

fn now(node: &Node) -> i64 {
    node.kernel.clock.now().as_seconds()
}

async fn refused(node: &Node, token: &str, what: &str) {
    assert!(!node.is_valid(token).await, "{what} was accepted: {token}");
}

#[tokio::test]
async fn every_trusted_key_opens() {
    let world = trusting().await;
    for signer in [Signer::secret(SECRET.as_bytes()), Signer::rsa(), Signer::ec(), Signer::ed()] {
        let identity = world.identity(&signer.token(&claims("alice", now(&world)))).await;
        assert_eq!((identity.user.as_str(), identity.session, identity.is_admin), ("alice", None, false));
    }
}

#[tokio::test]
async fn a01_no_algorithm() {
    let world = trusting().await;
    for alg in ["none", "None", "nOnE", "NONE", "", "HS256 ", "hs256", "HS512", "RS512"] {
        let header = part(&json!({"alg": alg}));
        let signed = format!("{header}.{}", part(&claims("alice", now(&world))));
        refused(&world, &format!("{signed}."), alg).await;
        refused(&world, &signed, alg).await;
        refused(&world, &Signer::secret(SECRET.as_bytes()).sign(&signed), alg).await;
    }
}

#[tokio::test]
async fn a02_a_public_key_taken_for_a_secret() {
    let world = trusting().await;
    for signer in Signer::all() {
        for bytes in signer.public_bytes() {
            for header in [json!({"alg": "HS256"}), json!({"alg": "HS256", "kid": signer.kid()})] {
                let token = Signer::secret(&bytes).with_header(&header, &claims("alice", now(&world)));
                refused(&world, &token, "a public key as a secret").await;
            }
        }
    }
}

#[tokio::test]
async fn a02_a_key_for_another_algorithm() {
    let world = trusting().await;
    for signer in Signer::all() {
        for alg in ["HS256", "RS256", "RS384", "PS256", "ES256", "ES384", "EdDSA"] {
            let header = json!({"alg": alg, "kid": signer.kid()});
            let right = signer.kid().ends_with(alg);
            let token = signer.with_header(&header, &claims("alice", now(&world)));
            assert_eq!(world.is_valid(&token).await, right, "{} as {alg}", signer.kid());
        }
    }
}

#[tokio::test]
async fn a04_keys_in_the_header() {
    let world = world(Engine::Sqlite, Settings { jwt_secret: Some(SECRET.into()), ..open() }).await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    for signer in Signer::all() {
        let alg = signer.kid().replace("key-", "");
        for header in [
            json!({"alg": alg, "jwk": signer.jwk()}),
            json!({"alg": alg, "jku": url}),
            json!({"alg": alg, "x5u": url}),
            json!({"alg": alg, "x5c": ["MIIB"]}),
            json!({"alg": alg, "kid": format!("../../{url}")}),
        ] {
            refused(
                &world,
                &signer.with_header(&header, &claims("alice", now(&world))),
                "a key in the header",
            )
            .await;
        }
    }
    // Beside a good signature they are not looked at.
    let header = json!({"alg": "HS256", "jku": url, "x5u": url, "jwk": Signer::ec().jwk()});
    let token = Signer::secret(SECRET.as_bytes()).with_header(&header, &claims("alice", now(&world)));
    assert!(world.is_valid(&token).await);
    assert!(listener.accept().is_err(), "a token made the server call somebody");
}

#[tokio::test]
async fn a05_times() {
    let world = trusting().await;
    let host = Signer::secret(SECRET.as_bytes());
    let now = now(&world);
    for (claims, what) in [
        (json!({"sub": "alice"}), "no exp"),
        (json!({"sub": "alice", "exp": now - 61}), "exp a minute ago"),
        (json!({"sub": "alice", "exp": now + 60, "nbf": now + 61}), "nbf in a minute"),
        (json!({"sub": "alice", "exp": "soon"}), "exp as text"),
        (json!({"sub": "alice", "exp": (now + 60).to_string()}), "exp as digits"),
        (json!({"sub": "alice", "exp": -1}), "exp below 0"),
        (json!({"sub": "alice", "exp": null}), "exp null"),
        (json!({"sub": "alice", "exp": [now + 60]}), "exp as list"),
        (json!({"sub": "alice", "exp": 9_223_372_036_854_775_808_u64}), "exp 2^63"),
        (json!({"sub": "alice", "exp": now + 60, "nbf": "now"}), "nbf as text"),
    ] {
        refused(&world, &host.token(&claims), what).await;
    }
    let header = part(&json!({"alg": "HS256"}));
    let infinite = format!("{header}.{}", base64_of(br#"{"sub":"alice","exp":1e400}"#));
    refused(&world, &host.sign(&infinite), "exp 1e400").await;
    assert!(world.is_valid(&host.token(&json!({"sub": "alice", "exp": now - 30}))).await);
    assert!(world.is_valid(&host.token(&json!({"sub": "alice", "exp": now as f64 + 60.5}))).await);
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn a08_shapes() {
    let world = trusting().await;
    let host = Signer::secret(SECRET.as_bytes());
    let now = now(&world);
    let good = host.token(&claims("alice", now));
    assert!(world.is_valid(&good).await);
    let (signed, signature) = good.rsplit_once('.').expect("three parts");
    let (header, payload) = signed.split_once('.').expect("three parts");
    let padded = format!("{signed}.{signature}=");
    for token in [
        "",
        ".",
        "..",
        "...",
        "....",
        "a",
        "a.b",
        "a.b.c",
        "null",
        "\0",
        "é.é.é",
        " ",
        &padded,
        &format!("{good}."),
        &format!(".{good}"),
        &format!("{good} "),
        &format!("Bearer {good}"),
        &format!("{signed}."),
        &format!("{header}..{signature}"),
        &format!(".{payload}.{signature}"),
        &format!("{header}.{payload}.{payload}.{signature}.{signature}"),
        &format!("{signed}.{}", &signature[..signature.len() - 1]),
        &"a".repeat(100_000),
        &format!("{good}{}", "a".repeat(100_000)),
        &".".repeat(100_000),
    ] {
        refused(&world, token, "a shape").await;
    }
    for (json, what) in [
        (format!(r#"{{"sub":"alice","sub":"bob","exp":{}}}"#, now + 60), "two subjects"),
        (format!(r#"{{"sub":"alice","exp":{},"exp":{}}}"#, now - 600, now + 60), "two ends"),
        (format!(r#"{{"sub":7,"exp":{}}}"#, now + 60), "a number"),
        (format!(r#"{{"sub":["alice"],"exp":{}}}"#, now + 60), "a list"),
        (format!(r#"{{"sub":{{"a":"alice"}},"exp":{}}}"#, now + 60), "an object"),
        (format!(r#"{{"sub":null,"exp":{}}}"#, now + 60), "null"),
        (format!(r#"{{"exp":{}}}"#, now + 60), "no subject"),
        (format!(r#"{{"sub":"","exp":{}}}"#, now + 60), "an empty subject"),
        (format!(r#"{{"sub":"../alice","exp":{}}}"#, now + 60), "no id"),
        (format!(r#"{{"sub":"{}","exp":{}}}"#, "x".repeat(65), now + 60), "a long id"),
        (format!(r#"[{{"sub":"alice","exp":{}}}]"#, now + 60), "a list of claims"),
        (format!(r#"{{"sub":"alice","exp":{}}} {{}}"#, now + 60), "more than claims"),
        ("[".repeat(5000), "depth"),
    ] {
        let token = host.sign(&format!("{header}.{}", base64_of(json.as_bytes())));
        refused(&world, &token, what).await;
    }
    refused(&world, &host.sign(&format!("{header}.{}", base64_of(b"\xff\xfe{}"))), "no UTF-8").await;
    for extra in [
        json!({"alg": "HS256", "crit": ["exp"]}),
        json!({"alg": "HS256", "crit": []}),
        json!({"alg": "HS256", "crit": null}),
        json!({"alg": "HS256", "b64": false}),
        json!({"alg": "HS256", "typ": "logout+jwt"}),
        json!({"alg": "HS256", "typ": 1}),
        json!({"alg": ["HS256"]}),
        json!({"typ": "JWT"}),
        json!("HS256"),
    ] {
        refused(&world, &host.with_header(&extra, &claims("alice", now)), &extra.to_string()).await;
    }
    let twice = base64_of(br#"{"alg":"none","alg":"HS256"}"#);
    refused(&world, &host.sign(&format!("{twice}.{payload}")), "two algorithms").await;
}

#[tokio::test]
async fn any_changed_byte_breaks_a_token() {
    let world = trusting().await;
    let answer = world.sign_up("alice").await.expect("an account");
    for good in [access(&answer).to_owned(), Signer::ec().token(&claims("bob", now(&world)))] {
        for at in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).expect("ASCII");
            refused(&world, &changed, "a changed byte").await;
        }
    }
}

#[tokio::test]
async fn a_host_cannot_speak_as_the_server() {
    let world = trusting().await;
    let answer = world.sign_up("alice").await.expect("an account");
    let own = world.identity(access(&answer)).await;
    let now = now(&world);
    let forged = json!({
        "iss": "fireside", "aud": "fireside", "sub": "mallory", "sid": own.session.expect("a session").as_str(),
        "iat": now, "nbf": now, "exp": now + 60, "jti": "x", "role": "admin", "isAdmin": true,
    });
    let identity = world.identity(&Signer::secret(SECRET.as_bytes()).token(&forged)).await;
    assert_eq!((identity.session, identity.is_admin), (None, false), "the key decides, not the issuer");
    for secret in ["", "fireside", "secret"] {
        refused(&world, &Signer::secret(secret.as_bytes()).token(&forged), "a guessed secret").await;
    }
}

#[tokio::test]
async fn issuer_and_audience_are_demanded_where_set() {
    let settings = Settings {
        jwt_secret: Some(SECRET.into()),
        issuer: Some("https://host".into()),
        audience: Some("chat".into()),
        ..open()
    };
    let world = world(Engine::Sqlite, settings).await;
    let host = Signer::secret(SECRET.as_bytes());
    let token = |iss: Value, aud: Value| {
        host.token(&json!({"sub": "alice", "exp": now(&world) + 60, "iss": iss, "aud": aud}))
    };
    assert!(world.is_valid(&token(json!("https://host"), json!("chat"))).await);
    assert!(world.is_valid(&token(json!("https://host"), json!(["mail", "chat"]))).await);
    for (iss, aud) in [
        (json!("https://host/"), json!("chat")),
        (json!(["https://host"]), json!("chat")),
        (Value::Null, json!("chat")),
        (json!("https://host"), json!("chats")),
        (json!("https://host"), json!([])),
        (json!("https://host"), Value::Null),
        (json!("https://host"), json!({"chat": true})),
    ] {
        refused(&world, &token(iss.clone(), aud.clone()), &format!("{iss} {aud}")).await;
    }
    refused(&world, &host.token(&claims("alice", now(&world))), "neither").await;
}

#[tokio::test]
async fn without_a_host_nobody_else_is_trusted() {
    let world = world(Engine::Sqlite, open()).await;
    for signer in
        [Signer::secret(SECRET.as_bytes()), Signer::secret(b""), Signer::rsa(), Signer::ec(), Signer::ed()]
    {
        refused(&world, &signer.token(&claims("alice", now(&world))), "a stranger's token").await;
    }
}

#[tokio::test]
async fn own_tokens_end_after_a_quarter_of_an_hour() {
    let world = world(Engine::Sqlite, open()).await;
    let answer = world.sign_up("alice").await.expect("an account");
    assert_eq!(answer["expiresIn"], 900);
    world.kernel.clock.shift_ms(899_000);
    assert!(world.is_valid(access(&answer)).await);
    world.kernel.clock.shift_ms(1_000);
    refused(&world, access(&answer), "a token that has ended").await;
    world.kernel.clock.shift_ms(-910_000);
    refused(&world, access(&answer), "a token of the future").await;
}

#[tokio::test]
async fn no_secret_opens_as_a_token() {
    let world = world(Engine::Sqlite, open()).await;
    let answer = world.sign_up("alice").await.expect("an account");
    refused(&world, refresh(&answer), "a refresh token").await;
    let again = world.refresh(refresh(&answer)).await.expect("new tokens");
    refused(&world, refresh(&again), "a refresh token").await;
    assert_eq!(reason(world.refresh(access(&again)).await), Reason::Unauthenticated);
}
