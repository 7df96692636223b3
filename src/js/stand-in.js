// What is sent in the place of an object: what it says itself, the bytes it holds, or the primitive
// it boxes.

const { toString } = Object.prototype;
const boxed = [Number, String, Boolean, BigInt].map((type) => [type, type.prototype.valueOf]);
const lengthOf = ['ArrayBuffer', 'SharedArrayBuffer']
  .map((name) => globalThis[name]?.prototype)
  .filter(Boolean)
  .map((prototype) => Object.getOwnPropertyDescriptor(prototype, 'byteLength').get);

/** The value that stands for `value` under `key`, asked once. Bytes come as a Uint8Array. */
export function standIn(value, key, honourToMDSF) {
  if (honourToMDSF && typeof value === 'object' && value !== null && typeof value.toMDSF === 'function') {
    value = value.toMDSF(String(key));
  } else if (value !== undefined && value !== null && typeof value !== 'string') {
    // Before toJSON: that of Node's Buffer would list its bytes.
    const bytes = bytesOf(value);
    if (bytes) return bytes;
    if ((typeof value === 'object' || typeof value === 'function' || typeof value === 'bigint')
      && typeof value.toJSON === 'function') {
      value = value.toJSON(String(key));
    }
  }
  return typeof value === 'object' && value !== null ? bytesOf(value) ?? unboxed(value) : value;
}

/** The bytes of a buffer, of this page or of another one's, or of a view. */
function bytesOf(value) {
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    // A detached buffer has no bytes, and takes no view either.
    return byteLength === 0 ? new Uint8Array() : new Uint8Array(buffer, byteOffset, byteLength);
  }
  if (typeof value !== 'object' || value.byteLength === undefined) return undefined;
  for (const length of lengthOf) {
    try {
      return length.call(value) === 0 ? new Uint8Array() : new Uint8Array(value);
    } catch {
      // Not a buffer of this sort.
    }
  }
  return undefined;
}

/** As JSON.stringify has it: but for booleans through what the object says about itself. */
function unboxed(value) {
  for (const [type, valueOf] of boxed) {
    // Either may be wrong: a subclass has a tag of its own, and another page's has other prototypes.
    if (!(value instanceof type) && toString.call(value) !== `[object ${type.name}]`) continue;
    let primitive;
    try {
      primitive = valueOf.call(value);
    } catch {
      continue; // It only calls itself so.
    }
    return type === Boolean ? primitive : type(value);
  }
  return value;
}
