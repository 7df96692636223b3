// What the tests say of types: a wrong type is an error of the compiler's.

import type { StrictEqualUsingTSInternalIdenticalToOperator } from 'expect-type';

/** `expectType<Wanted>()(value)`: exactly that type; any is none but itself. */
export declare function expectType<Wanted>(): <Got>(
  value: Got,
  ...wrong: StrictEqualUsingTSInternalIdenticalToOperator<Got, Wanted> extends true ? [] : [wanted: Wanted, got: Got]
) => void;
