//! temp
use fireside_gateway::limits::*; use fireside_protocol::{Rate, UserId}; use std::time::Instant;
fn main(){
  let fast = Quota::per_second(100_000_000, 1_000_000);
  let l = Limits::new(LimitSettings{ any: fast, send: fast, ..Default::default()});
  let users: Vec<UserId> = (0..10_000).map(|n| UserId::trusted(format!("0193f000-aaaa-7bbb-8ccc-{n:012}"))).collect();
  for r in 0..3 { let t=Instant::now(); let mut ok=0u32;
    for n in 0..2_000_000usize { ok += l.check(Subject::User(&users[(n*7919)%10_000]), Rate::Send).is_ok() as u32; }
    println!("run {r}: {:.0} ns/check, {ok} ok", t.elapsed().as_nanos() as f64/2e6); }
  let l = Limits::new(LimitSettings::default());
  let t=Instant::now(); let mut no=0u32; for _ in 0..2_000_000 { no += l.check(Subject::User(&users[0]), Rate::Send).is_err() as u32; }
  println!("refused {no}: {:.0} ns", t.elapsed().as_nanos() as f64/2e6);
  let t=Instant::now(); for n in 0..2_000_000u32 { let _ = l.check(Subject::Address(std::net::IpAddr::V4(n.into())), Rate::Any); }
  println!("new addresses: {:.0} ns", t.elapsed().as_nanos() as f64/2e6);
  let l2=l.clone(); let u=users.clone(); let l=Limits::new(LimitSettings{ any: fast, send: fast, ..Default::default()}); drop(l2);
  let t=Instant::now(); std::thread::scope(|s| for k in 0..2 { let (l,u)=(l.clone(),u.clone()); s.spawn(move || for n in 0..1_000_000usize { let _=l.check(Subject::User(&u[(n*7919+k)%10_000]), Rate::Send); }); });
  println!("2 threads: {:.0} ns per check", t.elapsed().as_nanos() as f64/2e6);
}
