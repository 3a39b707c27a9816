/** @throws Error when a promise of the program to itself is broken: a mistake here, never bad input. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
