// What is still there, in a page, of objects that ought to be gone.

/**
 * Counts the objects of each class in a page of Chromium's, after a collection; resolves to those there are, in
 * words. `classes` are expressions in the page, `cdp` is a session with it.
 */
export async function survivors(cdp, ...classes) {
  const left = [];
  for (const name of classes) {
    const objectGroup = 'survivors';
    const { result } = await cdp.send('Runtime.evaluate', { expression: `${name}.prototype`, objectGroup });
    const { objects } = await cdp.send('Runtime.queryObjects', { prototypeObjectId: result.objectId, objectGroup });
    const { result: { value } } = await cdp.send('Runtime.callFunctionOn', {
      objectId: objects.objectId, functionDeclaration: 'function () { return this.length; }', returnByValue: true,
    });
    await cdp.send('Runtime.releaseObjectGroup', { objectGroup });
    if (value > 0) left.push(`${value} ${name}`);
  }
  return left.join(', ');
}
