// What a page does with upstream's browser bundle while its line is cut. It runs in the browser, so it
// uses nothing from outside itself but `cut()`, which the test provides.

export async function liveThroughCuts(url) {
  const { jstp } = window.api;
  const settle = (start) =>
    new Promise((resolve, reject) => {
      setTimeout(reject, 10_000, new Error('no answer within 10 s'));
      start((error, ...results) => (error ? reject(error) : resolve(results)));
    });
  const page = { greet: (connection, name, callback) => callback(null, `hello ${name}`) };
  const options = {
    application: new jstp.Application('page', { page }),
    reconnector: (connection, reconnect) => {
      if (!connection.closedIntentionally) setTimeout(reconnect, 10);
    },
  };
  const [connection, { events }] = await settle((done) =>
    jstp.ws.connectAndInspect('fixture', options, ['events'], url, done),
  );
  connection.on('error', () => {});
  const call = async (iface, method, ...args) =>
    (await settle((done) => connection.callMethod(iface, method, args, done)))[0];
  const { id } = connection.session;
  const back = () => new Promise((resolve) => connection.once('reconnect', resolve));
  const breakLine = async () => {
    const gone = new Promise((resolve) => connection.once('close', resolve));
    await window.cut();
    await gone;
  };

  const got = [];
  const heard = [];
  events.on('got', (name, [n]) => got.push(n));
  events.on('news', (text) => heard.push(text));

  // Issued while the line is down, delivered after it.
  await breakLine();
  const answers = [];
  for (let i = 0; i < 10; i++) {
    events.emit('said', i);
    answers.push(call('echo', 'one', i));
  }
  const result = { answers: await Promise.all(answers), got };

  let returned = back();
  await breakLine();
  await returned;
  result.sameSession = (await call('session', 'id')) === id;
  result.called = await call('back', 'invoke', 'page', 'greet', ['bob']);
  await call('events', 'broadcast', 'news', ['after the cut']);
  result.heard = heard;

  returned = back();
  await breakLine();
  [result.resent] = await settle((done) =>
    connection.callMethodWithResend('calc', 'answer', [], done),
  );
  await returned;
  connection.close();
  return result;
}
