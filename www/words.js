// What went wrong, as a sentence for the person in front of the page.

/** Why there is no connection to the server at `url`: a sentence, and what the library adds to it. */
export function whyNotConnected(error, url) {
  if (isRemote(error)) {
    const sentence = error.code === -2
      ? `The connection to ${url} closed before the server answered.`
      : `The server at ${url} refused: ${reason(error)}.`;
    return { sentence, detail: '' };
  }
  // A library may pass on the browser's event, which says nothing.
  const detail = error instanceof Error ? error.message : '';
  return { sentence: `No JSTP server answers at ${url}. Is it running?`, detail };
}

/** Why the transport of a connection that goes on is gone. */
export function whyBroken({ reason, error }) {
  const why = (error?.message ?? reason).replace(/[.!]$/, '');
  return `The line is broken: ${why}.`;
}

/** Why a call failed. */
export function whyFailed(error) {
  if (!isRemote(error)) return `The call was not made: ${error?.message ?? error}.`;
  if (error.code === -1) return 'The connection closed before the answer came (code -1).';
  return `The server answered: ${reason(error)}.`;
}

const isRemote = (error) => typeof error?.code === 'number' && error.name === 'RemoteError';

function reason({ message, code }) {
  // A method that fails with a plain error says so in its text.
  const text = message.replace(/^Error: /, '').replace(/[.!]$/, '');
  return text === String(code) ? `code ${code}` : `${text} (code ${code})`;
}
