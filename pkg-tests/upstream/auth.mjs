// The fixture's authentication policy: strategies `login` and `token`.

import { jstp } from '../lib/upstream.mjs';

const USERS = new Map([
  ['marcus', 'secret'],
  ['julia', ''],
  ['slow', 'slow'],
]);
const SLOW_MS = 500;

/** Upstream's policy signature; a plain Error becomes code 11. */
export function authenticate(connection, application, strategy, credentials, callback) {
  if (strategy === 'token') {
    if (credentials === 'letmein') callback(null, 'tokenuser');
    else callback(new Error('Unknown token'));
    return;
  }
  if (strategy !== 'login' || !Array.isArray(credentials)) {
    callback(new Error('Unknown strategy or malformed credentials'));
    return;
  }

  const [user, password] = credentials;
  if (user === 'blocked') {
    callback(new jstp.RemoteError(1100, 'Account blocked'));
  } else if (!USERS.has(user) || USERS.get(user) !== password) {
    callback(new Error('Wrong user or password'));
  } else if (user === 'slow') {
    setTimeout(() => callback(null, user), SLOW_MS);
  } else {
    callback(null, user);
  }
}
