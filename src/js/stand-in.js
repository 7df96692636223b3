// What is sent in the place of an object: what it says itself, the bytes it holds, or the primitive
// it boxes.

const { toString } = Object.prototype;
const boxed = {
  '[object Number]': [Number.prototype.valueOf, Number],
  '[object String]': [String.prototype.valueOf, String],
  '[object Boolean]': [Boolean.prototype.valueOf, null],
  '[object BigInt]': [BigInt.prototype.valueOf, null],
};
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

function unboxed(value) {
  const [valueOf, convert] = boxed[toString.call(value)] ?? [];
  if (valueOf) {
    let primitive;
    try {
      primitive = valueOf.call(value);
    } catch {
      return value; // It only calls itself so.
    }
    // As JSON.stringify has it: numbers and strings through what the object says about itself.
    return convert ? convert(value) : primitive;
  }
  return JSON.isRawJSON?.(value) ? JSON.parse(value.rawJSON) : value;
}
