//! Reconnecting, in virtual time.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::staging::staged;

#[wasm_bindgen_test]
async fn attempts_follow_the_schedule_and_begin_anew_after_a_success() {
    staged(
        "const connection = await time.within(dial());
         const outcomes = [];
         connection.on('reconnect', (error) => outcomes.push(error instanceof Error));
         const delays = async (count, total) => {
           const [from, begun] = [Peer.all.length, performance.now()];
           Fake.last.end(1006);
           await time.pass(total);
           const at = [begun, ...Peer.at.slice(from)];
           equal(at.length - 1, count, 'attempts');
           // An attempt takes the scripted server a moment.
           return at.slice(1).map((time, index) => Math.floor((time - at[index]) / 10) * 10);
         };
         Peer.refusing = true;
         equal(await delays(8, 130000), [1000, 2000, 4000, 8000, 16000, 32000, 32000, 32000]);
         Peer.refusing = false;
         await time.pass(33000);
         equal(connection.state, 'ready');
         equal(await delays(1, 60000), [1000]);
         // Up to one second at random on top.
         time.random = 0.9999;
         Peer.refusing = true;
         equal(await delays(4, 19100), [2000, 3000, 5000, 9000]);
         equal(outcomes, [...Array(8).fill(true), false, false, ...Array(4).fill(true)]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn offline_and_online_take_the_place_of_the_schedule() {
    staged(
        "const connection = await time.within(dial());
         Fake.last.end(1006);
         dispatchEvent(new Event('offline'));
         await time.pass(1);
         equal(time.timers, 0);
         await time.pass(600000);
         equal([connection.state, Peer.all.length], ['waiting', 1]);
         time.random = 0.5;
         dispatchEvent(new Event('online'));
         await time.pass(490);
         equal(Peer.all.length, 1);
         await time.pass(20);
         equal([connection.state, Peer.all.length], ['ready', 2]);
         for (const [target, name] of [[globalThis, 'pageshow'], [document, 'resume'], [document, 'visibilitychange']]) {
           const made = Peer.all.length;
           Fake.last.end(1006);
           target.dispatchEvent(new Event(name));
           await time.pass(10);
           equal([connection.state, Peer.all.length], ['ready', made + 1], `after ${name}`);
           // With the link up it is no reason for anything.
           target.dispatchEvent(new Event(name));
           await time.pass(60000);
           equal(Peer.all.length, made + 1);
         }",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_reconnector_hears_of_a_close_by_the_page_and_can_open_nothing() {
    staged(
        "const asked = [];
         const told = [];
         const tell = (...all) => told.push(all);
         const reconnector = (which, reconnect) => {
           asked.push([which, which.closedIntentionally]);
           setTimeout(() => reconnect(tell), 100);
         };
         const connection = await time.within(dial({ reconnector }));
         const heard = [];
         for (const name of ['reconnectAttempt', 'reconnect']) connection.on(name, () => heard.push(name));
         connection.close();
         await time.pass(60000);
         equal(asked.length, 1);
         equal([asked[0][0] === connection, asked[0][1]], [true, true]);
         // Closed between the question and the answer.
         await time.within(ws.reconnect(connection, { WebSocket: Peer }, 'ws://fake/'));
         Fake.last.end(1006);
         equal(asked.length, 2);
         connection.close();
         await time.pass(60000);
         equal(told.map(([error, ...more]) => [error.name, error.code, ...more]), [['RemoteError', -3], ['RemoteError', -3]]);
         equal([asked.length, heard, connection.state, Peer.open, time.timers], [2, [], 'closed', 0, 0]);
         // Never connected, never asked.
         Peer.refusing = true;
         await time.within(failure(dial({ reconnector })));
         equal(asked.length, 2);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_failed_attempt_tells_what_there_is_and_asks_again() {
    staged(
        "const asked = [];
         let reconnect;
         const connection = await time.within(dial({ reconnector: (which, again) => { asked.push(which); reconnect = again; } }));
         const told = [];
         const tell = (...all) => told.push(all);
         const events = [];
         connection.on('reconnectAttempt', (...all) => events.push(all[0]));
         connection.on('reconnect', (error) => events.push(error?.code ?? (error ? 'error' : null)));
         Fake.last.end(1006);
         Peer.refusing = true;
         reconnect(tell);
         reconnect(tell);
         await time.pass(100);
         // The second one first: it did not come to an attempt.
         equal([told.length, told[0][0].message, told[1].length], [2, 'an attempt to reconnect is under way', 1]);
         equal(told[1][0] instanceof Error, true);
         equal(asked.length, 2);
         Peer.refusing = false;
         const { agree } = Peer.prototype;
         Peer.prototype.agree = function () { this.message('{handshake:[0],error:[42]}'); };
         reconnect(tell);
         await time.pass(100);
         equal([told[2][0].code, told[2][1] === connection, asked.length], [42, true, 3]);
         const byHand = await time.within(failure(ws.reconnect(connection, { WebSocket: Peer }, 'ws://fake/')));
         equal([byHand.code, byHand.connection === connection], [42, true]);
         equal(asked.length, 3, 'how often it was asked after an attempt by hand');
         Peer.prototype.agree = agree;
         reconnect(tell);
         await time.pass(100);
         equal([told[3][0], told[3][1] === connection, connection.state], [null, true, 'ready']);
         equal(events, ['ws', 'error', 'ws', 42, 'ws', null]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_page_that_slept_takes_nobody_for_dead() {
    staged(
        "const connection = await time.within(dial({ heartbeatInterval: 10000, reconnector: (c, again) => again() }));
         await time.pass(25000);
         time.sleep(600000);
         await time.pass(25000);
         equal([connection.state, Peer.all.length], ['ready', 1]);
         // Nor while it checks a session that it has just resumed.
         class Slow extends Peer {
           answer(text) { setTimeout(() => super.answer(text), text.startsWith('{ping') ? 1000 : 0); }
         }
         await time.within(ws.reconnect(connection, { WebSocket: Slow }, 'ws://fake/'));
         equal(connection.state, 'ready');
         time.sleep(600000);
         await time.pass(25000);
         equal([connection.state, Peer.all.length], ['ready', 2]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn everything_a_page_started_settles_after_close() {
    staged(
        "class Silent extends Peer { answer(text) { if (text.startsWith('{handshake')) super.answer(text);
           if (text.startsWith('{inspect:[1')) this.message(\"{callback:[1],ok:['m']}\"); } }
         const connection = await time.within(dial(null, Silent));
         const proxy = await time.within(connection.inspectInterface('i'));
         const { signal } = new AbortController();
         const loop = (async () => { for await (const none of proxy.events('x')) throw none; return 'left'; })();
         const started = [
           connection.callMethod('i', 'm', []), connection.callMethod('i', 'm', [], { signal, timeout: 1000000 }),
           proxy.m(), proxy.withOptions({ signal }).m(), connection.inspectInterface('j'), connection.ping(),
           proxy.events('x').next(), proxy.events('x', { signal }).next(), loop,
         ];
         connection.close();
         started.push(connection.callMethod('i', 'm', []), connection.ping(), proxy.events('x').next(),
           connection[Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]());
         const outcomes = await time.within(Promise.allSettled(started), 10000);
         equal(outcomes.map(({ value, reason }) => reason?.code ?? value?.done ?? value), [
           -1, -1, -1, -1, -1, -1, true, true, 'left', -3, -3, true, undefined]);
         await time.pass(1);
         equal([proxy.listenerCount('x'), time.timers, Peer.open], [0, 0, 0]);
         // And an attempt under way.
         const again = ws.reconnect(connection, { WebSocket: Silent }, 'ws://fake/');
         connection.close();
         equal((await time.within(failure(again))) instanceof Error, true);",
    )
    .await;
}
