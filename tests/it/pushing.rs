//! Who has no tab open hears of what they are told by their browsers' push services, and nobody else.

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime};

use recado::desk::{Role, Time};
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Browser, Client, Database, Person, PushService, Team, TestServer};

#[tokio::test]
async fn who_has_no_tab_open_hears_by_their_push_service_of_what_they_are_told() {
    let server = TestServer::with(&["--push-contact", "mailto:ops@acme.test"]).await;
    let (team, service) = (Team::of(&server).await, PushService::start().await);
    let browser = service.browser();
    browser.is_used_by(&team.ada).await;

    team.assign(&team.ada).await;
    service.letters(&browser, 1).await;
    team.acme.writes("5511888888888", "wamid.2", "Segredo de cliente").await;
    let letters = service.letters(&browser, 2).await;

    let events = team.acme.told().await;
    let seq = events.iter().rposition(|name| *name == "notification:new").unwrap() + 1;
    let told = browser.opens(&letters[1]);
    let title = team.acme.card().await.contact.phone_number;
    let expected = json!({
        "seq": seq, "kind": "message", "title": title, "conversationId": team.conversation,
    });
    assert_eq!((told, browser.opens(&letters[0])["kind"].clone()), (expected, json!("assigned")));
    assert_eq!(letters[0].header("topic"), letters[1].header("topic"), "the newest is enough");
    for (name, value) in [("content-encoding", "aes128gcm"), ("urgency", "high"), ("ttl", "86400")]
    {
        assert_eq!(letters[1].header(name), value);
    }
    let (claims, key) = letters[1].claims(&service.url);
    let known = team.ada.get("/api/push/key").await.text("publicKey");
    assert_eq!((key, &claims["sub"]), (known, &json!("mailto:ops@acme.test")));
    let ends = claims["exp"].as_i64().unwrap() - Time::now().seconds();
    assert!((1..=86_400).contains(&ends), "{ends}");
}

#[tokio::test]
async fn of_several_nodes_the_one_that_stores_it_pushes_once() {
    let database = Database::create().await;
    if !database.is_postgres() {
        return;
    }
    let other = TestServer::on(database.clone(), &[]).await;
    let server = TestServer::on(database, &[]).await;
    let (team, service) = (Team::of(&server).await, PushService::start().await);
    let browser = service.browser();
    browser.is_used_by(&team.ada).await;
    // It knows what the first one stores.
    let mut tab = Client::connect(other.address(), &team.ada.token).await.unwrap();
    tab.hear("ready").await;

    for told in 1..=3 {
        team.assign(&team.ada).await;
        tab.hear("notification:new").await;
        service.letters(&browser, told).await;
    }

    let letters = service.given(&browser);
    let seqs: BTreeSet<_> =
        letters.iter().map(|letter| browser.opens(letter)["seq"].as_i64()).collect();
    assert_eq!((letters.len(), seqs.len()), (3, 3));
}

#[tokio::test]
async fn what_others_are_told_is_not_pushed_to_one() {
    let server = TestServer::start().await;
    let (team, service) = (Team::of(&server).await, PushService::start().await);
    let bia = team.acme.person("bia", Role::Agent).await;
    let zenith = server.tenant("zenith").await.person("zoe", Role::Admin).await;
    let [of_ada, also_ada, of_bia, of_zoe] = [(); 4].map(|()| service.browser());
    for (browser, person) in
        [(&of_ada, &team.ada), (&also_ada, &team.ada), (&of_bia, &bia), (&of_zoe, &zenith)]
    {
        browser.is_used_by(person).await;
    }

    let path = format!("/api/conversations/{}/messages", team.conversation);
    let both = json!([team.ada.id, bia.id]);
    let note = json!({
        "type": "TEXT", "content": "Vejam isto", "isPrivate": true, "mentions": both,
    });
    assert!(team.eva.post(&path, note).await.status.is_success());
    for browser in [&of_ada, &also_ada, &of_bia] {
        service.letters(browser, 1).await;
    }
    team.assign(&team.ada).await;
    service.letters(&of_ada, 2).await;
    service.letters(&also_ada, 2).await;
    team.assign(&bia).await;
    service.letters(&of_bia, 2).await;

    let counts = [&of_ada, &also_ada, &of_bia, &of_zoe].map(|it| service.given(it).len());
    assert_eq!(counts, [2, 2, 2, 0]);
}

#[tokio::test]
async fn a_browser_that_is_gone_is_forgotten() {
    for status in [404, 410] {
        let server = TestServer::start().await;
        let (team, service) = (Team::of(&server).await, PushService::start().await);
        let browser = service.browser();
        let id = browser.is_used_by(&team.ada).await;

        service.answers(status, None);
        team.assign(&team.ada).await;
        service.letters(&browser, 1).await;

        // Told of anew, it has another id: nothing was left of it.
        let again = until_another_id(&browser, &team.ada, &id).await;
        assert_ne!(again, id, "{status}");
    }
}

/// Subscribes until the browser has another id.
async fn until_another_id(browser: &Browser, person: &Person, id: &str) -> String {
    let began = Instant::now();
    loop {
        let again = browser.is_used_by(person).await;
        if again != id || began.elapsed() > Duration::from_secs(10) {
            return again;
        }
    }
}

