//! Proxies, errors and the events for logging, message by message.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::page;
use crate::staging::staged;

#[wasm_bindgen_test]
async fn what_follows_the_arguments_says_how_to_call() {
    staged(
        "class Inspected extends Peer {
           answer(text) {
             if (!text.startsWith('{inspect')) return super.answer(text);
             this.message(\"{callback:[1],ok:['m']}\");
           }
         }
         const connection = await time.within(dial(null, Inspected));
         const { m } = await time.within(connection.inspectInterface('i'));
         const told = [];
         const tell = (...all) => told.push(all);
         const calls = [];
         for (const name of ['callMethod', 'callMethodWithResend']) {
           const call = connection[name];
           connection[name] = (...args) => { calls.push(name); return call.apply(connection, args); };
         }
         Fake.sent.length = 0;
         const promises = [m(), m(1, 'a'), m(true), m(1, false), m([tell.name], null)];
         for (const args of [[tell], [1, tell], [1, tell, false], [1, tell, true]]) equal(m(...args), undefined);
         equal(await time.within(Promise.all(promises)), Array(5).fill(7));
         await time.pass(1);
         equal(told, Array(4).fill([null, 7]));
         equal(Fake.sent.map((text) => text.replace(/.*m:/, '').slice(0, -1)), [
           '[]', '[1,\"a\"]', '[true]', '[1,false]', '[[\"tell\"],null]', '[]', '[1]', '[1]', '[1]']);
         equal(calls, [...Array(8).fill('callMethod'), 'callMethodWithResend']);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn an_event_goes_to_the_proxy_then_to_the_handler_and_only_here() {
    staged(
        "class Inspected extends Peer {
           answer(text) {
             if (!text.startsWith('{inspect')) return super.answer(text);
             this.message(\"{callback:[1],ok:['m']}\");
           }
         }
         const heard = [];
         const application = new Application('page', {}, { i: { x: (...all) => heard.push(['handler', all.slice(1)]) } });
         const connection = await time.within(dial({ application }, Inspected));
         const proxy = await time.within(connection.inspectInterface('i'));
         proxy.on('x', (...args) => heard.push(['proxy', args]));
         Fake.sent.length = 0;
         Fake.last.message(\"{event:[-1,'i'],x:[1]}\");
         equal(heard, [['proxy', [1]], ['handler', [1]]]);
         equal(Fake.sent, []);
         equal(proxy.emit('x', 2), true);
         equal(heard.slice(2), [['proxy', [2]]]);
         equal(Fake.sent, [\"{event:[2,'i'],x:[2]}\"]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn errors_are_read_and_written_as_the_protocol_says() {
    page(
        "const parts = ({ name, code, message, info }) => [name, code, message, info];
         const read = (array) => parts(RemoteError.fromJstpArray(array));
         equal(read([12]), ['RemoteError', 12, 'Interface not found', null]);
         equal(read([1025]), ['RemoteError', 1025, '1025', null]);
         equal(read([1025, 'words']), ['RemoteError', 1025, 'words', null]);
         equal(read([1025, 'words', 'a', { b: 2 }]), ['RemoteError', 1025, 'words', ['a', { b: 2 }]]);
         equal(RemoteError.fromJstpArray([]) instanceof Error, true);
         equal(new RemoteError(12, 'words', [1]).toJSTP(), [12]);
         equal(new RemoteError(1025).toJSTP(), [1025]);
         equal(new RemoteError(1025, 'words', [1, 2]).toJSTP(), [1025, 'words', 1, 2]);
         const writes = RemoteError.getJstpArrayFor;
         for (const [value, array] of [
           [new RemoteError(11), [11]], [[1025, 'x'], [1025, 'x']], [14, [14]], ['so', [1, 'so']],
           [new TypeError('x'), [1, 'TypeError: x']], [{}, [1, '[object Object]']], [null, [1, 'null']],
           [Object.assign(new Error('x'), { toJSTP: () => 7 }), [7]],
           [Object.assign(new Error('x'), { toJSTP: () => new RemoteError(1025, 'inner') }), [1025, 'inner']],
         ]) equal(writes(value), array);
         equal(RemoteError.defaultMessages[-1], 'Connection closed before receiving callback');
         equal([RemoteError.defaultMessages[10], RemoteError.defaultMessages[17]], ['Application not found', 'Invalid signature']);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn every_message_that_leaves_is_told_of() {
    staged(
        "const application = new Application('page', { i: { m: (connection, callback) => callback(null, 1) } });
         const connection = await time.within(dial({ application, reconnector: (c, again) => again() }));
         const seen = [];
         connection.on('outgoingMessage', (message) => seen.push(Object.keys(message)[0]));
         Fake.last.message(\"{call:[-1,'i'],m:[]}\");
         Fake.last.message(\"{inspect:[-2,'i']}\");
         Fake.last.message('{ping:[-3]}');
         connection.emitRemoteEvent('i', 'x', []);
         equal(seen, ['callback', 'callback', 'pong', 'event']);
         Fake.last.end(1006);
         await time.pass(100);
         equal(seen.slice(4), ['handshake', 'event', 'ping']);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_logger_hears_in_the_connections_place() {
    staged(
        "const logged = [];
         const logger = { emit: (name) => logged.push(name) };
         const connection = await time.within(dial({ logger }));
         const own = [];
         for (const name of ['incomingMessage', 'outgoingMessage', 'callback', 'event', 'heartbeat', 'messageRejected', 'close']) {
           connection.on(name, () => own.push(name));
         }
         logged.length = 0;
         await time.within(connection.callMethod('i', 'm', []));
         Fake.last.message('{}');
         Fake.last.message('{foo:1}');
         connection.close();
         await time.pass(100);
         equal(logged, ['outgoingMessage', 'incomingMessage', 'callback', 'incomingMessage', 'heartbeat',
           'incomingMessage', 'messageRejected']);
         equal(own, ['close']);",
    )
    .await;
}
