// A WebSocket with a JSTP server of few words behind it, for tests without a network.

export class Peer {
  static last;
  sent = [];
  /** What the interfaces of this server have, as text. */
  methods = "'a','b'";

  constructor() {
    Peer.last = this;
    setTimeout(() => this.begin());
  }

  begin() {
    this.onopen?.({});
  }

  send(text) {
    this.sent.push(text);
    const [, kind, id] = /^\{(\w+):\[(-?\d+)/.exec(text);
    const answer = this[kind]?.(text, id);
    if (answer) this.say(answer);
  }

  handshake(text) {
    return text.includes('session:') ? '{handshake:[0],ok:0}' : "{handshake:[0],ok:'id'}";
  }

  call(text, id) {
    return `{callback:[${id}],ok:[7]}`;
  }

  inspect(text, id) {
    return `{callback:[${id}],ok:[${this.methods}]}`;
  }

  ping(text, id) {
    return `{pong:[${id}]}`;
  }

  say(data) {
    setTimeout(() => this.onmessage?.({ data }));
  }

  end() {
    this.onclose?.({ code: 1006, reason: '' });
  }

  close() {
    setTimeout(() => this.end());
  }
}
