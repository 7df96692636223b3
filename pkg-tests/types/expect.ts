// What the tests say of types: a wrong type is an error of the compiler's.

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `expectType<Wanted>()(value)`: exactly that type; any is none but itself. */
export declare function expectType<Wanted>(): <Got>(
  value: Got,
  ...wrong: Same<Got, Wanted> extends true ? [] : [wanted: Wanted, got: Got]
) => void;
