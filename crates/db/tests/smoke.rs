//! scratch
use fireside_db::testing::TestDatabase;
use fireside_db::{Engine, sql};
#[tokio::test]
async fn both() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let t0 = std::time::Instant::now();
        let database = TestDatabase::on(engine).await;
        println!("{engine:?} created {:?}", t0.elapsed());
        let db = database.open().await;
        println!("{engine:?} opened {:?}", t0.elapsed());
        db.run(sql("INSERT INTO settings (key, value) VALUES ($1, $2)").bind("a").bind("b")).await.unwrap();
        let rows: Vec<(String, String)> = db.all(sql("SELECT key, value FROM settings")).await.unwrap();
        assert_eq!(rows, [("a".to_owned(), "b".to_owned())]);
        db.close().await;
        println!("{engine:?} closed {:?}", t0.elapsed());
        let t0 = std::time::Instant::now();
        let _second = TestDatabase::on(engine).await;
        println!("{engine:?} second {:?}", t0.elapsed());
    }
}
