// A page's script as it is written for @metarhia/jstp: callbacks, and nothing that only jstp-wasm has.
// `tell(line)` writes the transcript.

function story(jstp, url, tell, done) {
  const say = (error) => `${error instanceof jstp.RemoteError} ${error.code}: ${error.message}`;

  const application = new jstp.Application('page', {
    dialog: {
      confirm(connection, question, callback) {
        callback(null, `yes to ${question}`);
      },
      refuse(connection, callback) {
        callback(new jstp.RemoteError(42, 'not today'));
      },
      size(connection, callback) {
        callback(null, 800, 600);
      },
    },
  }, {
    events: {
      hello(connection, name) {
        tell(`the application hears hello from ${name}`);
      },
    },
  });

  const client = {
    application,
    connectPolicy: new jstp.SimpleConnectPolicy('marcus', 'secret'),
    reconnector(connection, reconnect) {
      tell('the reconnector is asked');
      reconnect(() => {});
    },
  };

  jstp.ws.connectAndInspect('fixture', client, ['calc', 'fail', 'events', 'back'], url, (error, connection, api) => {
    if (error) return tell(say(error));
    tell(`connected as ${connection.username}, ${connection.handshakeDone}`);
    tell(`remote proxies: ${Object.keys(api).sort()}, ${api.calc === connection.remoteProxies.calc}`);
    connection.on('close', () => tell('closed'));
    calls(connection, api);
  });

  function calls(connection, api) {
    api.calc.add(1, 2, (error, sum) => {
      tell(`add: ${error} ${sum}`);
      api.fail.code(10, (error) => {
        tell(`fail.code: ${say(error)}`);
        connection.callMethod('calc', 'add', [20, 22], (error, sum) => {
          tell(`callMethod: ${error} ${sum}`);
          connection.callMethod('nothing', 'there', [], (error) => {
            tell(`no interface: ${say(error)}`);
            connection.callMethod('calc', 'missing', [], (error) => {
              tell(`no method: ${say(error)}`);
              api.calc.add(1, (error) => {
                tell(`too few: ${say(error)}`);
                values(connection, api);
              });
            });
          });
        });
      });
    });
  }

  function values(connection, api) {
    const sent = [null, true, -1.5, 'üñ€😀\n\'"', [1, [2]], { a: { b: [] }, 'c-d': '' }];
    connection.callMethod('echo', 'one', [sent], (error, got) => {
      tell(`values: ${error} ${JSON.stringify(got) === JSON.stringify(sent)}`);
      connection.callMethod('echo', 'many', [1, 'two', [3]], (error, ...results) => {
        tell(`several results: ${JSON.stringify(results)}`);
        connection.callMethod('echo', 'none', [], (...results) => {
          tell(`none: ${JSON.stringify(results)}`);
          events(connection, api);
        });
      });
    });
  }

  function events(connection, api) {
    api.events.on('tick', (index) => tell(`tick ${index}`));
    api.events.once('tick', () => tell('the first tick'));
    api.events.flood(3, null, (error, count) => {
      tell(`flood: ${error} ${count}`);
      api.events.on('got', (name, args) => {
        tell(`the server got ${name} ${JSON.stringify(args)}`);
        inspect(connection, api);
      });
      connection.emitRemoteEvent('events', 'ours', [1, 'two']);
    });
  }

  function inspect(connection, api) {
    connection.inspectInterface('session', (error, proxy) => {
      tell(`inspect: ${error} ${typeof proxy.id} ${proxy === connection.remoteProxies.session}`);
      connection.inspectInterface('nothing', (error, nothing) => {
        tell(`inspect nothing: ${say(error)} ${nothing}`);
        connection.ping((error) => {
          tell(`ping: ${error}`);
          served(connection, api);
        });
      });
    });
  }

  function served(connection, api) {
    api.back.inspect('dialog', (error, methods) => {
      tell(`the server inspects: ${error} ${methods.slice().sort()}`);
      api.back.invoke('dialog', 'confirm', ['tea'], (error, answer) => {
        tell(`the server calls: ${JSON.stringify(answer)}`);
        api.back.invoke('dialog', 'refuse', [], (error, answer) => {
          tell(`the server is refused: ${JSON.stringify(answer)}`);
          api.back.invoke('dialog', 'size', [], (error, answer) => {
            tell(`two results: ${JSON.stringify(answer)}`);
            api.back.invoke('dialog', 'missing', [], (error, answer) => {
              tell(`no such method here: ${JSON.stringify(answer)}`);
              connection.callMethod('events', 'emit', ['hello', ['Ada']], (error) => {
                tell(`emit: ${error}`);
                resume(connection, api);
              });
            });
          });
        });
      });
    });
  }

  function resume(connection, api) {
    const { id } = connection.session;
    connection.once('reconnect', () => {
      tell(`the same session: ${connection.session.id === id}`);
      api.calc.add(2, 2, (error, sum) => {
        tell(`after that: ${error} ${sum}`);
        leave(connection);
      });
    });
    connection.callMethod('admin', 'close', [], () => {});
  }

  function leave(connection) {
    // One after the other: how long a close takes is neither library's to say.
    connection.on('close', mistakes);
    connection.close();
    tell(`closed by the page: ${connection.closedIntentionally}`);
  }

  function mistakes() {
    const guess = { connectPolicy: new jstp.SimpleConnectPolicy('marcus', 'guess'), reconnector() {} };
    jstp.ws.connect('fixture', guess, url, (error) => {
      tell(`a wrong password: ${say(error)}`);
      jstp.ws.connect('nowhere', { reconnector() {} }, url, (error) => {
        tell(`no such application: ${say(error)}`);
        done();
      });
    });
  }
}
