// What every entry of the package exports beside `ws` and `init`. Classes have their names as properties, since the package
// has others for them, which a console would show.

export { Application } from './application.js';
export { Connection } from './connection.js';
export * from './remote-error.js';
export { RemoteProxy } from './remote-proxy.js';
export { Session } from './session.js';
export { SimpleConnectPolicy } from './simple-connect-policy.js';
