// The explorer: what the server offers, and a way to call any of it.

import { addFirst, byId, make, onSubmit } from './dom.js';
import { readArguments, write } from './values.js';
import { whyFailed } from './words.js';

const ANSWERS = 50;

/** Arguments to begin with, for the methods the demo server is known to have. */
const EXAMPLES = {
  'chat.join': "'Ada'",
  'chat.say': "'Hello'",
  'calculator.add': '40, 2',
  'calculator.subtract': '44, 2',
  'calculator.multiply': '21, 2',
  'calculator.divide': '84, 2',
};

// What the forms do while there is a connection.
let current = null;

/** Explores `demo` from now on; returns a function that ends it. */
export function startExplorer(demo) {
  const interfaces = new Map(demo.interfaces.map(({ name, methods }) => [name, methods]));
  showInterfaces(interfaces);

  const inspect = () => {
    demo.inspect(byId('interface').value.trim(), (error, found) => {
      byId('inspect-problem').textContent = error ? whyFailed(error) : '';
      if (error) return;
      interfaces.set(found.name, found.methods);
      showInterfaces(interfaces);
      byId('interface').value = '';
    });
  };

  const call = () => {
    const problem = byId('call-problem');
    problem.textContent = '';
    const target = byId('method').value.trim();
    const [, interfaceName, method] = /^(.+)\.([^.]+)$/.exec(target) ?? [];
    if (!method) {
      problem.textContent = 'A method is written as interface.method, for example clock.now.';
      return;
    }
    let args;
    try {
      args = readArguments(byId('arguments').value);
    } catch (error) {
      problem.textContent = `The arguments cannot be read: ${error.message}.`;
      return;
    }
    const question = `${target}(${args.map(write).join(', ')})`;
    demo.call(interfaceName, method, args, (error, ...results) => {
      showAnswer(question, error, results);
    });
  };

  current = { inspect, call };
  return () => {
    current = null;
  };
}

onSubmit(byId('inspect'), () => current?.inspect());
onSubmit(byId('call'), () => current?.call());

function showInterfaces(interfaces) {
  byId('interfaces').replaceChildren(
    ...[...interfaces].map(([name, methods]) =>
      make(
        'div',
        { class: 'interface' },
        make('h3', {}, name),
        make('ul', {}, ...methods.map((method) => make('li', {}, methodButton(name, method)))),
      ),
    ),
  );
}

function methodButton(interfaceName, method) {
  const target = `${interfaceName}.${method}`;
  const button = make('button', { type: 'button', 'aria-label': target }, method);
  button.addEventListener('click', () => {
    byId('method').value = target;
    byId('arguments').value = EXAMPLES[target] ?? '';
    byId('arguments').focus({ preventScroll: true });
  });
  return button;
}

function showAnswer(question, error, results) {
  const answer = results.length > 0 ? results.map(write).join(', ') : 'done, without a result';
  const line = make(
    'li',
    {},
    make('code', {}, question),
    make('code', { class: error ? 'problem' : 'answer' }, error ? whyFailed(error) : answer),
  );
  addFirst(byId('answers'), line, ANSWERS);
}