#[tokio::test]
async fn a_push_service_that_has_trouble_is_tried_again_when_it_says() {
    let server = TestServer::with(&["--sending-backoff", "10"]).await;
    let (team, service) = (Team::of(&server).await, PushService::start().await);
    let browser = service.browser();
    browser.is_used_by(&team.ada).await;
    let moment = httpdate::fmt_http_date(Time::now().plus_seconds(6).into());
    service.answers(503, None);
    service.answers(429, Some("2"));
    service.answers(503, Some(&moment));

    team.assign(&team.ada).await;
    service.letters(&browser, 2).await;
    let refused = Instant::now();
    service.letters(&browser, 3).await;
    let seconds = refused.elapsed();
    let letters = service.letters(&browser, 4).await;

    assert!(seconds > Duration::from_millis(1_500), "{seconds:?}");
    assert!(SystemTime::from(Time::now()) >= httpdate::parse_http_date(&moment).unwrap());
    let seqs = letters.iter().map(|letter| browser.opens(letter)["seq"].clone());
    let seqs: Vec<_> = seqs.collect();
    assert!(seqs.iter().all(|seq| *seq == seqs[0]), "{seqs:?}");
}

#[tokio::test]
async fn what_a_push_service_refuses_is_not_tried_again_nor_is_trouble_that_does_not_end() {
    let server = TestServer::with(&["--sending-backoff", "1"]).await;
    let (team, service) = (Team::of(&server).await, PushService::start().await);
    let browser = service.browser();
    browser.is_used_by(&team.ada).await;
    let expected = [(403, 1), (400, 1), (500, 5)];

    let mut before = 0;
    for (status, tries) in expected {
        // At once, and not when what comes later has come already.
        (0..tries).for_each(|_| service.answers(status, Some("0")));
        team.assign(&team.ada).await;
        service.letters(&browser, before + tries).await;
        // Whatever would be tried once more, would be before what comes later.
        team.assign(&team.ada).await;
        let letters = service.letters(&browser, before + tries + 1).await;
        let seqs: Vec<_> = letters.iter().map(|it| browser.opens(it)["seq"].as_i64()).collect();
        assert_ne!(seqs[before + tries], seqs[before], "{status}: {seqs:?}");
        before += tries + 1;
    }
}

#[tokio::test]
async fn a_push_service_that_does_not_answer_holds_up_nobody_elses_pushes() {
    let server = TestServer::start().await;
    let (team, service) = (Team::of(&server).await, PushService::start().await);
    let silent = PushService::start().await;
    silent.falls_silent();
    for _ in 0..20 {
        silent.browser().is_used_by(&team.ada).await;
    }
    let bia = team.acme.person("bia", Role::Agent).await;
    let of_bia = service.browser();
    of_bia.is_used_by(&bia).await;

    // More than are under way at once within as long as a test waits, given up after 15 s each.
    for _ in 0..10 {
        team.assign(&team.ada).await;
    }
    team.assign(&bia).await;

    service.letters(&of_bia, 1).await;
}

/// Makes sure that nobody is tried again to whom something happens before their second try.
async fn is_not_tried_again_after(happens: impl AsyncFnOnce(&Team<'_>)) {
    let server = TestServer::start().await;
    let (team, service) = (Team::of(&server).await, PushService::start().await);
    let bia = team.acme.person("bia", Role::Agent).await;
    let [of_ada, of_bia] = [(); 2].map(|()| service.browser());
    of_ada.is_used_by(&team.ada).await;
    of_bia.is_used_by(&bia).await;
    (0..2).for_each(|_| service.answers(503, Some("1")));

    team.assign(&team.ada).await;
    service.letters(&of_ada, 1).await;
    happens(&team).await;
    team.assign(&bia).await;
    // Whose second try is due later.
    service.letters(&of_bia, 2).await;

    assert_eq!(service.given(&of_ada).len(), 1);
}

#[tokio::test]
async fn who_has_signed_out_is_not_tried_again() {
    is_not_tried_again_after(async |team| {
        assert_eq!(team.ada.delete("/api/sessions").await.status, StatusCode::NO_CONTENT);
    })
    .await;
}

#[tokio::test]
async fn who_may_not_see_a_conversation_any_more_is_not_tried_again() {
    is_not_tried_again_after(async |team| {
        let path = format!("/api/users/{}", team.ada.id);
        let restricted = team.eva.patch(&path, json!({ "inboxes": [] })).await;
        assert_eq!(restricted.status, StatusCode::OK, "{restricted:?}");
    })
    .await;
}

#[tokio::test]
async fn who_may_not_see_a_conversation_any_more_is_pushed_nothing_of_it() {
    let server = TestServer::start().await;
    let (team, service) = (Team::of(&server).await, PushService::start().await);
    let of_ada = service.browser();
    of_ada.is_used_by(&team.ada).await;
    team.assign(&team.ada).await;
    service.letters(&of_ada, 1).await;

    let path = format!("/api/users/{}", team.ada.id);
    let restricted = team.eva.patch(&path, json!({ "inboxes": [] })).await;
    assert_eq!(restricted.status, StatusCode::OK, "{restricted:?}");
    team.acme.writes("5511888888888", "wamid.2", "Alguém aí?").await;
    let bia = team.acme.person("bia", Role::Admin).await;
    let of_bia = service.browser();
    of_bia.is_used_by(&bia).await;
    team.assign(&bia).await;
    service.letters(&of_bia, 1).await;

    let told = team.acme.told().await;
    assert_eq!(told.iter().filter(|name| **name == "notification:new").count(), 3);
    assert_eq!(service.given(&of_ada).len(), 1);
}
