//! How settings are written, right and wrong.

use std::time::Duration;

use super::super::quantities::{Bytes, Days, Rate};
use super::*;

#[test]
fn listen_takes_what_people_type() {
    for (typed, shown) in [
        ("127.0.0.1:3000", "127.0.0.1:3000"),
        (":8081", "127.0.0.1:8081"),
        ("8081", "127.0.0.1:8081"),
        ("localhost:80", "localhost:80"),
        ("[::1]:3000", "[::1]:3000"),
        ("0.0.0.0:0", "0.0.0.0:0"),
    ] {
        assert_eq!(typed.parse::<Listen>().expect(typed).to_string(), shown);
    }
    for bad in ["", ":", "host", "1.2.3.4:99999", "::1:3000", "[::1]", "[x]:1", "a b:1", "tcp://10.0.0.1:80"]
    {
        assert!(bad.parse::<Listen>().is_err(), "{bad:?} was accepted");
    }
}

#[test]
fn addresses_are_http_or_https() {
    assert_eq!(
        "https://chat.example.org/".parse::<PublicUrl>().unwrap().as_str(),
        "https://chat.example.org"
    );
    for bad in ["", "chat.example.org", "ftp://x", "https://", "http:///x", "https://u:p@x", "https://a b"] {
        assert!(bad.parse::<PublicUrl>().is_err(), "{bad:?} was accepted");
    }
}

#[test]
fn origins_have_no_path() {
    let two: WebOrigins = "https://A.example, http://localhost:5173/".parse().unwrap();
    assert_eq!(two, WebOrigins::List(vec!["https://a.example".into(), "http://localhost:5173".into()]));
    assert_eq!("*".parse(), Ok(WebOrigins::Any));
    assert_eq!("".parse(), Ok(WebOrigins::Same));
    for bad in ["https://a.example/x", "*, https://a.example", "a.example", "null"] {
        assert!(bad.parse::<WebOrigins>().is_err(), "{bad:?} was accepted");
    }
}

#[test]
fn sizes_have_units() {
    for (typed, bytes, shown) in [
        ("25 MiB", 25 << 20, "25 MiB"),
        ("64KiB", 64 << 10, "64 KiB"),
        ("1000000", 1_000_000, "1 MB"),
        ("16 kib", 16 << 10, "16 KiB"),
        ("1500", 1500, "1500 B"),
        ("0", 0, "0"),
    ] {
        let size: Bytes = typed.parse().expect(typed);
        assert_eq!((size.0, size.to_string().as_str()), (bytes, shown));
        assert_eq!(size.to_string().parse(), Ok(size), "what is shown can be read");
    }
    for bad in ["", "MiB", "1.5 MiB", "-1", "1 MiBs", "99999999999999999999", "18446744073709551615 GiB"] {
        assert!(bad.parse::<Bytes>().is_err(), "{bad:?} was accepted");
    }
}

#[test]
fn words_suggest_the_nearest() {
    assert_eq!("open".parse(), Ok(Signup::Open));
    let error = "opn".parse::<Signup>().unwrap_err();
    assert_eq!(error, "\"opn\" is not one of open, invite, closed; did you mean open?");
    assert!("OPEN ".parse::<Signup>().is_err());
}

#[test]
fn switches_and_counts() {
    assert_eq!((switch("on"), switch("false")), (Ok(true), Ok(false)));
    assert!(switch("yes").is_err());
    assert_eq!(count::<usize>("10_000"), Ok(10_000));
    for bad in ["0", "-1", "", "ten"] {
        assert!(count::<u32>(bad).is_err(), "{bad:?} was accepted");
    }
}

#[test]
fn rates_have_a_unit_and_a_burst() {
    for (typed, shown, interval_ms) in [
        ("5/s burst 20", "5/s burst 20", 200),
        ("30/min", "30/min burst 30", 2000),
        ("1/h burst 3", "1/h burst 3", 3_600_000),
        (" 10 / min  burst  5 ", "10/min burst 5", 6000),
    ] {
        let rate: Rate = typed.parse().expect(typed);
        assert_eq!(rate.to_string(), shown);
        assert_eq!(rate.quota().interval, Duration::from_millis(interval_ms));
        assert_eq!(rate.to_string().parse(), Ok(rate));
    }
    for bad in ["", "5", "5/x", "0/s", "5/s burst", "5/s burst 0", "-1/s", "1.5/s", "/s"] {
        assert!(bad.parse::<Rate>().is_err(), "{bad:?} was accepted");
    }
}

#[test]
fn days_are_whole_and_not_none() {
    for (typed, shown) in [("30", "30 days"), ("1 day", "1 day"), ("7days", "7 days")] {
        assert_eq!(typed.parse::<Days>().expect(typed).to_string(), shown);
    }
    for bad in ["", "0", "-1", "1.5 days", "a week", "days"] {
        assert!(bad.parse::<Days>().is_err(), "{bad:?} was accepted");
    }
}
